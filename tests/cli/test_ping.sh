#!/usr/bin/env bash
# `ping`: a line for each address, aligned; JSON; what fails; interrupts.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

ping() { "$CQLRAW" ping "$@"; }
MS='[0-9]+\.[0-9]{2}'
LINE="^$HOST  5\.[0-9.]+-stub  v4  tcp ${MS}ms +startup ${MS}ms +options $MS/$MS/${MS}ms"

gives "one address" 0 ping "$HOST" -n 3 -i 1ms
stdout_has "has its times on one line" "$LINE\$"
gives "--host" 0 ping --host "$HOST" -n 1
stdout_has "is taken without arguments" "$LINE\$"
gives "--query" 0 ping "$HOST" -n 2 -i 0 --query
stdout_has "times a query, too" "$LINE +query $MS/$MS/${MS}ms\$"
from=$EPOCHREALTIME
gives "--interval" 0 ping "$HOST" -n 3 -i 100ms
check "is between the rounds" awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a >= 0.2) }'

gives "one of several that fails" 3 ping 127.0.0.1:1 "$HOST" no.such.invalid -n 1
check "a line each, in order" test "$(cut -d' ' -f1 "$tmp/stdout" | paste -sd' ')" = "127.0.0.1:1 $HOST no.such.invalid"
stdout_has "with the reason" '^127\.0\.0\.1:1 +connect: Connection refused$'
stdout_has "also of a name that is none" '^no\.such\.invalid +(Name (or service not known|does not resolve)$|Temporary failure|Try again)'
check "aligned" test "$(grep -bo -m1 'connect:' "$tmp/stdout" | cut -d: -f1)" = "$(awk 'NR == 2 { print match($0, /5\.[0-9]/) - 1 }' "$tmp/stdout")"
silent "all of it on standard output"

gives "JSON" 3 ping "$HOST" 127.0.0.1:1 -n 4 -i 0 --query --json
check "is an array of objects" python3 -c '
import json, sys
good, bad = json.load(open(sys.argv[1]))
assert good["address"] == sys.argv[2] and good["ok"] and good["release_version"].endswith("-stub")
assert good["tcp_ns"] > 0 and good["startup_ns"] > 0
for what in good["options_ns"], good["query_ns"]:
    assert what["count"] == 4 and 0 < what["min"] <= what["median"] <= what["max"]
assert bad == {"address": "127.0.0.1:1", "ok": False, "error": "connect: Connection refused"}
' "$tmp/stdout" "$HOST"

says 64 'cqlraw ping: "h:0" is not HOST' ping h:0
says 64 'cqlraw ping: give the addresses as arguments or with --host, not both' ping "$HOST" --host "$HOST"
gives "CQLRAW_HOST and an argument" 0 env CQLRAW_HOST=no.such.invalid "$CQLRAW" ping "$HOST" -n 1
stdout_has "the argument is taken" "$LINE\$"
says 64 'cqlraw ping: --log is an option of' ping "$HOST" --log -
says 64 'cqlraw ping: -v is an option of' ping "$HOST" -v
says 64 'cqlraw ping: -n: "0" is out of range' ping "$HOST" -n 0
closed() { "$@" >&-; }
says 4 'cqlraw ping: cannot write standard output: Bad file descriptor' closed ping "$HOST" -n 1

interrupted() {
    "$CQLRAW" ping "$HOST" -n 100 -i 200ms &
    sleep 0.5
    kill -INT $!
    wait $!
}
gives "an interrupt" 130 interrupted
stdout_has "leaves what was measured" "$LINE\$"

serve --delay 300ms
gives "a handshake that takes too long" 3 ping "$HOST" -n 1 --connect-timeout 100ms
stdout_has "is told" "^$HOST  handshake: timed out after 100 ms\$"
gives "an answer that takes too long" 3 ping "$HOST" -n 1 --timeout 100ms
stdout_has "is told" "^$HOST  OPTIONS: timed out after 100 ms\$"
gives "a server that is slow" 0 ping "$HOST" -n 1
stdout_has "is measured" 'options 3[0-9]{2}\.'
