#!/usr/bin/env bash
# `cqlraw frame decode --pcap`: frames of a capture in order of time, what earlier ones tell of later ones, requests
# with their answers, filters, what is no CQL, what is missing, damaged captures.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

pcap() { python3 "$TOP/tests/cli/pcap.py" "$@"; }
decode() { "$CQLRAW" frame decode "$@"; }
encode() { "$CQLRAW" frame encode "$@"; }
# A response of protocol v4 as hex, the length of its body filled in.
answer() { # stream opcode body...
    local body
    body=$(printf %s "${@:3}")
    printf '8400%s%s%08x%s' "$1" "$2" "$((${#body} / 2))" "$body"
}

STARTUP=$(encode STARTUP)
READY=$(answer 0000 02)
VOID=$(answer 0001 08 00000001)
ID=000102030405060708090a0b0c0d0e0f
PREPARE=$(encode PREPARE 'SELECT v FROM ks.t WHERE k=?' --stream 1)
# marker ks.t k int, column ks.t v text
PREPARED=$(answer 0001 08 00000004 0010 $ID 00000001 00000001 00000001 0000 00026b73 000174 00016b 0009 \
    00000001 00000001 00026b73 000174 000176 000d)
EXECUTE=$(encode EXECUTE --id $ID -P int:7 --skip-metadata --stream 2)
ROWS=$(answer 0002 08 00000002 00000004 00000001 00000002 00000001 78 ffffffff)
EVENT=$(answer ffff 0c 000d5354415455535f4348414e4745 0004444f574e 047f000001 00002352)

# A session: a frame in three packets, two frames in one.
pcap "$tmp/session" <<END_OF
0 0 client syn
0 0 server syn
1 0 client ${STARTUP:0:6}
2 0 client ${STARTUP:6:20}
3 0 client ${STARTUP:26}
4 0 server $READY
5 1 client syn
5 1 server syn
6 0 client $PREPARE
8 1 client $STARTUP
10 0 server $PREPARED $EVENT
12 0 client $EXECUTE
13 1 server $READY
17 0 server $ROWS
20 1 client fin
END_OF
cat >"$tmp/want" <<'END_OF'
+0.003000 c0 > request v4 stream 0 STARTUP flags - body 22 bytes
    option CQL_VERSION 3.0.0
+0.004000 c0 < response v4 stream 0 READY flags - body 0 bytes
+0.006000 c0 > request v4 stream 1 PREPARE flags - body 32 bytes
    cql SELECT v FROM ks.t WHERE k=?
+0.008000 c1 > request v4 stream 0 STARTUP flags - body 22 bytes
    option CQL_VERSION 3.0.0
+0.010000 c0 < response v4 stream 1 RESULT flags - body 68 bytes
    kind PREPARED
    id 0x000102030405060708090a0b0c0d0e0f
    markers 1
    marker ks.t k int
    partition key 0
    columns 1
    column ks.t v text
+0.010000 c0 < response v4 stream -1 EVENT flags - body 30 bytes
    event STATUS_CHANGE
    change DOWN
    address 127.0.0.1
    port 9042
+0.012000 c0 > request v4 stream 2 EXECUTE flags - body 31 bytes
    id 0x000102030405060708090a0b0c0d0e0f
    consistency LOCAL_ONE
    value k 7
    skip metadata true
+0.013000 c1 < response v4 stream 0 READY flags - body 0 bytes
+0.017000 c0 < response v4 stream 2 RESULT flags - body 25 bytes
    kind ROWS
    columns not described 1
    row count 2
    row 'x'
    row null
END_OF
gives "the frames of a capture" 0 decode --pcap "$tmp/session"
same "come in order of time, values and rows with their types" "$tmp/want" "$tmp/stdout"
silent "and nothing else"
gives "a capture on standard input" 0 decode --pcap - <"$tmp/session"
same "is said alike" "$tmp/want" "$tmp/stdout"
gives "a capture as JSON" 0 decode --pcap "$tmp/session" --json --opcode EXECUTE
stdout_is "has time, connection, and the offset in what the client sent" '{"time":0.012000000,"connection":0,"offset":72,"direction":"request","version":4,"stream":2,"opcode":"EXECUTE","flags":[],"length":31,"id":"0x000102030405060708090a0b0c0d0e0f","consistency":"LOCAL_ONE","values":[7],"skip_metadata":true}\n'
gives "one stream" 0 decode --pcap "$tmp/session" --stream 2
check "has its frames alone" test "$(grep -c stream "$tmp/stdout")" = 2
gives "filters without a capture" 0 decode --hex "$STARTUP$READY$VOID" --opcode ready,RESULT --stream 1
stdout_is "are the same" 'response v4 stream 1 RESULT flags - body 4 bytes\n    kind VOID\n'

