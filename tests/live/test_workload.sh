#!/usr/bin/env bash
# Different statements mixed: reads and writes from one file of units of work, prepared once each, results in
# the order of the lines.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_workload ROWS=5000

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, name text, tags list<text>)" \
    -e "CREATE TABLE $KS.n (k text PRIMARY KEY, n counter)" >/dev/null

awk -v ks=$KS -v n=$ROWS 'BEGIN { for (i = 1; i <= n; i++) {
    printf "{\"query\": \"INSERT INTO %s.t (id, name, tags) VALUES (?, ?, ?)\", \"params\": [%d, \"n \\u00e9 %d\", [\"a\", \"%d\"]]}\n", ks, i, i, i
    if (i % 10 == 0) printf "{\"query\": \"UPDATE %s.n SET n = n + 1 WHERE k = :k\", \"params\": {\"k\": \"all\"}}\n", ks
} }' >"$tmp/writes"
exits "writes to two tables" 0 cql_run --workload "$tmp/writes" --format none
check "every line was executed" grep -q "^$((ROWS + ROWS / 10)) queries in " "$tmp/out"
exits "a counter was counted up once a line" 0 cql_query "SELECT n FROM $KS.n" --format csv
check "exactly" test "$(<"$tmp/out")" = "$(printf 'n\n%d' $((ROWS / 10)))"

awk -v ks=$KS -v n=$ROWS 'BEGIN { for (i = n; i >= 1; i--) {
    printf "{\"query\": \"SELECT id, name FROM %s.t WHERE id = ?\", \"params\": [%d]}\n", ks, i
    printf "{\"query\": \"SELECT tags FROM %s.t WHERE id = :id\", \"params\": {\"id\": %d}}\n", ks, i
    if (i % 1000 == 0) printf "{\"query\": \"SELECT k FROM %s.n\"}\n", ks
} }' >"$tmp/reads"
awk -v n=$ROWS 'BEGIN { for (i = n; i >= 1; i--) {
    printf "{\"id\": %d, \"name\": \"n é %d\"}\n{\"tags\": [\"a\", \"%d\"]}\n", i, i, i
    if (i % 1000 == 0) print "{\"k\": \"all\"}"
} }' | tr -d ' ' >"$tmp/expected"
for processes in 1 4; do
    exits "reads, $processes processes" 0 cql_run --workload "$tmp/reads" -j $processes -c 20 --block 7 -o "$tmp/rows-$processes"
    tr -d ' ' <"$tmp/rows-$processes" >"$tmp/squeezed"
    same "$processes processes: results in the order of the lines" "$tmp/expected" "$tmp/squeezed"
done
cql_run --workload - -j 2 <"$tmp/reads" 2>/dev/null | tr -d ' ' >"$tmp/squeezed"
same "the same from standard input" "$tmp/expected" "$tmp/squeezed"

printf '%s\n' '{"query": "SELECT * FROM nosuch.t"}' "{\"query\": \"SELECT id FROM $KS.t WHERE id = ?\", \"params\": [1]}" \
    "{\"query\": \"SELECT id FROM $KS.t WHERE id = ?\", \"params\": [\"x\"]}" '{"query": ' >"$tmp/some"
exits "lines that fail are counted, the others go on" 1 cql_run --workload "$tmp/some" --max-errors 3
check "what can be done is done" grep -q '"id": *1' "$tmp/out"
check "each failure has a line" test "$(grep -c 'parameter set [0-9]*:' "$tmp/err")" = 3
