# For tools/demo and the tests: installs the Debian packages that are missing, finds a place for a node.
#
#   need_packages gcc=gcc libcmocka-dev=/usr/include/cmocka.h ...
#   node=$(node_dir)
#
# Behind the "=" stands what shows that a package's job is done, whoever installed it: a command, or a
# path, which may be a pattern.
# shellcheck shell=bash

is_there() { # a command or a path
    case $1 in
        /*) compgen -G "$1" >/dev/null ;;
        *) [[ $(type -P "$1") ]] ;;
    esac
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

need_packages() {
    local entry log
    local -a missing=()
    for entry in "$@"; do
        is_there "${entry#*=}" || missing+=("${entry%%=*}")
    done
    ((${#missing[@]} > 0)) || return 0
    if [[ ! $(type -P apt-get) ]] || { ((EUID != 0)) && [[ ! $(type -P sudo) ]]; }; then
        printf '%s: missing, and neither root nor sudo is here to install them with apt-get: %s\n' "${0##*/}" "${missing[*]}" >&2
        exit 1
    fi
    printf 'installing %s ...\n' "${missing[*]}"
    log=$(mktemp)
    if ! { as_root apt-get update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-remove --no-install-recommends \
            -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${missing[@]}"; } </dev/null >"$log" 2>&1; then
        tail -n 15 -- "$log" >&2
        rm -f -- "$log"
        printf '%s: apt-get could not install %s\n' "${0##*/}" "${missing[*]}" >&2
        exit 1
    fi
    rm -f -- "$log"
    hash -r
}

# What building takes, and what a real Cassandra takes on top.
# shellcheck disable=SC2034
readonly BUILD_PACKAGES=('gcc=gcc' 'libc6-dev=/usr/include/stdio.h' 'make=make' 'liblz4-dev=/usr/include/lz4.h' 'libssl-dev=/usr/include/openssl/ssl.h')
# shellcheck disable=SC2034
readonly CASSANDRA_PACKAGES=('openjdk-17-jre-headless=/usr/lib/jvm/*17*/bin/java' 'maven=mvn')

# Makes a new folder for tools/cassandra. Cassandra ends at once when Java does not find the folder's file
# system in the mount table, as in a chroot whose root is no mount; there it is made in memory.
node_dir() {
    if findmnt --noheadings --target "${TMPDIR:-/tmp}" >/dev/null; then
        mktemp -d
    else
        mktemp -d -p /dev/shm
    fi
}