pcap "$tmp/more" <<END_OF
0 0 client syn
0 0 server syn
1 0 client $PREPARE
2 0 server $PREPARED
3 0 client $(encode EXECUTE --id $ID -P int:7 -P int:8)
4 0 client $(encode EXECUTE --id $ID -P 0x07)
END_OF
gives "values that are not those of the markers" 0 decode --pcap "$tmp/more" --opcode EXECUTE
check "are shown as bytes" test "$(grep -c '^    value 0x0000000[78]$' "$tmp/stdout")" = 2
stdout_has "so is one that does not fit its type" '^    value k 0x07 \(1 byte.* not an int\)$'

# pairs
pcap "$tmp/pairs" <<END_OF
0 0 client syn
0 0 server syn
1 0 client $STARTUP
2 0 server $READY
3 0 client $(encode QUERY 'SELECT 1' --stream 1) $(encode QUERY 'SELECT 4' --stream 4) $(encode QUERY "SELECT '$(printf 'ä%.0s' {1..100})'" --stream 2)
5 0 server $(answer 0002 00 00002200 00046e6f7065)
6 0 server $(answer 0001 08 00000002 00000006 00000001 00000002 cafe 00000001 00000000)
7 0 server $(answer 0009 08 00000001)
8 0 server $EVENT $(answer 0004 08 00000001)
9 0 client $(encode BATCH --stream 3)
10 0 client $(encode OPTIONS --stream 3)
11 0 server $(answer 0003 0c 000d5354415455535f4348414e4745 00025550 047f000001 00002352)
12 0 server $(answer 0003 06 0000)
13 0 client $(encode REGISTER)
END_OF
long=$(printf 'ä%.0s' {1..56})
cat >"$tmp/want" <<END_OF
+0.001000 c0 s0 STARTUP -> READY 1.000 ms
+0.003000 c0 s2 QUERY -> ERROR 0x2200 Invalid "nope" 2.000 ms  SELECT '$long...
+0.003000 c0 s1 QUERY -> RESULT ROWS 1 row, more to come 3.000 ms  SELECT 1
+0.007000 c0 s9 no request -> RESULT VOID
+0.008000 c0 s-1 EVENT STATUS_CHANGE DOWN
+0.003000 c0 s4 QUERY -> RESULT VOID 5.000 ms  SELECT 4
+0.009000 c0 s3 BATCH -> no answer
+0.011000 c0 s3 EVENT STATUS_CHANGE UP
+0.010000 c0 s3 OPTIONS -> SUPPORTED 2.000 ms
+0.013000 c0 s0 REGISTER -> no answer
END_OF
cat >"$tmp/want.err" <<'END_OF'
request            count       p50 ms       p99 ms       max ms
STARTUP                1        1.000        1.000        1.000
OPTIONS                1        2.000        2.000        2.000
QUERY                  3        3.000        5.000        5.000
requests without an answer 2, responses without a request 1
END_OF
gives "--pair" 0 decode --pcap "$tmp/pairs" --pair
same "is a line an exchange, with its latency" "$tmp/want" "$tmp/stdout"
same "and a summary" "$tmp/want.err" "$tmp/stderr"
cat >"$tmp/want" <<'END_OF'
{"time":0.003000000,"connection":0,"stream":1,"request":"QUERY","response":"RESULT","kind":"ROWS","rows":1,"more_pages":true,"latency_ms":3.000,"cql":"SELECT 1"}
END_OF
gives "--pair --json" 0 decode --pcap "$tmp/pairs" --pair --json --stream 1
same "is an object an exchange" "$tmp/want" "$tmp/stdout"
gives "an exchange without an answer as JSON" 0 decode --pcap "$tmp/pairs" --pair --json --opcode BATCH
stdout_is "has null" '{"time":0.009000000,"connection":0,"stream":3,"request":"BATCH","response":null}\n'
gives "a filter by the answer" 0 decode --pcap "$tmp/pairs" --pair --opcode ERROR
check "finds the exchange" grep -q 'QUERY -> ERROR' "$tmp/stdout"
gives "the statement of an EXECUTE" 0 decode --pcap "$tmp/session" --pair --opcode EXECUTE
stdout_is "is known from its PREPARE" '+0.012000 c0 s2 EXECUTE -> RESULT ROWS 2 rows 5.000 ms  SELECT v FROM ks.t WHERE k=?\n'

