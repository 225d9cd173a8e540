#!/usr/bin/env bash
# `cqlraw frame decode`: what frames say, as text and as JSON, from the command line, a file and standard input;
# broken frames as far as they go; wrong arguments. What each message says is in tests/vectors/v4.txt.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

frame() { "$CQLRAW" frame "$@"; }
decode() { frame decode "$@"; }
# Hex digits as bytes in a file.
bytes() { # file hex
    printf '%b' "$(printf %s "$2" | sed 's/../\\x&/g')" >"$1"
}
# A frame of protocol v4 as hex, the length of its body filled in.
v4() { # direction(04|84) stream opcode body...
    local body
    body=$(printf %s "${@:4}")
    printf '%s00%s%s%08x%s' "$1" "$2" "$3" "$((${#body} / 2))" "$body"
}

OPTIONS=040000000500000000
READY=840000000200000000
STARTUP=0400000001000000160001000b43514c5f56455253494f4e0005332e302e30
AUTH=040000000f00000018000000140063617373616e6472610063617373616e647261
ROWS=84000001080000004400000002000000010000000200026b7300017400016b00090001760022000d000000020000000400000001ffffffff000000040000000200000009000000010000000161

gives "a frame from the command line" 0 decode --hex $OPTIONS
stdout_is "is one line" 'request v4 stream 0 OPTIONS flags - body 0 bytes\n'
silent "and nothing else"
gives "blanks and 0x don't count" 0 decode --hex "0x04 0x00 0000 0X05
    00 0000 00"
stdout_is "it is the same" 'request v4 stream 0 OPTIONS flags - body 0 bytes\n'
gives "fields" 0 decode --hex $STARTUP
stdout_is "stand below, indented" 'request v4 stream 0 STARTUP flags - body 22 bytes\n    option CQL_VERSION 3.0.0\n'

bytes "$tmp/frames" $OPTIONS$READY$ROWS
cat >"$tmp/want" <<'END'
request v4 stream 0 OPTIONS flags - body 0 bytes
response v4 stream 0 READY flags - body 0 bytes
response v4 stream 1 RESULT flags - body 68 bytes
    kind ROWS
    columns 2
    column ks.t k int
    column ks.t v set<text>
    row count 2
    row 1, null
    row 2, {'a'}
END
gives "several frames of a file" 0 decode "$tmp/frames"
same "are said in order" "$tmp/want" "$tmp/stdout"
gives "standard input" 0 decode - <"$tmp/frames"
same "is said alike" "$tmp/want" "$tmp/stdout"
cat >"$tmp/want" <<'END'
{"offset":0,"direction":"request","version":4,"stream":0,"opcode":"OPTIONS","flags":[],"length":0}
{"offset":9,"direction":"response","version":4,"stream":0,"opcode":"READY","flags":[],"length":0}
{"offset":18,"direction":"response","version":4,"stream":1,"opcode":"RESULT","flags":[],"length":68,"kind":"ROWS","columns":[{"keyspace":"ks","table":"t","name":"k","type":"int"},{"keyspace":"ks","table":"t","name":"v","type":"set<text>"}],"row_count":2,"rows":[[1,null],[2,["a"]]]}
END
gives "--json" 0 decode --json "$tmp/frames"
same "is an object a frame" "$tmp/want" "$tmp/stdout"

gives "a password" 0 decode --hex $AUTH
stdout_is "is not shown" 'request v4 stream 0 AUTH_RESPONSE flags - body 24 bytes\n    token length 20 (--show-secrets shows it)\n'
gives "a password, --json" 0 decode --json --hex $AUTH
check "is not shown" grep -qF '"token":{"length":20}}' "$tmp/stdout"
gives "--show-secrets" 0 decode --show-secrets --hex $AUTH
stdout_has "shows it" '^    token 0x0063617373616e6472610063617373616e647261$'
gives "a password that is compressed" 0 decode --hex 040100000f00000003616263
stdout_has "is not shown" '^    body length 3 '
gives "a password with bytes behind it" 0 decode --hex '040000000f00000007000000014142 43'
stdout_has "has none of them shown" '^    rest length 2 '

gives "an event of a node" 0 decode --hex "$(v4 84 ffff 0c 000d5354415455535f4348414e4745 0004444f574e 047f000001 00002352)"
stdout_is "names address and port" 'response v4 stream -1 EVENT flags - body 30 bytes\n    event STATUS_CHANGE\n    change DOWN\n    address 127.0.0.1\n    port 9042\n'
gives "an event of the schema" 0 decode --hex "$(v4 84 ffff 0c 000d534348454d415f4348414e4745 000744524f50504544 00055441424c45 00026b73 000174)"
stdout_has "names what has changed" '^    target TABLE$'
gives "Prepared of v3" 0 decode --hex 0300000108000000080000000400021122
stdout_has "says that it is not decoded" '^    note Prepared of protocol v3 is not decoded$'
gives "QUERY of v5" 0 decode --hex 05000001070000000400000001
stdout_has "says that it is not decoded" '^    note this message of protocol v5 is not decoded$'
gives "STARTUP of v5" 0 decode --hex "05${STARTUP:2}"
stdout_has "is decoded" '^    option CQL_VERSION 3.0.0$'
gives "a compressed body" 0 decode --hex 840100010800000009000000044000000001
stdout_is "is decoded when it is LZ4" 'response v4 stream 1 RESULT flags compressed body 9 bytes\n    plain length 4\n    kind VOID\n'
gives "a body compressed by something else" 0 decode --hex 8401000108000000020102
stdout_is "is shown as bytes" 'response v4 stream 1 RESULT flags compressed body 2 bytes\n    note the body is compressed, and not with LZ4\n    body 0x0102\n'
gives "a compressed body that is wrong" 2 decode --hex 840100010800000009000000044000000009
stderr_has "is told with the offset in the plain one" '^cqlraw frame: frame 1 at 0: in the plain body: RESULT kind: unknown at 4$'
gives "a password that is compressed with LZ4" 0 decode --hex 040100000f0000001e00000018f009000000140063617373616e6472610063617373616e647261
stdout_has "is not shown" '^    token length 20 '
gives "an opcode that is not known" 0 decode --hex 04000000420000000155
stdout_is "is a number" 'request v4 stream 0 0x42 flags - body 1 byte\n    note messages of this kind are not decoded\n    body 0x55\n'
gives "control characters" 0 decode --hex "0400000009000000080000000453 1b0a9b"
stdout_has "do not reach the terminal" '^    cql S\\x1b\\n\\x9b$'

