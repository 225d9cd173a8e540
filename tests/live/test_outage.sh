#!/usr/bin/env bash
# The server dies in the middle of a load and comes back: what can be repeated waits and goes on, every row is
# there, and the summary names the pause. On a node of its own.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_outage ROWS=60000

own_node --durable

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v int)" >/dev/null
cql_run "INSERT INTO $KS.t (id, v) VALUES (?, ?)" -P id=1..$ROWS -P v=1..$ROWS --combine zip --idempotent yes --rate 10k \
    --outage-wait 2m --timeout 20s --format none >"$tmp/said" 2>&1 &
load=$!
started+=("$load")
sleep 2
kill -KILL "$(<"$node/pid")"
sleep 3
check "the load is still there" kill -0 "$load"
"$TOP/tools/cassandra" start --durable --dir "$node" >/dev/null 2>&1
rc=0
wait "$load" || rc=$?
check "the load comes to its end ($(grep queries "$tmp/said" || tail -n 1 "$tmp/said"))" test "$rc" = 0
check "nothing was given up" grep -q "^$ROWS queries in " "$tmp/said"
check "the pause is named" grep -qE '^waited [0-9.]+ seconds for the server to come back' "$tmp/said"
exits "every row is there" 0 cql_run "SELECT count(*) AS n FROM $KS.t WHERE token(id) > :start AND token(id) <= :end" \
    --token-ranges 50 --reduce sum --format csv
check "all $ROWS" test "$(tail -n 1 "$tmp/out")" = "$ROWS"

cql_run "SELECT v FROM $KS.t WHERE id = ?" -P id=1..1M --rate 5k --outage-wait 0 --format none >"$tmp/said" 2>&1 &
load=$!
started+=("$load")
sleep 2
kill -KILL "$(<"$node/pid")"
rc=0
wait "$load" || rc=$?
check "without a wait the run ends with its cause ($(grep -v ' queries in ' "$tmp/said" | head -n 1))" test "$rc" = 3
