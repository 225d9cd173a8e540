#!/usr/bin/env bash
# `serve`: where it listens, the port file, the delay, and its end.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

ends() { # signal
    local rc=0
    kill "-$1" "$server"
    wait "$server" || rc=$?
    return "$rc"
}

for signal in TERM INT; do
    serve
    printf 'listening on %s\n' "$HOST" >"$tmp/want"
    same "it says where it listens" "$tmp/want" "$tmp/serve.out"
    check "it answers" query "SELECT key FROM system.local"
    gives "$signal is its normal end" 0 ends "$signal"
    check "and nothing listens any more" bash -c "! '$CQLRAW' query x --host '$HOST' 2>&1 | grep -v refused"
done
serve --delay 0
gives "HUP ends it too" 129 ends HUP

serve --delay 300ms
from=$EPOCHREALTIME
check "it answers with a delay" query "SELECT key FROM system.local"
check "of at least that much" awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a >= 0.3) }'
check "no request of a client waits longer than it wants" bash -c "! '$CQLRAW' query x --host '$HOST' --timeout 50ms 2>/dev/null"

serve --auth ann:secret --stats 2>"$tmp/stats"
says 3 'PasswordAuthenticator); give a user name and password' query "SELECT key FROM system.local"
ends TERM
printf 'cqlraw serve: 1 connections, at most 1 in their handshake at a time\n' >"$tmp/want"
same "it tells the connections at its end" "$tmp/want" "$tmp/stats"
says 64 'USER:PASSWORD expected' "$CQLRAW" serve --auth ann

"$CQLRAW" serve --listen "unix:$tmp/sock" >"$tmp/path.out" &
server=$!
started+=("$server")
until [[ -s $tmp/path.out ]]; do
    kill -0 "$server"
    sleep 0.02
done
printf 'listening on unix:%s\n' "$tmp/sock" >"$tmp/want"
same "it listens on a path" "$tmp/want" "$tmp/path.out"
check "and answers there" "$CQLRAW" query --host "unix:$tmp/sock" "SELECT key FROM system.local"
ends TERM
check "and leaves no socket behind" test ! -e "$tmp/sock"
says 64 'has no port' "$CQLRAW" serve --listen "unix:$tmp/sock" --port-file "$tmp/p"
serve

says 3 ' in use' "$CQLRAW" serve --listen "$HOST"
says 64 'cqlraw serve:' "$CQLRAW" serve --listen nonsense
says 64 "listen address 'unix:sock': HOST:PORT or unix:/PATH expected" "$CQLRAW" serve --listen unix:sock
says 4 "port file '$tmp/no/p.part': No such file or directory" "$CQLRAW" serve --port-file "$tmp/no/p"
check "nothing but the port files is left" test "$(find "$tmp" -name 'port*' | wc -l)" = 1
