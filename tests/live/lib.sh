# For the live tests in shell: the program on the server that tests/live/run.sh has started.
# shellcheck shell=bash

# shellcheck source=tests/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../lib.sh"

: "${CONTACT:?is set by tests/live/run.sh}"

cql_run() { "$CQLRAW" run --no-config --host "$CONTACT" "$@"; }
cql_query() { "$CQLRAW" query --no-config --host "$CONTACT" "$@"; }

fresh_keyspace() { # name
    cql_query --timeout 60s -e "DROP KEYSPACE IF EXISTS $1" -e "CREATE KEYSPACE $1
        WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}" >/dev/null
}

# Builds tests/live/NAME.c against the library beside the program under test: $tmp/NAME.
live_program() { # name
    local -a libs
    read -r -a libs < <(make -s -C "$TOP" print-LDLIBS)
    check "the program builds" cc -std=c11 -Wall -Wextra -Werror -I"$TOP/include" "$TOP/tests/live/$1.c" \
        "$(dirname -- "$CQLRAW")/libcqlraw.a" -o "$tmp/$1" "${libs[@]}"
}

# Starts a node for this test alone, with these options; sets `node` (its folder) and CONTACT.
own_node() {
    source "$TOP/tools/setup.sh"
    node=$(node_dir)
    trap end_node EXIT
    CONTACT=$("$TOP/tools/cassandra" start "$@" --dir "$node" 2>/dev/null | tail -n 1)
}
end_node() {
    "$TOP/tools/cassandra" stop --purge --dir "$node" >/dev/null 2>&1 || true
    finish
}
