#!/usr/bin/env bash
# `run` interrupted, and its workers killed.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 20ms

C="SELECT column_name FROM system_schema.columns
   WHERE keyspace_name='system' AND table_name='local' AND column_name=?"
K='SELECT key FROM system.local WHERE key=?'

# Starts a long run in the background, with its output in $tmp/rows.
start() {
    : >"$tmp/rows" # those of the run before are not a sign of this one
    "$CQLRAW" run --host "$HOST" "$@" >"$tmp/rows" 2>"$tmp/stderr" &
    pid=$!
    started+=("$pid")
}
workers() { cat "/proc/$pid/task/$pid/children" 2>/dev/null || true; }
# Waits until there is output, so that it is in the middle of its work.
under_way() {
    for ((i = 0; i < 500; i++)); do
        [[ ! -s $tmp/rows || $(wc -l <"$tmp/rows") -lt 20 ]] || return 0
        sleep 0.01
    done
    return 1
}
ended() { # seconds at most
    local rc=0
    timeout "$1" tail -s 0.05 --pid="$pid" -f /dev/null || return 99
    wait "$pid" || rc=$?
    return "$rc"
}

for pair in INT:130 TERM:143 HUP:129; do
    signal=${pair%:*}
    start "$K" -P key=local --repeat 1M -j2 -c 10
    check "it is under way" under_way
    children=$(workers)
    kill "-$signal" "$pid"
    exits "$signal drains and ends with ${pair#*:}" "${pair#*:}" ended 10
    check "the partial result is told" grep -Eq '^[0-9]+ queries in [0-9.]+ seconds \([0-9.]+/s\) interrupted$' "$tmp/stderr"
    queries=$(awk '/ queries in /{ print $1 }' "$tmp/stderr")
    check "and is what came out" test "$(wc -l <"$tmp/rows")" = $((queries + 1))
    for child in $children; do check "no worker is left" test ! -e "/proc/$child"; done
done

start "$K" -P key=local --repeat 1M -j2 -c 10 --format table -o "$tmp/file"
sleep 0.3
kill -INT "$pid"
exits "interrupted with -o" 130 ended 10
check "the part is removed" test ! -e "$tmp/file" -a ! -e "$tmp/file.part"
check "the last line says so" grep -q 'file.part removed$' <(tail -n 1 "$tmp/stderr")

# answers that never come: the first signal waits for them, the second one does not
kill -STOP "$server"
start "$K" -P key=local -j1 --connect-timeout 60s
sleep 0.3
kill -INT "$pid"
sleep 0.3
kill -INT "$pid" 2>/dev/null || true
exits "the second signal ends at once" 130 ended 2
kill -CONT "$server"

mkfifo "$tmp/pipe"
"$CQLRAW" run --host "$HOST" "$K" -P "key=@$tmp/pipe" >"$tmp/out" 2>"$tmp/stderr" &
pid=$!
sleep 0.2
kill -INT "$pid"
exits "interrupted while a file is read" 130 ended 5

mkfifo "$tmp/stuck"
"$CQLRAW" run --host "$HOST" "$K" -P key=local --repeat 100k -c 5000 --format table >"$tmp/stuck" 2>"$tmp/stderr" &
pid=$!
exec 9<"$tmp/stuck"
sleep 1
kill -INT "$pid"
exits "interrupted while nobody reads the table" 130 ended 10
exec 9<&-

hung_up() { (trap '' HUP && run "$K" -P key=local --repeat 200 -j1 -c 10 --format none & sleep 0.2 && kill -HUP $! && wait $!); }
exits "a hang-up that is ignored (nohup) stays ignored" 0 hung_up

kill -STOP "$server"
"$CQLRAW" query --host "$HOST" "$K" -P key=local >"$tmp/out" 2>"$tmp/stderr" &
pid=$!
sleep 0.2
kill -INT "$pid"
exits "a query interrupted" 130 ended 5
kill -CONT "$server"

# --- workers that die
awk 'BEGIN { srand(7); n = split("key rack tokens nope rpc_port host_id", w); for (i = 0; i < 1000; i++) print w[int(rand() * n) + 1] }' >"$tmp/names"
{ echo column_name && grep -v nope "$tmp/names"; } >"$tmp/want"
for ((round = 1; round <= 3; round++)); do
    start "$C" -P "column_name=@$tmp/names" -j2 -c 5 --block 10
    check "it is under way" under_way
    read -r first _ <<<"$(workers)"
    kill -KILL "$first"
    exits "a worker is killed, round $round" 0 ended 60
    same "the output is identical" "$tmp/want" "$tmp/rows"
    check "the replacement is told" grep -q "^cqlraw run: worker $first died and is replaced: " "$tmp/stderr"
    check "and counted" grep -q 'workers replaced 1 ' "$tmp/stderr"
done

start "$K" -P key=local --repeat 1M -j2 -c 10
check "it is under way" under_way
children=$(workers)
kill -KILL "$pid"
{ wait "$pid"; } 2>/dev/null || true
for ((i = 0; i < 150; i++)); do
    alive=0
    for child in $children; do [[ ! -e /proc/$child ]] || alive=1; done
    ((alive)) || break
    sleep 0.02
done
check "workers end when their parent is killed" test "$alive" = 0
