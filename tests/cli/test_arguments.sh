#!/usr/bin/env bash
# Wrong arguments: exit code 64, one clear line on stderr, nothing on stdout, and nothing is sent (there is no
# server). Help and version; output that cannot be written.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

Q='SELECT * FROM system.local WHERE key=?'
c=("$CQLRAW")

says 64 'cqlraw: unknown command "rnu" (did you mean "run"?). See cqlraw --help' "${c[@]}" rnu
says 64 'cqlraw: unknown command "xyzzy". See cqlraw --help' "${c[@]}" xyzzy
gives "without a command: the overview on stderr" 64 "${c[@]}"
check "and nothing on stdout" test ! -s "$tmp/stdout"
gives "also when the environment has a mistake" 64 env CQLRAW_PORT=x "${c[@]}"
stderr_has "it shows the commands" '^commands:$'

says 64 'cqlraw run: a query is needed' "${c[@]}" run
says 64 'cqlraw run: unexpected argument "b"' "${c[@]}" run a b
says 64 'cqlraw run: --block: "x" is not a number' "${c[@]}" run "$Q" --block x
says 64 'cqlraw run: -j: "0" is out of range (1 to 1024)' "${c[@]}" run "$Q" -j0
says 64 'cqlraw run: -c: "40k" is out of range (1 to 32767)' "${c[@]}" run "$Q" -c 40k
says 64 'cqlraw run: --block needs a value (N|auto)' "${c[@]}" run "$Q" --block
says 64 'cqlraw run: --block is given twice' "${c[@]}" run "$Q" --block 1 --BLOCK=2
says 64 'cqlraw run: unknown option "--blok" (did you mean "--block"?)' "${c[@]}" run "$Q" --blok 1
says 64 'cqlraw run: unknown option "-Z"' "${c[@]}" run "$Q" -Z
says 64 'cqlraw run: --order: "up" is not one of input|none' "${c[@]}" run "$Q" --order up
says 64 'cqlraw run: --format: "xml" is not one of csv|tsv|table|ndjson|json|cql|none' "${c[@]}" run "$Q" --format xml
says 64 'cqlraw run: --combine: "x" is not one of product|zip' "${c[@]}" run "$Q" --combine x
says 64 'cqlraw run: --summary: "x" is not one of text|json|none' "${c[@]}" run "$Q" --summary x
says 64 'cqlraw run: --repeat: "0" is out of range (1 or more)' "${c[@]}" run "$Q" --repeat 0
says 64 'cqlraw run: --repeat: "1.5" is not a number' "${c[@]}" run "$Q" --repeat 1.5
says 64 'cqlraw run: --max-errors: "x%" is neither' "${c[@]}" run "$Q" --maxErrors x%
says 64 'cqlraw run: --timeout: "5" is not a time such as' "${c[@]}" run "$Q" --timeout 5
says 64 'cqlraw run: --connect-timeout: "x" is not a time' "${c[@]}" run "$Q" --connect-timeout x
says 64 'cqlraw run: --port: "70000" is out of range (1 to 65535)' "${c[@]}" run "$Q" --port 70000
says 64 'cqlraw run: --cl: "SOME" is not a consistency level' "${c[@]}" run "$Q" --cl SOME
says 64 'cqlraw run: --page-size: "0" is out of range' "${c[@]}" run "$Q" --page-size 0
says 64 'cqlraw run: --protocol: "5" is not possible yet' "${c[@]}" run "$Q" --protocol 5
says 64 'cqlraw run: --compression: "snappy" is not one of lz4|none' "${c[@]}" run "$Q" --compression snappy
says 64 'cqlraw run: --delay is an option of "serve", not of "run"' "${c[@]}" run "$Q" --delay 1s
says 64 'cqlraw run: --overwrite goes with --output' "${c[@]}" run "$Q" --overwrite
says 64 'cqlraw run: --output: there is nothing to write' "${c[@]}" run "$Q" -o "$tmp/f" --format none
says 64 'CQLRAW_PORT: "x" is not a number' env CQLRAW_PORT=x "${c[@]}" run "$Q"

says 64 'cqlraw run: -P: "key" is not NAME=SPEC' "${c[@]}" run "$Q" -P key
says 64 'use key==a..b for that text' "${c[@]}" run "$Q" -P key=a..b
says 64 'does not fit 64 bits' "${c[@]}" run "$Q" -P key=1..1e30
says 64 'the step "0" is not a whole number above 0' "${c[@]}" run "$Q" -P key=1..5:0
says 64 'a range of times needs a step' "${c[@]}" run "$Q" -P key=2024-01-01T00Z..2024-01-02T00Z
says 64 'cqlraw run: -P key is given twice' "${c[@]}" run "$Q" -P key=1 -P key=2
says 64 'can be read for one parameter only' "${c[@]}" run "$Q" -P a=@- -P b=@-
says 64 'places are given in order, the next one is 0' "${c[@]}" run "$Q" -P 1=a
says 64 'cqlraw run: -P:' "${c[@]}" run "$Q" -P a=1..3 -P b=1..4 --combine zip
says 3 "cqlraw run: cannot read $tmp/none: No such file or directory" "${c[@]}" run "$Q" -P "key=@$tmp/none"
says 3 "cqlraw run: cannot read $tmp: Is a directory" "${c[@]}" run "$Q" -P "key=@$tmp"
: >"$tmp/there"
says 64 "cqlraw run: $tmp/there exists (use --overwrite" "${c[@]}" run "$Q" -o "$tmp/there"
says 4 "cqlraw run: cannot write $tmp/no/f: No such file or directory" "${c[@]}" run "$Q" -o "$tmp/no/f"

says 64 'cqlraw query: a statement is needed' "${c[@]}" query
says 64 'cqlraw query: a statement is needed' "${c[@]}" query ' ; -- nothing'
says 64 'cqlraw query: unexpected argument "b"' "${c[@]}" query a b
says 64 'cqlraw query: -P goes with one statement, here are 2' "${c[@]}" query 'a; b' -P x=1
says 64 'cqlraw query: --format: "xml" is not one of table|csv|' "${c[@]}" query a --format xml
says 64 'cqlraw query: --block is an option of "run", not of "query"' "${c[@]}" query a --block 1
says 64 'cqlraw serve: unexpected argument "x"' "${c[@]}" serve x
says 64 'cqlraw help: no command "x"' "${c[@]}" help x
says 64 'cqlraw version: unexpected argument "x"' "${c[@]}" version x

gives "version --json" 0 "${c[@]}" version --json
check "is JSON" python3 -c 'import json, sys; json.load(open(sys.argv[1]))["cqlraw"]' "$tmp/stdout"
check "and tells what was built in" grep -Eq '"tls":(true|false),"lz4":(true|false)' "$tmp/stdout"
gives "--version" 0 "${c[@]}" --version
stdout_has "tells it, too" '^TLS (yes|no), LZ4 (yes|no)$'
stdout_has "behind the version" '^cqlraw [0-9.]+'

to() { "${@:2}" >"$1"; }
closed() { "$@" >&-; }
says 4 'cqlraw version: cannot write standard output: No space left on device' to /dev/full "${c[@]}" version
says 4 'cqlraw run: cannot write standard output: No space left' to /dev/full "${c[@]}" help run
says 4 'cqlraw version: cannot write standard output: Bad file descriptor' closed "${c[@]}" version
