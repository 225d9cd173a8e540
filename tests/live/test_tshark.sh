#!/usr/bin/env bash
# A session with a real server, captured: `cqlraw frame decode --pcap` and tshark say the same of each frame.
# Takes the right to capture on the loopback interface, as root has it.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_tshark
here=$TOP/tests/live
port=${CONTACT##*:}
capture=$tmp/session.pcapng

fresh_keyspace "$KS"

decode() { "$CQLRAW" frame decode --json --pcap "$capture" --port "$port" "$@"; }
encode() { "$CQLRAW" frame encode "$@"; }
# Waits until the capture has a frame with this text. While it is written it may end anywhere.
captured() {
    local end=$((SECONDS + 60))
    until decode --opcode QUERY,ERROR 2>/dev/null | grep -qF -- "$1"; do
        kill -0 "$dumpcap" && ((SECONDS < end)) || return
        sleep 0.1
    done
}

dumpcap -q -i lo -f "tcp port $port" -w "$capture" 2>"$tmp/dumpcap" &
dumpcap=$!
started+=("$dumpcap")
until grep -q '^File: ' "$tmp/dumpcap"; do
    kill -0 "$dumpcap" || { fail "dumpcap captures on lo" "$(<"$tmp/dumpcap")" && exit 1; }
    sleep 0.05
done

# what the program sends: every type, prepared statements, pages, many at a time, errors
sed "s/cqlraw_live/$KS/g" "$here/alltypes.cql" | cql_query --timeout 60s -f - >/dev/null
cql_query -e "INSERT INTO $KS.alltypes (id, c_text, c_list) VALUES (1, 'ä€😀', [1, 2])" -e "SELECT * FROM $KS.alltypes" >/dev/null
cql_query "SELECT * FROM $KS.alltypes WHERE id = ?" -P id=1 >/dev/null
cql_run "INSERT INTO $KS.alltypes (id, c_int) VALUES (?, ?)" -P id=1..50 -P c_int=7 -j 2 --format none 2>/dev/null >&2
cql_query "SELECT id, c_int FROM $KS.alltypes" --page-size 7 --cl ONE >/dev/null
cql_query "SELECT key FROM system.local" --trace >/dev/null 2>&1
cql_query "SELECT nosuch FROM $KS.alltypes" >/dev/null 2>&1 || true
cql_query "SELEKT" >/dev/null 2>&1 || true
# and what only a frame of our own can be
{
    encode OPTIONS --stream 3
    encode STARTUP DRIVER_NAME=frames
    encode REGISTER --stream 1
    encode PREPARE "UPDATE $KS.alltypes SET c_int = ? WHERE id = ?" --stream 2
    encode BATCH "INSERT INTO $KS.alltypes (id) VALUES (99)" --timestamp 1700000000000000 --cl QUORUM --stream 4
    encode QUERY "CREATE TABLE $KS.t (k int PRIMARY KEY)" --stream 5
    encode EXECUTE --id 00ff -P int:1 --scl LOCAL_SERIAL --stream 6
    encode QUERY "SELECT * FROM $KS.alltypes WHERE id = :id" -P id=int:1 --skip-metadata --stream 32767
    encode QUERY "SELECT 'the last frame' FROM system.nosuch"
} | "$PYTHON" "$here/send_frames.py" "$CONTACT" >"$tmp/answers"
check "frame encode writes what a server answers" test "$(grep -c '^8400' "$tmp/answers")" -ge 9
check "its batch is executed" test "$(cql_query "SELECT id FROM $KS.alltypes WHERE id = 99" --format csv | tail -n 1)" = 99

cql_query "SELECT 'end of the session' FROM system.nosuch" >/dev/null 2>&1 || true
check "the whole session is captured" captured 'end of the session'
check "and its last answer" captured 'nosuch does not exist'
kill "$dumpcap"
wait "$dumpcap" || true

exits "the capture is decoded" 0 decode --show-secrets
mv -- "$tmp/out" "$tmp/frames"
exits "in pairs, too" 0 decode --pair
mv -- "$tmp/out" "$tmp/pairs"
# Without -d it would look at port 9042 only; with two passes what is reassembled is complete.
tshark -2 -r "$capture" -d "tcp.port==$port,cql" -T pdml >"$tmp/pdml" 2>"$tmp/err"
rc=0
"$PYTHON" "$here/compare_tshark.py" "$tmp/pdml" "$tmp/frames" "$tmp/pairs" >"$tmp/compared" || rc=$?
head -n 40 "$tmp/compared"
check "tshark says the same of each frame ($(tail -n 1 -- "$tmp/compared"))" test "$rc" = 0
for opcode in STARTUP READY OPTIONS SUPPORTED QUERY PREPARE EXECUTE BATCH REGISTER EVENT RESULT ERROR; do
    check "there was a frame $opcode" grep -qF "\"opcode\":\"$opcode\"" "$tmp/frames"
done
cql_query --timeout 60s -e "DROP KEYSPACE $KS" >/dev/null
