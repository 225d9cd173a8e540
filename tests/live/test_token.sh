#!/usr/bin/env bash
# The token that is computed here for a key is the one that the server has for it: 10,000 random keys of
# several shapes each, found by the positions that PREPARE gives.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_token KEYS=10000
readonly SEED=${SEED:-$RANDOM$RANDOM}

live_program tokens
fresh_keyspace "$KS"
exits "every row has the token that was computed (seed $SEED)" 0 "$tmp/tokens" "$CONTACT" "$KS" "$KEYS" "$SEED"
cat -- "$tmp/out"
check "there were 7 shapes of $KEYS keys" test "$(grep -c ": $KEYS keys, [0-9]* rows$" "$tmp/out")" = 7
cql_query --timeout 60s -e "DROP KEYSPACE $KS" >/dev/null