long=$(v4 84 0001 08 00000002 00000001 00000001 00016b 000174 000176 000d 00000001 0000012c "$(printf '61%.0s' {1..300})")
gives "a long cell" 0 decode --hex "$long"
stdout_has "is cut, and its length said" "^    row 'a{199}\.\.\. \(300 bytes\)$"
gives "a long cell, --json" 0 decode --json --hex "$long"
stdout_has "is whole" '"rows":\[\["a{300}"\]\]'

# what is broken: as far as it goes, then one line and exit code 2
gives "a page that was cut off" 2 decode --hex "${ROWS:0:${#ROWS}-2}"
stdout_has "shows the rows there are" '^    row 1, null$'
stderr_has "tells how much is missing" '^cqlraw frame: frame 1 at 0: the body has 67 of 68 bytes: .* at [0-9]+$'
gives "a cell that does not fit its type" 2 decode --hex "$(v4 84 0001 08 00000002 00000001 00000001 00016b 000174 000176 0009 00000001 00000003 010203)"
stdout_has "is shown as bytes" '^    row 0x010203 \(3 bytes that are not an int\)$'
stderr_has "and told with its offset" '^cqlraw frame: frame 1 at 0: row 1, column "v" at 40: 3 bytes that are not an int$'
gives "a frame that is wrong in itself" 2 decode --hex "040000010700000004deadbeef $OPTIONS"
stdout_has "does not hide the next" 'OPTIONS flags - body 0 bytes$'
stderr_has "and is told" '^cqlraw frame: frame 1 at 0: QUERY text: negative length at 9$'
gives "the same with --json" 2 decode --json --hex "040000010700000004deadbeef $OPTIONS"
stdout_has "has the reason in the object" '"broken":"QUERY text: negative length at 9"}$'
gives "half a header behind a frame" 2 decode --hex "${OPTIONS}0400"
stdout_is "leaves the frame" 'request v4 stream 0 OPTIONS flags - body 0 bytes\n'
stderr_has "and is told" '^cqlraw frame: frame 2 at 9: the input ends within a header$'
gives "a length beyond all bounds" 2 decode --hex 0400000001ffffffff0001
stderr_has "is told" '^cqlraw frame: frame 1 at 0: the body has 2 of 4294967295 bytes'
says 2 'cqlraw frame: frame 1 at 0: there is nothing' decode /dev/null
says 2 'cqlraw frame: frame 1 at 0: protocol versions 1 and 2 are not decoded' decode --hex 020000000500000000
says 2 'cqlraw frame: frame 1 at 0: this is no frame of protocol version 3, 4 or 5' decode --hex 485454502f312e3120323030

says 64 'cqlraw frame: there is: frame decode --hex STR | --pcap FILE | FILE | -, and frame encode REQUEST' frame
says 64 'cqlraw frame: there is: frame decode' frame dump
says 64 'cqlraw frame: decode needs --hex STR, --pcap FILE, a FILE, or - for standard input' decode
says 64 'cqlraw frame: unexpected argument "b"' decode a b
says 64 'cqlraw frame: unexpected argument "a"' decode --hex $OPTIONS a
says 64 'cqlraw frame: --hex: what stands at character 5 is not a hex digit' decode --hex 0400zz
says 64 'cqlraw frame: --hex: 3 digits are half a byte too many' decode --hex 040
says 3 "cqlraw frame: cannot read $tmp/none: No such file or directory" decode "$tmp/none"
full() { decode "$@" >/dev/full; }
gives "a full disk" 4 full "$tmp/frames"
stderr_has "is told" '^cqlraw frame: cannot write standard output: No space left on device$'

# cut anywhere and with bytes changed: an exit code of ours, in any case
bytes "$tmp/all" "$(sed -n 's/^hex //p' "$TOP/tests/vectors/v4.txt" | tr -d '\n')"
size=$(stat -c %s "$tmp/all")
RANDOM=4
wrong=0
for ((i = 0; i < 60; i++)); do
    head -c "$((RANDOM % size))" "$tmp/all" >"$tmp/damaged"
    for ((k = i % 5; k > 0; k--)); do
        printf '%b' "\\x$(printf %02x $((RANDOM % 256)))" |
            dd of="$tmp/damaged" bs=1 seek="$((RANDOM % (size / 4)))" conv=notrunc status=none
    done
    for style in --show-secrets --json; do
        rc=0
        decode $style "$tmp/damaged" >"$tmp/stdout" 2>"$tmp/stderr" || rc=$?
        [[ $rc == 0 || $rc == 2 ]] || { wrong=$((wrong + 1)) && cp "$tmp/stderr" "$tmp/err"; }
    done
done
check "damaged frames are decoded or refused" test "$wrong" = 0