# compression: STARTUP tells
compressed() { # STARTUP
    pcap "$tmp/compressed" <<END_OF
0 0 client syn
0 0 server syn
1 0 client $1
2 0 server $READY
3 0 client $(encode QUERY 'SELECT 1' --lz4 --stream 1)
4 0 server 8401000108000000080000000440000000
END_OF
}
compressed "$(encode STARTUP COMPRESSION=lz4)"
gives "a compressed body that is cut short in itself" 2 decode --pcap "$tmp/compressed"
check "is broken when STARTUP chose LZ4" grep -q '^cqlraw frame: c0 server at 9: ' "$tmp/stderr"
stdout_has "while others are decoded" '^    cql SELECT 1$'
compressed "$(encode STARTUP COMPRESSION=snappy)"
gives "what STARTUP chose otherwise" 0 decode --pcap "$tmp/compressed"
check "is shown as bytes" test "$(grep -c 'compressed, and not with LZ4' "$tmp/stdout")" = 2

# protocol v5
V5=05${STARTUP:2}
pcap "$tmp/v5" <<END_OF
0 0 client syn
0 0 server syn
1 0 client $V5
2 0 server 850000000200000000
3 0 client 090002a4c8c1050000010500000000b5557486
4 0 server 090002a4c8c1050000010500000000b5557486
END_OF
gives "segments of v5" 0 decode --pcap "$tmp/v5"
check "are told, not decoded" test "$(tail -n 1 "$tmp/stdout")" = "+0.004000 c0 protocol v5: 38 bytes in segments, not decoded"
check "behind the handshake" test "$(grep -c ' v5 stream 0 ' "$tmp/stdout")" = 2
gives "the same as JSON" 0 decode --pcap "$tmp/v5" --json
stdout_has "is a note" '^\{"time":0.004000000,"connection":0,"note":"protocol v5: 38 bytes in segments, not decoded"\}$'
says 2 'cqlraw frame: frame 1 at 0: segments of protocol v5 are not decoded' decode --hex 090002a4c8c1050000010500000000b5557486
says 2 'cqlraw frame: frame 1 at 0: segments of protocol v5 are not decoded' decode --hex 2800ba0004baadd7ff06050000

pcap "$tmp/v5-middle" <<END_OF
3 0 client 090002a4c8c1050000010500000000b5557486
END_OF
gives "a capture that begins within them" 0 decode --pcap "$tmp/v5-middle"
stdout_is "tells the same" '+0.000000 c0 protocol v5: 19 bytes in segments, not decoded\n'

# what is missing
pcap "$tmp/gap" <<END_OF
0 0 client syn
0 0 server syn
1 0 client $STARTUP
2 0 !server $READY
3 0 client ${PREPARE:0:30}
4 0 !client ${PREPARE:30}
5 0 client ffffffffffffffffffff
6 0 client $EXECUTE
7 0 server $VOID
END_OF
gives "a capture with gaps" 2 decode --pcap "$tmp/gap"
stderr_has "tells what was passed over" '^cqlraw frame: c0: 25 bytes passed over$'
check "and the frame that is not complete" grep -q '^cqlraw frame: c0 client at 31: the body has 6 of 32 bytes' "$tmp/stderr"
check "in a line each" test "$(wc -l <"$tmp/stderr")" = 2
stdout_has "goes on where a packet begins with a frame" ' EXECUTE flags'
stdout_has "in both directions" ' RESULT flags'
pcap "$tmp/middle" <<END_OF
1 0 client ffffff
2 0 client $EXECUTE
3 0 server $VOID
END_OF
gives "a capture that begins in the middle" 2 decode --pcap "$tmp/middle"
check "has the frames from there on" test "$(grep -c stream "$tmp/stdout")" = 2
pcap "$tmp/end" <<END_OF
0 0 client syn
1 0 client ${PREPARE:0:60}
END_OF
gives "a capture that ends within a frame" 2 decode --pcap "$tmp/end"
stderr_has "tells how much of it is there" '^cqlraw frame: c0: 30 bytes passed over$'
head -c 200 "$tmp/session" >"$tmp/cut"
gives "a file that is cut off" 2 decode --pcap "$tmp/cut"
stderr_has "says behind which packet" '^cqlraw frame: the file is cut off or broken behind packet [0-9]+$'

