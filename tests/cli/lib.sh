# For the tests of the program: a server of its own (`cqlraw serve`) at $HOST, and what a command line gives.
# shellcheck shell=bash

# shellcheck source=tests/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../lib.sh"

# Nothing of the user's own: neither variables nor configuration files.
unset CQLRAW_HOST CQLRAW_PORT CQLRAW_PROFILE CQLRAW_PASSWORD_FILE CQLSH_HOST CQLSH_PORT
unset CASSANDRA_USER CASSANDRA_PASSWORD SSL_CERTFILE SSL_VALIDATE NO_COLOR FORCE_COLOR
export HOME=$tmp/home XDG_CONFIG_HOME=$tmp/home/.config
mkdir -p -- "$XDG_CONFIG_HOME/cqlraw" "$HOME/.cassandra"

# Starts a server with these options and waits until it listens; sets HOST and server.
serve() {
    listens "$tmp/port" "$CQLRAW" serve --listen 127.0.0.1:0 --port-file "$tmp/port" "$@" >"$tmp/serve.out"
    # shellcheck disable=SC2034
    server=$listener HOST=127.0.0.1:$port
}

run() { "$CQLRAW" run --host "$HOST" "$@"; }
query() { "$CQLRAW" query --host "$HOST" "$@"; }

# One clear line: exits with that code, nothing on stdout, one line on stderr that holds the text.
says() { # code text command ...
    local rc=0 name="$2"
    "${@:3}" >"$tmp/out" 2>"$tmp/err" </dev/null || rc=$?
    if ((rc != $1)); then
        fail "$name" "exit code $rc, not $1: ${*:3}" "$(head -n 5 -- "$tmp/err")"
    elif [[ -s $tmp/out || $(wc -l <"$tmp/err") != 1 ]]; then
        fail "$name" "more than one line: ${*:3}" "$(head -n 5 -- "$tmp/out" "$tmp/err")"
    elif ! grep -qF -- "$2" "$tmp/err"; then
        fail "$name" "instead: $(<"$tmp/err")"
    else
        pass "$name"
    fi
}

# Like exits, but the output stays, in $tmp/stdout and $tmp/stderr, for the checks that follow.
gives() { # what code command ...
    local rc=0
    "${@:3}" >"$tmp/stdout" 2>"$tmp/stderr" || rc=$?
    if ((rc == $2)); then
        pass "$1"
    else
        fail "$1" "exit code $rc, not $2: ${*:3}" "$(head -n 5 -- "$tmp/stderr")"
    fi
}

# What those files must be, or hold a line of (an extended regular expression).
stdout_is() { printf '%b' "$2" >"$tmp/want" && same "$1" "$tmp/want" "$tmp/stdout"; }
stderr_has() { check "$1 ($(tail -n 1 -- "$tmp/stderr"))" grep -Eq -- "$2" "$tmp/stderr"; }
stdout_has() { check "$1" grep -Eq -- "$2" "$tmp/stdout"; }
silent() { check "$1" test ! -s "$tmp/stderr"; }

# The options have these values and origins: a line each, "NAME VALUE ORIGIN".
shows() { # what lines command ...
    local name="$1" line
    "${@:3}" >"$tmp/stdout" 2>"$tmp/stderr" || { fail "$name" "exit code $?" "$(<"$tmp/stderr")"; return; }
    while read -r line; do
        awk '{ $1 = $1; print }' "$tmp/stdout" | grep -qxF -- "$line" ||
            { fail "$name" "not there: $line" "$(grep -E "^${line%% *} " "$tmp/stdout")"; return; }
    done <<<"$2"
    pass "$name"
}
