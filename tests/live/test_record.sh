#!/usr/bin/env bash
# A real server recorded and replayed: with a recorder between, and then without a server, cqlraw and the Python driver
# get what they got, byte for byte; `frame decode` reads the recording.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_record

fresh_keyspace "$KS"
sed "s/cqlraw_live/$KS/" "$TOP/tests/live/alltypes.cql" >"$tmp/schema.cql"
cql_query --timeout 60s -f "$tmp/schema.cql" >/dev/null
cql_query -k "$KS" -e "INSERT INTO alltypes (id, c_ascii, c_bigint, c_blob, c_boolean, c_decimal, c_double, c_float, c_inet,
        c_int, c_smallint, c_tinyint, c_text, c_time, c_timestamp, c_date, c_timeuuid, c_uuid, c_varint, c_duration,
        c_list, c_set, c_map, c_tuple, c_udt, c_nested)
    VALUES (1, 'a', -1, 0xcafe, true, 1.50, 0.1, -0.1, '::1', 1, 2, 3, 'Grüße 😀', '12:34:56.789', '2024-02-29T12:34:56.789Z',
        '-0001-12-31', 50554d6e-29bb-11e5-b345-feff819cdc9f, 00000000-0000-4000-8000-000000000001, -12345678901234567890, -1mo2d3ns,
        [1, 2], {'x', 'y'}, {'k': 1}, (1, null), {field: 1, other: 'x'}, [{'a': [1], 'b': []}])" \
    -e "INSERT INTO alltypes (id, c_text, c_blob) VALUES (2, '', 0x)" -e "INSERT INTO alltypes (id) VALUES (3)" >/dev/null
cql_run "INSERT INTO $KS.alltypes (id, c_text) VALUES (?, 'row')" -P id=4..50 --format none -q 2>/dev/null

serve() { # options; sets HOST and server
    rm -f -- "$tmp/port"
    "$CQLRAW" serve --port-file "$tmp/port" "$@" >/dev/null &
    server=$!
    started+=("$server")
    until [[ -s $tmp/port ]]; do kill -0 "$server" && sleep 0.05; done
    HOST=127.0.0.1:$(<"$tmp/port")
}

work() { # contact point, folder of the results
    local query=("$CQLRAW" query --no-config --host "$1")
    mkdir -p -- "$2"
    "${query[@]}" "SELECT * FROM $KS.alltypes" --format csv >"$2/csv"
    "${query[@]}" "SELECT * FROM $KS.alltypes" --format json --page-size 7 >"$2/json"
    "${query[@]}" -k "$KS" "SELECT count(*) FROM alltypes" >"$2/warning" 2>&1
    "${query[@]}" -k "$KS" "SELECT nothing FROM alltypes" >"$2/error" 2>&1 || true
    "$CQLRAW" run --no-config --host "$1" "SELECT * FROM $KS.alltypes WHERE id = ?" -P id=1..60 --format csv -q >"$2/run" 2>/dev/null
    "$PYTHON" - "$1" >"$2/driver" <<END
import sys
from cassandra import ProtocolVersion
from cassandra.cluster import Cluster
host, port = sys.argv[1].rsplit(":", 1)
# A timestamp of the client's would make each request another one.
for compression in (False, True):
    cluster = Cluster([host], port=int(port), protocol_version=ProtocolVersion.V4, compression=compression)
    session = cluster.connect("$KS")
    session.use_client_timestamp = False
    session.default_fetch_size = 9
    for row in session.execute("SELECT * FROM alltypes"):
        print(row)
    statement = session.prepare("SELECT * FROM alltypes WHERE id = ?")
    for i in range(1, 60):
        print(session.execute(statement, (i,)).one())
    print(sorted(cluster.metadata.keyspaces["$KS"].tables))
    cluster.shutdown()
END
}

work "$CONTACT" "$tmp/direct"
check "every row comes" test "$(wc -l <"$tmp/direct/csv")" = 51
serve --upstream "$CONTACT" --record "$tmp/a.pcap"
work "$HOST" "$tmp/recorded"
check "with a recorder between all is the same" diff -r "$tmp/direct" "$tmp/recorded"
kill "$server"
wait "$server" || true
exits "frame decode reads the recording" 0 "$CQLRAW" frame decode --pcap "$tmp/a.pcap" --port "${CONTACT##*:}"
check "requests and answers" bash -c "grep -q 'request v4 .* EXECUTE' '$tmp/out' && grep -q 'response v4 .* RESULT' '$tmp/out'"
serve --replay "$tmp/a.pcap"
work "$HOST" "$tmp/replayed"
check "and replayed, too" diff -r "$tmp/direct" "$tmp/replayed"
cql_query -e "DROP KEYSPACE $KS" --timeout 60s >/dev/null
