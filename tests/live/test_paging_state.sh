#!/usr/bin/env bash
# A paging state that is none is the server's error; the one behind the first row goes on with the second.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly OWN="SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'system'"

live_program paging_state
exits "random bytes are refused" 1 "$tmp/paging_state" "$CONTACT" random
check "with the server's words, in one line" grep -Exq 'Protocol error \(0x000a\): .*paging state.*' "$tmp/err"
exits "the statement's own state is good" 0 "$tmp/paging_state" "$CONTACT" "$OWN"
all=$(cql_query "$OWN" --format tsv | tail -n +2 | wc -l)
check "it goes on where it was" test "$(<"$tmp/out")" = "$((all - 1)) rows"
exits "the program takes no state from outside" 64 cql_query "$OWN" --paging-state 00
