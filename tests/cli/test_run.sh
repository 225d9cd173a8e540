#!/usr/bin/env bash
# `run`: parameters in every form, the order of the output, formats, summaries, errors and their exit codes.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

K='SELECT key FROM system.local WHERE key=?'
C="SELECT column_name FROM system_schema.columns
   WHERE keyspace_name='system' AND table_name='local' AND column_name=?"
T='SELECT table_name FROM system_schema.tables WHERE keyspace_name=?'
LINE='^[0-9]+ queries in [0-9]+\.[0-9]{3} seconds \([0-9]+\.[0-9]/s\)$'
DETAILS='^rows [0-9]+  empty [0-9]+  errors [0-9]+  p50 [^ ]+  p99 [^ ]+  p99\.9 [^ ]+  max [^ ]+  processes [0-9]+$'

# --- parameters
gives "a list" 0 run "$K" -P key=local,nope,local
stdout_is "has a row for each value that is there" 'key\nlocal\nlocal\n'
stderr_has "tells how many queries" '^3 queries in '
stderr_has "and more" '^rows 2  empty 1  errors 0 '
gives "one text" 0 run "$K" -P key==local
stdout_is "is one set" 'key\nlocal\n'
gives "a name by place" 0 run "$K" -P 0=local
stdout_is "is bound" 'key\nlocal\n'
gives "the next place" 0 run "$K" -P _=local
stdout_is "is bound" 'key\nlocal\n'
gives "no parameter" 0 run 'SELECT key FROM system.local' --repeat 2
stdout_is "is one set, repeated" 'key\nlocal\nlocal\n'
gives "--repeat" 0 run "$K" -P key=local --repeat 1k --format none
stdout_has "the line is the output" "$LINE"
check "and all of it" test "$(cut -d' ' -f1-2 "$tmp/stdout")" = "1000 queries"
stderr_has "the rest is on stderr" "$DETAILS"
gives "a range of numbers as text" 0 run "$K" -P key=1..2k:2 --format none
check "has both ends" grep -q '^1000 queries' "$tmp/stdout"
gives "a range of dates as text" 0 run "$K" -P key=2024-01-31..2024-12-31:1mo --format none
check "steps by months" grep -q '^12 queries' "$tmp/stdout"
gives "product" 0 run "$C" -P column_name=key,rack --repeat 2
stdout_is "repeats the list" 'column_name\nkey\nrack\nkey\nrack\n'
two='SELECT column_name FROM system_schema.columns WHERE keyspace_name=? AND table_name=? AND column_name=?'
gives "combine product" 0 run "$two" -P keyspace_name=system -P table_name=local,peers -P column_name=key,rack,peer
stdout_is "varies the last fastest" 'column_name\nkey\nrack\nrack\npeer\n'
gives "combine zip" 0 run "$two" -P keyspace_name=system,system -P table_name=local,peers -P column_name=key,peer --combine zip
stdout_is "goes in step" 'column_name\nkey\npeer\n'
printf 'rack\r\nkey\n\nnope' >"$tmp/names"
gives "a file, CRLF and no end of line" 0 run "$C" -P "column_name=@$tmp/names"
stdout_is "has a value a line" 'column_name\nrack\nkey\n'
stderr_has "also empty ones" '^4 queries'
stdin() { run "$C" -P column_name=@- "$@" <"$tmp/names"; }
gives "standard input" 0 stdin
stdout_is "likewise" 'column_name\nrack\nkey\n'
: >"$tmp/empty"
gives "an empty file" 0 run "$C" -P "column_name=@$tmp/empty"
stderr_has "is no query" '^0 queries in 0\.000 seconds \(0\.0/s\)$'

no_stdin() { run "$C" -P column_name=@- "$@" <&-; }
gives "no standard input" 3 no_stdin
gives "nor when it is read whole" 3 no_stdin --repeat 2

# --- input that comes while it runs: the first answers are there before the input has ended
mkfifo "$tmp/pipe"
run "$C" -P column_name=@- --block 1 <"$tmp/pipe" >"$tmp/streamed" 2>"$tmp/err" &
exec 9>"$tmp/pipe"
printf 'rack\n' >&9
for ((i = 0; i < 250; i++)); do [[ ! -s $tmp/streamed || $(wc -l <"$tmp/streamed") -lt 2 ]] || break; sleep 0.02; done
check "standard input is streamed" test "$(tail -n 1 "$tmp/streamed")" = rack
exec 9>&-
check "and its end is the end" wait $!

# --- order: many processes give what one gives
awk 'BEGIN { srand(1); n = split("key rack tokens nope rpc_port host_id", w); for (i = 0; i < 20000; i++) print w[int(rand() * n) + 1] }' >"$tmp/names"
{ echo column_name && grep -v nope "$tmp/names"; } >"$tmp/want"
for options in "-j1" "-j2 -c 1 --block 10" "-j4 -c 100 --block 7" "-j3 --block 1" ""; do
    # shellcheck disable=SC2086
    gives "20,000 sets, $options" 0 run "$C" -P "column_name=@$tmp/names" $options
    same "rows are in the order of the parameters" "$tmp/want" "$tmp/stdout"
