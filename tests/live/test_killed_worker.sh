#!/usr/bin/env bash
# A worker that is killed at any moment is replaced, and the output is the same: 20 runs of 5,000 queries, in
# each a worker taken at random is killed at a random moment.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly RUNS=20 QUERIES=5000 KS=cqlraw_killed

readonly -a JOB=("$CQLRAW" run --host "$CONTACT" "SELECT id, t FROM $KS.t WHERE id = ?" -P "id=1..$QUERIES"
    -j 3 -c 2 --block 20 --format csv --summary json)

# A random child of that process; nothing when it has none.
random_worker() {
    local -a workers=()
    read -r -a workers <"/proc/$1/task/$1/children" || true
    ((${#workers[@]} == 0)) || echo "${workers[RANDOM % ${#workers[@]}]}"
}

# Starts a run and kills one of its workers after a random part of the time that the last run took.
run_and_kill() { # name of the output
    local parent worker rc=0 from=$EPOCHREALTIME
    "${JOB[@]}" -o "$tmp/$1" >"$tmp/out" 2>"$tmp/err" &
    parent=$!
    sleep "$(awk -v t="$took" -v r=$RANDOM 'BEGIN { printf "%.3f", t * r / 32768 }')"
    worker=$(random_worker "$parent" 2>/dev/null) || worker=
    [[ ! $worker ]] || kill -KILL "$worker" 2>/dev/null || true
    wait "$parent" || rc=$?
    took=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    return "$rc"
}

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, t text)" >/dev/null
awk -v n="$QUERIES" 'BEGIN { for (i = 1; i <= n; i++) printf "%d %0200d\n", i, i }' >"$tmp/texts"
cql_run "INSERT INTO $KS.t (id, t) VALUES (?, ?)" -P id=1..$QUERIES -P t=@"$tmp/texts" --combine zip --format none >/dev/null 2>&1
awk -v n="$QUERIES" 'BEGIN { print "id,t"; for (i = 1; i <= n; i++) printf "%d,%d %0200d\n", i, i, i }' >"$tmp/expected"

exits "a run without a kill" 0 "${JOB[@]}" -o "$tmp/undisturbed"
same "it gives every row" "$tmp/expected" "$tmp/undisturbed"

# A kill that comes when the work is done hits nobody; that run doesn't count.
hits=0 took=0.5
for ((i = 1; hits < RUNS && i <= 4 * RUNS; i++)); do
    if ! run_and_kill "run-$i"; then
        fail "run $i" "$(head -n 5 -- "$tmp/err")"
    elif grep -q '"replaced":[1-9]' "$tmp/err"; then
        same "run $i: a worker was replaced, the output is identical" "$tmp/expected" "$tmp/run-$i"
        hits=$((hits + 1))
    fi
    rm -f -- "$tmp/run-$i"
done
check "$RUNS runs lost a worker at work" test "$hits" -eq "$RUNS"
