# For shell tests: counts checks, ends what was started, prints "N passed, N failed" at the end. Usage:
#
#   source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../lib.sh"
#   check "what it shows" COMMAND ...            passes when the command does
#   same "what it shows" EXPECTED_FILE FILE      passes when the files are equal, else shows the difference
#   exits "what it shows" CODE COMMAND ...       passes on that exit code; its output is in $tmp/out and $tmp/err
#   listens FILE COMMAND ...                     starts it, waits until it has written its port to the file
#   counted HOST:PORT COMMAND ...                runs it with WIRE=ADDRESS of a proxy, and counts its bytes
#
# A command outside of these that fails ends the test and counts as a failure. tests/run sets CQLRAW, the
# program under test; started by hand, a test takes build/cqlraw.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit

TOP=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/..")
CQLRAW=${CQLRAW:-$TOP/build/cqlraw}
tmp=$(mktemp -d)
passed=0 failed=0
started=() # process ids to be ended

finish() {
    local rc=$?
    trap - EXIT
    trap '' INT TERM # timeout sends it twice: to us and to our process group
    set +e
    ((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null
    ((${#started[@]} == 0)) || wait "${started[@]}" 2>/dev/null
    if ((rc)); then
        printf 'the test ended early, exit code %d\n' "$rc"
        [[ ! -s $tmp/err ]] || head -n 20 -- "$tmp/err"
        failed=$((failed + 1))
    fi
    rm -rf -- "$tmp"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    exit $((failed > 0 || passed == 0)) # a bare exit would give the status from before the trap
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'printf "%s:%d: failed: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND"' ERR

pass() {
    passed=$((passed + 1))
    printf 'ok    %s\n' "$1"
}

fail() {
    failed=$((failed + 1))
    printf 'FAIL  %s\n' "$1"
    shift
    (($# == 0)) || printf '      %s\n' "$@"
}

# Starts a command that writes the port it listens on to a file, and waits for that; sets `listener` and `port`.
listens() { # file command ...
    rm -f -- "$1"
    "${@:2}" &
    listener=$!
    started+=("$listener")
    until [[ -s $1 ]]; do
        kill -0 "$listener"
        sleep 0.02
    done
    port=$(<"$1")
}

# Runs a command on $WIRE, an address through which HOST:PORT is reached; sets `up` and `down`, the bytes
# that went to the server and came from it.
counted() { # HOST:PORT command ...
    local listener port rc=0
    listens "$tmp/wire_port" "$TOP/tests/count_bytes.py" "$1" "$tmp/wire_port" "$tmp/wire_count"
    WIRE=127.0.0.1:$port "${@:2}" || rc=$?
    kill "$listener"
    wait "$listener" || true
    # shellcheck disable=SC2034
    read -r up down <"$tmp/wire_count"
    return "$rc"
}

check() {
    if "${@:2}" >"$tmp/check" 2>&1; then
        pass "$1"
    else
        fail "$1" "${*:2}" "$(head -n 20 -- "$tmp/check")"
    fi
}

same() {
    if diff -- "$2" "$3" >"$tmp/diff"; then
        pass "$1"
    else
        fail "$1" "$(head -n 20 -- "$tmp/diff" | cut -c 1-200)"
    fi
}

exits() {
    local rc=0
    "${@:3}" >"$tmp/out" 2>"$tmp/err" || rc=$?
    if ((rc == $2)); then
        pass "$1"
    else
        fail "$1" "exit code $rc, not $2: ${*:3}" "$(head -n 20 -- "$tmp/out" "$tmp/err")"
    fi
}
