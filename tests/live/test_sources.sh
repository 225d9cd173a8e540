#!/usr/bin/env bash
# Where parameters come from: records of CSV and NDJSON with several columns, dates, timestamps, standard
# input; what is written from them is there, and is read back the same.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_sources ROWS=20000

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, name text, at timestamp, score double, tags set<text>)" \
    -e "CREATE TABLE $KS.log (day date, hour timestamp, v int, PRIMARY KEY (day, hour))" >/dev/null

awk -v n=$ROWS 'BEGIN { print "id,name,at,score,tags"; for (i = 1; i <= n; i++) {
    name = i % 7 == 0 ? "" : i % 5 == 0 ? "\"two\nlines, \"\"quoted\"\" " i "\"" : "name " i
    printf "%d,%s,2024-02-29T12:%02d:00.000Z,%s,\"{'"'a', 'b'"'}\"\n", i, name, i % 60, i ".5" } }' >"$tmp/rows.csv"
exits "$ROWS records of CSV are written" 0 \
    cql_run "INSERT INTO $KS.t (id, name, at, score, tags) VALUES (:id, :name, :at, :score, :tags)" --params-from "$tmp/rows.csv" --format none
check "it says how many" grep -q "^$ROWS queries in " "$tmp/out"
exits "and read back, in the order of the file" 0 \
    cql_run "SELECT id, name, at, score, tags FROM $KS.t WHERE id = :id" --params-from "$tmp/rows.csv" --format csv -j 3 -o "$tmp/back.csv"
same "as they were" "$tmp/rows.csv" "$tmp/back.csv"

exits "the same as NDJSON" 0 cql_run "SELECT * FROM $KS.t WHERE id = :id" --params-from "$tmp/rows.csv" --format ndjson -o "$tmp/rows.ndjson"
cql_query -e "TRUNCATE $KS.t" >/dev/null
exits "NDJSON from standard input is written" 0 \
    cql_run "INSERT INTO $KS.t (id, name, at, score, tags) VALUES (:id, :name, :at, :score, :tags)" \
    --params-from - --params-format ndjson --format none <"$tmp/rows.ndjson"
exits "and read back" 0 \
    cql_run "SELECT id, name, at, score, tags FROM $KS.t WHERE id = :id" --params-from "$tmp/rows.ndjson" --format csv -o "$tmp/again.csv"
same "as it was" "$tmp/rows.csv" "$tmp/again.csv"

exits "a row that does not fit counts as an error" 1 \
    cql_run "INSERT INTO $KS.t (id, name) VALUES (:id, :name)" --params-from - --format none --max-errors 1 --bad "$tmp/bad.csv" \
    <<<$'id,name\n1,one\nx,two\n3,three'
check "it stands in the file of the bad ones, with index, reason and record" grep -q "^1,.*'x' is not an int.*,\"\?x,two" "$tmp/bad.csv"

exits "dates and hours are written" 0 \
    cql_run "INSERT INTO $KS.log (day, hour, v) VALUES (:day, :hour, 1)" -P day=2024-02-27..2024-03-02:1d \
    -P hour=2024-02-29T00Z..2024-02-29T23Z:1h --format none
check "5 days of 24 hours" grep -q '^120 queries in ' "$tmp/out"
exits "buckets are read with their parameter in front" 0 \
    cql_run "SELECT count(*) AS n FROM $KS.log WHERE day = ?" -P day=2024-02-26..2024-03-03:1d --with-params --format csv -o "$tmp/buckets"
printf '%s\n' day,n 2024-02-26,0 2024-02-27,24 2024-02-28,24 2024-02-29,24 2024-03-01,24 2024-03-02,24 2024-03-03,0 >"$tmp/expected"
same "in their order" "$tmp/expected" "$tmp/buckets"
exits "days without a row are marked" 0 \
    cql_run "SELECT hour, v FROM $KS.log WHERE day = ? LIMIT 1" -P day=2024-02-26..2024-02-27:1d --with-params --empty mark --format csv -o "$tmp/marked"
printf '%s\n' day,hour,v 2024-02-26,, 2024-02-27,2024-02-29T00:00:00.000Z,1 >"$tmp/expected"
same "with empty cells" "$tmp/expected" "$tmp/marked"
exits "and added up" 0 cql_run "SELECT count(*) AS n FROM $KS.log WHERE day = ?" -P day=2024-02-26..2024-03-03:1d --reduce sum --format csv
check "to all of them" test "$(<"$tmp/out")" = "$(printf 'n\n120')"
