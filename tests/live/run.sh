#!/usr/bin/env bash
# Runs the live tests on a real Cassandra.
#
#   tests/live/run.sh [TEST ...]      all of tests/live/test_*, or those that are named
#
# Starts a node of its own in a temporary directory and stops it at the end; with CONTACT=HOST:PORT in the
# environment the tests use that server instead. Ends with "N passed, N failed" (tests/run).
set -euo pipefail
shopt -s inherit_errexit
cd -- "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../.."
source tools/setup.sh

node='' child=
finish() {
    local rc=$?
    trap - EXIT
    trap '' INT TERM # a second signal shall not stop the cleaning up
    [[ ! $child ]] || { kill "$child" 2>/dev/null && wait "$child"; } || true
    [[ ! $node ]] || tools/cassandra stop --purge --dir "$node" 2>/dev/null || true
    exit "$rc"
}
main() {
    local rc=0
    local -a tests=("$@")
    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    (($# > 0)) || mapfile -t tests < <(compgen -G 'tests/live/test_*.sh'; compgen -G 'tests/live/test_*.py')
    PYTHON=${PYTHON:-$(tools/python-env)}
    if [[ ! ${CONTACT:-} ]]; then
        node=$(node_dir)
        CONTACT=$(tools/cassandra start --dir "$node" | tail -n 1)
    fi
    export PYTHON CONTACT TEST_SECONDS=${TEST_SECONDS:-300}
    tests/run "${tests[@]}" &
    child=$!
    wait "$child" || rc=$?
    child=
    return "$rc"
}

main "$@"
