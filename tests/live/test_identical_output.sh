#!/usr/bin/env bash
# One process and many are the same call with the same output, byte for byte and in the order of the
# parameters: 100,000 rows by key, and partitions of many pages.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly ROWS=100000 PARTITIONS=20 IN_EACH=600 KS=cqlraw_identical

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v bigint, t text)" \
    -e "CREATE TABLE $KS.wide (p int, c int, v bigint, PRIMARY KEY (p, c))" >/dev/null

awk -v n="$ROWS" 'BEGIN { for (i = 1; i <= n; i++) print "row " i " of " n }' >"$tmp/texts"
exits "$ROWS rows are written" 0 \
    cql_run "INSERT INTO $KS.t (id, v, t) VALUES (?, ?, ?)" -P id=1..$ROWS -P v=$ROWS..1 -P t=@"$tmp/texts" \
    --combine zip --format none
check "it says how many" grep -q "^$ROWS queries in [0-9.]* seconds ([0-9.]*/s)" "$tmp/out"

awk -v n="$ROWS" 'BEGIN { print "id,v,t"; for (i = 1; i <= n; i++) print i "," n + 1 - i ",row " i " of " n }' >"$tmp/expected"
for processes in 1 2 4; do
    exits "$processes processes read $ROWS rows" 0 \
        cql_run "SELECT id, v, t FROM $KS.t WHERE id = ?" -P id=1..$ROWS -j $processes --format csv -o "$tmp/by-$processes"
    same "$processes processes give every row once, in the order of the parameters" "$tmp/expected" "$tmp/by-$processes"
done

exits "partitions of $IN_EACH rows are written" 0 \
    cql_run "INSERT INTO $KS.wide (p, c, v) VALUES (:p, :c, :c)" -P p=1..$PARTITIONS -P c=1..$IN_EACH --format none
awk -v n="$PARTITIONS" -v m="$IN_EACH" \
    'BEGIN { print "p,c,v"; for (i = n; i >= 1; i--) for (j = 1; j <= m; j++) print i "," j "," j }' >"$tmp/expected"
for processes in 1 2 4; do
    exits "$processes processes read them page by page" 0 \
        cql_run "SELECT p, c, v FROM $KS.wide WHERE p = ?" -P p=$PARTITIONS..1 --page-size 50 -j $processes \
        -c 3 --block 1 --format csv -o "$tmp/wide-$processes"
    same "$processes processes give the pages in order" "$tmp/expected" "$tmp/wide-$processes"
done