# other ports, other protocols
pcap "$tmp/mixed" 7000 <<END_OF
0 0 client syn
1 0 client $STARTUP
2 1 client syn
3 1 client 474554202f20485454502f312e310d0a
END_OF
says 2 'cqlraw frame: 4 packets of other TCP ports, the first of 7000' decode --pcap "$tmp/mixed"
gives "--port auto" 0 decode --pcap "$tmp/mixed" --port auto
check "finds CQL and leaves the rest" test "$(grep -c stream "$tmp/stdout")" = 1
silent "without a word"
gives "--port" 2 decode --pcap "$tmp/mixed" --port 7000
check "tells what is no frame" grep -q '^cqlraw frame: c1 client at 0: this is no frame of protocol version 3, 4 or 5$' "$tmp/stderr"
pcap "$tmp/tls" <<'END_OF'
0 0 client syn
1 0 client 1603010200010001fc03030000
END_OF
gives "TLS" 2 decode --pcap "$tmp/tls"
check "is recognised" grep -q '^cqlraw frame: c0 client at 0: this is TLS, not decoded$' "$tmp/stderr"
pcap "$tmp/turned" <<END_OF
0 0 client syn
1 0 client $READY
END_OF
gives "a client that answers" 2 decode --pcap "$tmp/turned"
check "is told" grep -q '^cqlraw frame: c0 client at 0: a frame of the other direction$' "$tmp/stderr"
printf 'no capture' >"$tmp/none"
says 2 'cqlraw frame: this is no capture file, neither pcap nor pcapng' decode --pcap "$tmp/none"
pcap "$tmp/empty" </dev/null
says 2 'cqlraw frame: there is no TCP connection in the capture' decode --pcap "$tmp/empty"
pcap "$tmp/password" <<END_OF
0 0 client syn
1 0 client $(encode AUTH_RESPONSE 0x0063617373616e6472610063617373616e647261 --lz4)
END_OF
gives "a password in a capture" 0 decode --pcap "$tmp/password"
stdout_has "is not shown" '^    token length 20 '

says 64 'cqlraw frame: --pair goes with --pcap' decode --hex 00 --pair
says 64 'cqlraw frame: --port goes with --pcap' decode --hex 00 --port 1
says 64 'cqlraw frame: --hex and --pcap exclude each other' decode --hex 00 --pcap "$tmp/session"
says 64 'cqlraw frame: --opcode: there is no message "SELECT"' decode --pcap "$tmp/session" --opcode QUERY,SELECT
says 64 'cqlraw frame: unexpected argument "x"' decode --pcap "$tmp/session" x
says 64 'cqlraw frame: --lz4 is an option of frame encode' decode --pcap "$tmp/session" --lz4
says 2 'cqlraw frame: this is a capture file: give it with --pcap' decode "$tmp/session"
says 3 "cqlraw frame: cannot read $tmp/none/x" decode --pcap "$tmp/none/x"

# with bytes changed and cut anywhere: an exit code of ours, in any case
wrong=0
RANDOM=7
for ((i = 0; i < 60; i++)); do
    from=$tmp/$(printf '%s\n' session pairs compressed v5 gap | sed -n "$((i % 5 + 1))p")
    size=$(stat -c %s "$from")
    head -c "$((i % 3 ? size : RANDOM % size))" "$from" >"$tmp/damaged"
    for ((k = i % 7; k > 0; k--)); do
        printf '%b' "\\x$(printf %02x $((RANDOM % 256)))" |
            dd of="$tmp/damaged" bs=1 seek="$((RANDOM % size))" conv=notrunc status=none
    done
    for style in --show-secrets --json --pair; do
        rc=0
        decode $style --pcap "$tmp/damaged" --port auto >"$tmp/stdout" 2>"$tmp/stderr" || rc=$?
        [[ $rc == 0 || $rc == 2 ]] || { wrong=$((wrong + 1)) && cp "$tmp/stderr" "$tmp/err"; }
    done
done
check "damaged captures are decoded or refused" test "$wrong" = 0