done
gives "20,000 sets, streamed" 0 stdin -j3
same "rows are in the order of the input" "$tmp/want" "$tmp/stdout"
gives "--order none" 0 run "$C" -P "column_name=@$tmp/names" -j3 --order none
check "has the same rows" test "$(sort "$tmp/stdout" | cksum)" = "$(sort "$tmp/want" | cksum)"
gives "pages" 0 run "$T" -P keyspace_name=system,system_schema,system --page-size 2 -j2 --block 1
stdout_is "are put together" 'table_name\nlocal\npeers\npeers_v2\nkeyspaces\ntables\ncolumns\ntypes\nfunctions\naggregates\nindexes\nviews\ntriggers\ndropped_columns\nlocal\npeers\npeers_v2\n'

# --- formats and summaries
gives "a table" 0 run 'SELECT key, rack FROM system.local WHERE key=?' -P key=local,nope --format table
stdout_is "has names above" ' key   | rack\n-------+-------\n local | rack1\n'
seq 2500 | sed 's/.*/key/' >"$tmp/names"
gives "a long table" 0 run "$C" -P "column_name=@$tmp/names" --format table
check "has all rows" test "$(wc -l <"$tmp/stdout")" = 2502
json() { # file
    python3 - "$1" <<'P'
import json, sys
o = json.loads(open(sys.argv[1]).read().splitlines()[-1])
assert o["queries"] == 10 and o["rows"] == 10 and o["errors"]["total"] == 0 and len(o["processes"]) == 1
assert o["latency_ns"]["p50"] <= o["latency_ns"]["max"] and o["shard"] == "0/1" and o["per_second"] > 0
P
}
gives "--summary json" 0 run "$K" -P key=local --repeat 10 -j1 --summary json --format none
check "is one line of JSON on stdout" test "$(wc -l <"$tmp/stdout")" = 1
check "that is valid" json "$tmp/stdout"
stderr_has "the line is on stderr then" "$LINE"
gives "--summary json with rows" 0 run "$K" -P key=local --repeat 10 -j1 --summary json
check "is on stderr" json "$tmp/stderr"
gives "--summary none" 0 run "$K" -P key=local --summary none
check "leaves the one line" grep -Eqv "$DETAILS" "$tmp/stderr"
check "only" test "$(wc -l <"$tmp/stderr")" = 1
gives "-q is taken" 0 run -q "$K" -P key=local --timeout 5s --connect-timeout 1s --cl one --protocol 4 --compression none
gives "options in front of the command" 0 "$CQLRAW" --host "$HOST" -j 1 run "$K" -P key=local
gives "--port" 0 "$CQLRAW" run --port "${HOST##*:}" "$K" -P key=local
gives "a second contact point" 0 "$CQLRAW" run --host "127.0.0.1:1,$HOST" "$K" -P key=local

# --- errors: a null key is refused by the server, a text that is no address by us
A='SELECT peer FROM system.peers WHERE peer=?'
printf '127.0.0.2\nx\n127.0.0.3\n\\N\n' >"$tmp/peers"
gives "too many errors" 2 run "$A" -P "peer=@$tmp/peers" -j1 --block 1 -c1
stderr_has "are named" '^cqlraw run: parameter set 1: '
gives "errors that are put up with" 1 run "$A" -P "peer=@$tmp/peers" --max-errors 2
stderr_has "a value that does not fit" '^cqlraw run: parameter set 1: .*x'
stderr_has "a server's refusal" '^cqlraw run: parameter set 3: Invalid \(0x2200\)'
stderr_has "the queries are those that were answered" '^2 queries'
stderr_has "and the errors counted" '^rows 0  empty 2  errors 2 '
gives "as a share" 1 run "$A" -P "peer=@$tmp/peers" --max-errors 50%
gives "of which there are more" 2 run "$A" -P "peer=@$tmp/peers" --max-errors 49%
seq 30 >"$tmp/peers"
gives "many errors" 1 run "$A" -P "peer=@$tmp/peers" --max-errors 30
check "ten are shown" test "$(grep -c '^cqlraw run: parameter set' "$tmp/stderr")" = 10
stderr_has "the rest is counted" '^cqlraw run: 20 more parameter sets failed$'

says 64 'parameter peer: ' run "$A" -P peer=127.0.0.1,x
says 64 'parameter nokey: ' run "$K" -P nokey=local
check "a marker without a parameter is a wrong call" bash -c "'$CQLRAW' run --host '$HOST' '$K' 2>/dev/null; (( \$? == 64 ))"
says 3 'Syntax error (0x2000): stub: unknown statement' run nonsense
says 3 'connect: Connection refused' "$CQLRAW" run --host 127.0.0.1:1 "$K" -P key=local
silent_server() { # accepts nothing, answers nothing
    python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(60)' >"$tmp/silent" &
    started+=($!)
    until [[ -s $tmp/silent ]]; do sleep 0.02; done
}
silent_server
says 3 'cqlraw run: ' "$CQLRAW" run --host "127.0.0.1:$(<"$tmp/silent")" "$K" -P key=local --connect-timeout 100ms
serve --delay 500ms
says 3 'cqlraw run: ' run "$K" -P key=local --timeout 50ms
