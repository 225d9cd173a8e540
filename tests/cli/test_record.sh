#!/usr/bin/env bash
# `serve --upstream --record` and `serve --replay`: what passes is passed on unchanged and can be read and replayed; a
# recording that cannot be written ends the recorder.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly Q='SELECT * FROM system.local' JOB='SELECT * FROM system.local WHERE key = ?'

ends() { # signal
    local rc=0
    kill "-$1" "$server"
    wait "$server" || rc=$?
    return "$rc"
}

work() { # folder of the results
    mkdir -p -- "$1"
    query "$Q" --format csv >"$1/query"
    query -e "SELECT table_name FROM system_schema.tables" --page-size 3 --format csv >"$1/pages"
    run "$JOB" -P key=local,nobody --repeat 500 --format csv -q -o "$1/run" --overwrite 2>/dev/null
    query "SELECT nothing FROM system.local" >"$1/error" 2>&1 || true
}

# --- the same with a recorder between, and without the server

serve --auth ann:secret
(umask 077 && printf 'secret\n' >"$tmp/secret" && printf 'wrong\n' >"$tmp/wrong")
export CASSANDRA_USER=ann CQLRAW_PASSWORD_FILE=$tmp/secret
upstream=$server up=$HOST
work "$tmp/direct"
serve --upstream "$up" --record "$tmp/a.pcap" --stats 2>"$tmp/stats"
work "$tmp/recorded"
check "the results are the same with a recorder between" diff -r "$tmp/direct" "$tmp/recorded"
check "only the owner may read the recording" test "$(stat -c %a "$tmp/a.pcap")" = 600
gives "TERM is a normal end" 0 ends TERM
check "the connections are told" grep -Eq '^cqlraw serve: [0-9]+ connections$' "$tmp/stats"

kill "$upstream"
serve --replay "$tmp/a.pcap"
work "$tmp/replayed"
check "a replay answers the same, the server is gone" diff -r "$tmp/direct" "$tmp/replayed"
work "$tmp/again"
check "and again" diff -r "$tmp/direct" "$tmp/again"
says 2 'Server error (0x0000): not in the recording: QUERY' query "SELECT key FROM system.local"
says 3 'not in the recording: AUTH_RESPONSE' env CQLRAW_PASSWORD_FILE="$tmp/wrong" "$CQLRAW" query --host "$HOST" "$Q"
gives "TERM ends a replay" 0 ends TERM
unset CASSANDRA_USER CQLRAW_PASSWORD_FILE

# --- two at once; a killed recorder

serve
up=$HOST
serve --upstream "$up" --record "$tmp/two.pcap"
run "$JOB" -P key=local --repeat 3000 --format csv -j 1 -o "$tmp/run1" -q 2>/dev/null &
first=$!
run "$JOB" -P key=local --repeat 3000 --format csv -j 1 -o "$tmp/run2" -q 2>/dev/null
wait "$first"
same "two clients at once get the same" "$tmp/run1" "$tmp/run2"
check "3000 rows each" test "$(wc -l <"$tmp/run1")" = 3001
ends KILL || true
serve --replay "$tmp/two.pcap"
run "$JOB" -P key=local --repeat 3000 --format csv -j 2 -o "$tmp/run3" -q 2>/dev/null
same "what a killed recorder leaves can be replayed" "$tmp/run1" "$tmp/run3"
ends TERM
truncate -s -7 "$tmp/two.pcap"
serve --replay "$tmp/two.pcap" 2>"$tmp/note"
check "also when the last packet is cut, which is told" grep -q '^cqlraw serve: recording: ' "$tmp/note"
check "and all before it" query "$JOB" -P key=local
ends TERM

# --- the recording cannot be written

