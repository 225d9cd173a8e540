#!/usr/bin/env bash
# The server dies in the middle of a load and comes back, or is stopped with its sockets open: what can be
# repeated waits and goes on, every row is there, and the summary names the pause. On a node of its own.
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

# Reads some rows while the server is stopped for a while; sets rc, the rest is in $tmp/rows and $tmp/said.
read_stopped() { # seconds, options ...
    cql_run "SELECT id, v FROM $KS.t WHERE id = ?" -P id=1..20k --rate 5k --format csv "${@:2}" >"$tmp/rows" 2>"$tmp/said" &
    local reads=$!
    started+=("$reads")
    sleep 1.5
    kill -STOP "$(<"$node/pid")"
    sleep "$1"
    kill -CONT "$(<"$node/pid")"
    rc=0
    wait "$reads" || rc=$?
}
{ echo id,v && seq 1 20000 | sed 's/.*/&,&/'; } >"$tmp/all_rows"

read_stopped 2 --timeout 20s --summary json
check "a stop that is shorter than the timeout is no error ($(grep queries "$tmp/said" | head -n 1))" test "$rc" = 0
check "nor a pause" grep -q '"errors":{"total":0,.*"outage_seconds":0.000' "$tmp/said"
same "late answers are the right ones" "$tmp/all_rows" "$tmp/rows"

read_stopped 9 --timeout 1s --connect-timeout 2s --outage-wait 2m --max-errors 0
check "a stop that is longer is waited for ($(grep queries "$tmp/said" || tail -n 1 "$tmp/said"))" test "$rc" = 0
check "and the pause is named" grep -qE '^waited [0-9.]+ seconds for the server to come back' "$tmp/said"
same "every row is there, in order" "$tmp/all_rows" "$tmp/rows"

cql_run "SELECT v FROM $KS.t WHERE id = ?" -P id=1..1M --rate 5k --outage-wait 0 --format none >"$tmp/said" 2>&1 &
load=$!
started+=("$load")
sleep 2
kill -KILL "$(<"$node/pid")"
rc=0
wait "$load" || rc=$?
check "without a wait the run ends with its cause ($(grep -v ' queries in ' "$tmp/said" | head -n 1))" test "$rc" = 3
