#!/usr/bin/env bash
# A run that was killed goes on where its checkpoint says: five kills at random moments, then the output is
# that of a run that was left alone.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_resume ROWS=40000

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v text)" >/dev/null
awk -v n=$ROWS 'BEGIN { print "id,v"; for (i = 1; i <= n; i++) printf "%d,%0100d\n", i, i }' >"$tmp/rows.csv"
cql_run "INSERT INTO $KS.t (id, v) VALUES (:id, :v)" --params-from "$tmp/rows.csv" --format none >/dev/null 2>&1

readonly -a JOB=("$CQLRAW" run --host "$CONTACT" "SELECT id, v FROM $KS.t WHERE id = ?" -P "id=1..$ROWS" -j 2
    --rate 5k --checkpoint "$tmp/checkpoint" --resume --format csv -o "$tmp/out.csv")

kills=0
for ((i = 0; i < 30; i++)); do
    "${JOB[@]}" >"$tmp/said" 2>&1 &
    parent=$!
    if ((kills < 5)); then
        sleep "1.$((RANDOM % 3))"
        signal=$( ((kills % 2)) && echo INT || echo KILL)
        kill -s "$signal" "$parent" 2>/dev/null && kills=$((kills + 1))
    fi
    rc=0
    wait "$parent" 2>/dev/null || rc=$?
    ((rc != 0)) || break
done
check "it was stopped five times" test "$kills" = 5
check "and came to its end" test "$rc" = 0
check "the checkpoint is gone" test ! -e "$tmp/checkpoint"
same "nothing is missing, nothing is there twice" "$tmp/rows.csv" "$tmp/out.csv"