says 4 'cannot write /dev/full: No space left on device' "$CQLRAW" serve --upstream "$up" --record /dev/full
says 4 "cannot write $tmp/no/file: No such file or directory" "$CQLRAW" serve --upstream "$up" --record "$tmp/no/file"
says 64 "$tmp/a.pcap exists (use --overwrite to replace it)" "$CQLRAW" serve --upstream "$up" --record "$tmp/a.pcap"
# A limit on the size of files is met like a full disk. The limit is the recorder's alone.
limited() { trap '' XFSZ && ulimit -f 64 && exec "$CQLRAW" "$@"; }
listens "$tmp/port" limited serve --listen 127.0.0.1:0 --port-file "$tmp/port" --upstream "$up" --record "$tmp/full.pcap" >/dev/null 2>"$tmp/full"
server=$listener HOST=127.0.0.1:$port
query "$Q" >/dev/null
run "$JOB" -P key=local --repeat 1000 --format none --outage-wait 0 >/dev/null 2>&1 || true
gives "a disk that gets full meanwhile" 4 wait "$server"
printf 'cqlraw serve: cannot write %s: File too large\n' "$tmp/full.pcap" >"$tmp/want"
same "is told in one line" "$tmp/want" "$tmp/full"
serve --replay "$tmp/full.pcap" 2>"$tmp/note"
check "what was written is whole" test ! -s "$tmp/note"
check "and can be replayed" query "$Q"
ends TERM

# --- the upstream server

serve --upstream 127.0.0.1:1 --record "$tmp/none.pcap" 2>"$tmp/note"
gives "without an upstream server clients are sent away" 3 query "$Q" --connect-timeout 5s
gives "and it goes on" 0 ends TERM
check "each time with a line" grep -qx 'cqlraw serve: no connection to upstream 127.0.0.1:1: Connection refused' "$tmp/note"
serve --upstream "127.0.0.1:1,$up" --record "$tmp/none.pcap" --overwrite
check "of several addresses the next one is tried" query "$Q"
ends TERM
"$CQLRAW" serve --listen "unix:$tmp/sock" --upstream "$up" --record "$tmp/path.pcap" >"$tmp/path.out" &
server=$!
started+=("$server")
until [[ -s $tmp/path.out ]]; do sleep 0.02; done
check "it listens on a path" "$CQLRAW" query --host "unix:$tmp/sock" "$Q"
ends TERM

check "streams of other sizes and shapes pass" python3 "$TOP/tests/cli/through.py" "$CQLRAW" "$tmp"

# --- what does not go together, or is no recording

says 64 '--replay does not go with --upstream' "$CQLRAW" serve --replay "$tmp/a.pcap" --upstream "$up"
says 64 '--record and --upstream go together' "$CQLRAW" serve --record "$tmp/x"
says 64 '--record and --upstream go together' "$CQLRAW" serve --upstream "$up"
says 64 '--overwrite goes with --record' "$CQLRAW" serve --overwrite
says 64 '--auth is for answers of its own: it does not go with --replay' "$CQLRAW" serve --replay "$tmp/a.pcap" --auth a:b
says 64 '--delay is for answers of its own: it does not go with --record' "$CQLRAW" serve --upstream "$up" --record "$tmp/x" --delay 1s
says 64 '--record: the name of a file is needed' "$CQLRAW" serve --upstream "$up" --record -
says 64 '"127.0.0.1:99999" is not HOST, HOST:PORT' "$CQLRAW" serve --upstream 127.0.0.1:99999 --record "$tmp/x"
says 3 "cannot read $tmp/nothing: No such file or directory" "$CQLRAW" serve --replay "$tmp/nothing"
says 3 'cqlraw serve: recording: ' "$CQLRAW" serve --replay "$TOP/README.md"
says 3 'cqlraw serve: recording: ' "$CQLRAW" serve --replay /dev/null
head -c 24 "$tmp/a.pcap" >"$tmp/empty.pcap"
says 3 'recording: no answer of protocol version 4 is in it' "$CQLRAW" serve --replay "$tmp/empty.pcap"
check "none of these made a file" test ! -e "$tmp/x"
