#!/usr/bin/env bash
# Compression on a real server: the same rows as without, fewer bytes on the wire, and the server's own list of
# its clients says who asked for what.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_lz4 N=3000

fresh_keyspace "$KS"
text=$(printf 'cassandra %.0s' {1..200}) # 2,000 bytes
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v text)" >/dev/null

insert() { "$CQLRAW" run --no-config --host "$WIRE" --compression "$1" "INSERT INTO $KS.t (id, v) VALUES (?, ?)" -P "id=$2" -P "v=$text" --format none -j 2; }
select_all() { "$CQLRAW" run --no-config --host "$WIRE" --compression "$1" "SELECT id, v FROM $KS.t WHERE id = ?" -P id=1..$N -o "$tmp/rows.$1" --overwrite -j 3; }
scan() { "$CQLRAW" query --no-config --host "$WIRE" --compression "$1" --page-size 100 --format csv "SELECT * FROM $KS.t" >"$tmp/scan.$1"; }

check "inserted plain" counted "$CONTACT" insert none 1..$((N / 2))
sent_none=$up
check "inserted compressed" counted "$CONTACT" insert lz4 $((N / 2 + 1))..$N
sent_lz4=$up
check "requests are less than a quarter ($sent_none, $sent_lz4)" test $((sent_lz4 * 4)) -lt "$sent_none"

for job in select_all scan; do
    check "$job, plain" counted "$CONTACT" "$job" none
    down_none=$down
    check "$job, compressed" counted "$CONTACT" "$job" lz4
    check "$job: answers are less than a quarter ($down_none, $down)" test $((down * 4)) -lt "$down_none"
done
same "rows of three processes are the same" "$tmp/rows.none" "$tmp/rows.lz4"
same "pages are the same" "$tmp/scan.none" "$tmp/scan.lz4"
check "all rows are there" test "$(wc -l <"$tmp/rows.lz4")" = $((N + 1))

exits "the server's errors come compressed, too" 2 cql_query --compression lz4 "SELECT * FROM $KS.no_such_table"
check "with their words" grep -q 'no_such_table' "$tmp/err"

# At 20 sets a second all three workers are there by the time of the last.
exits "a run reads the server's list of clients" 0 cql_run "SELECT port, client_options FROM system_views.clients WHERE address = ?" \
    -P address=127.0.0.1 --repeat 40 --rate 20 --block 1 -j 3 --format ndjson --compression lz4
check "three connections of one client id, with compression" python3 - "$tmp/out" <<'END'
import collections, json, sys, uuid
ports = collections.defaultdict(set)
for line in open(sys.argv[1]):
    row = json.loads(line)
    o = row["client_options"] or {}
    if o.get("COMPRESSION") == "lz4" and o.get("APPLICATION_NAME") == "cqlraw":
        ports[o["CLIENT_ID"]].add(row["port"])
assert any(len(p) >= 3 and uuid.UUID(id).version == 4 for id, p in ports.items()), ports
END
cql_query -e "DROP KEYSPACE $KS" >/dev/null
