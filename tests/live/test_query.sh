#!/usr/bin/env bash
# What only a real server can answer: tracing, warnings, conditional updates, its options.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_query

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v text)" \
    -e "INSERT INTO $KS.t (id, v) VALUES (1, 'x')" >/dev/null

exits "a query is traced" 0 cql_query "SELECT * FROM $KS.t WHERE id = 1" --trace
check "the session is named" grep -qiE 'tracing session: [0-9a-f-]{36}' "$tmp/out"
check "its events are told" grep -qi 'parsing' "$tmp/out"

exits "warnings of the server" 0 cql_query "SELECT count(*) FROM $KS.t" --format csv
check "stand on standard error" grep -q 'warning: Aggregation query used without partition key' "$tmp/err"
check "and nowhere else" test "$(<"$tmp/out")" = "$(printf 'count\n1')"

exits "a conditional update that applies" 0 \
    cql_query "UPDATE $KS.t SET v = 'y' WHERE id = 1 IF v = 'x'" --scl LOCAL_SERIAL --format csv
check "says so" grep -qi '^true' "$tmp/out"
exits "one that does not" 0 cql_query "UPDATE $KS.t SET v = 'z' WHERE id = 1 IF v = 'x'" --scl SERIAL --format csv
check "gives what is there" grep -qi '^false,y' "$tmp/out"

exits "rows one below the other" 0 cql_query "SELECT * FROM $KS.t" -x
check "as name and value" grep -qE '^ *v *\| *y' "$tmp/out"
exits "rows as INSERT statements" 0 cql_query "SELECT id, v FROM $KS.t" --format cql
cp -- "$tmp/out" "$tmp/insert.cql"
cql_query -e "TRUNCATE $KS.t" >/dev/null
exits "which can be executed" 0 cql_query -f "$tmp/insert.cql"
exits "and make the same row" 0 cql_query "SELECT id, v FROM $KS.t" --format csv
check "of the same values" test "$(<"$tmp/out")" = "$(printf 'id,v\n1,y')"

exits "ping" 0 "$CQLRAW" ping --host "$CONTACT" -n 2
check "tells the version" grep -q '5\.0' "$tmp/out"
exits "options" 0 "$CQLRAW" options --host "$CONTACT"
check "tells what is supported" grep -q 'PROTOCOL_VERSIONS' "$tmp/out"
check "and who it is" grep -q 'Murmur3Partitioner' "$tmp/out"

exits "a keyspace whose name has capitals" 0 cql_query -e "CREATE KEYSPACE IF NOT EXISTS \"CqlrawQuery\"
    WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}" -e "CREATE TABLE IF NOT EXISTS \"CqlrawQuery\".t (id int PRIMARY KEY)"
exits "is the default of every worker" 0 cql_run "INSERT INTO t (id) VALUES (?)" -P id=1..300 -k CqlrawQuery -j 3 --block 10 --format none
exits "and of a query" 0 cql_query "SELECT count(*) FROM t" -k CqlrawQuery --format csv
check "the rows are in it" test "$(<"$tmp/out")" = "$(printf 'count\n300')"
