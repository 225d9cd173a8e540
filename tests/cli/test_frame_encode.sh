#!/usr/bin/env bash
# `cqlraw frame encode`: the bytes are those of the vectors, `frame decode` says what went in, and what is wrong
# is told in one line.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

encode() { "$CQLRAW" frame encode "$@"; }
decode() { "$CQLRAW" frame decode "$@"; }
vector() { # name: the bytes of a vector, as hex
    awk -v name="$1" '$1 == "name" { on = $2 == name } on && $1 == "hex" { printf "%s", $2 } END { print "" }' "$TOP/tests/vectors/v4.txt"
}
is_vector() { # name arguments...
    local got
    got=$(encode "${@:2}")
    check "encode ${*:2:3} is the vector $1" test "$got" = "$(vector "$1")"
}

ID=000102030405060708090a0b0c0d0e0f
is_vector options OPTIONS
is_vector startup STARTUP
is_vector startup-compression STARTUP COMPRESSION=lz4
is_vector query-plain QUERY "SELECT key FROM system.local" --cl ONE --stream 1
is_vector query-all-params QUERY "SELECT ?" --cl LOCAL_QUORUM -P int:42 -P null -P unset --skip-metadata --page-size 100 \
    --paging-state cafe --scl LOCAL_SERIAL --timestamp 1234567890123456 --stream 258
is_vector query-named-value QUERY "SELECT :a" -P a=text:x --cl ONE --stream 2
is_vector prepare PREPARE "SELECT * FROM t WHERE k=?" --stream 4
is_vector execute EXECUTE --id $ID -P 0x00000007 --skip-metadata --cl ONE --stream 5
is_vector batch BATCH "INSERT INTO t(k) VALUES(1)" id:$ID -P 2=int:7 --type unlogged --timestamp 1 --cl ONE --stream 6
is_vector batch-logged-serial BATCH "UPDATE t SET v=? WHERE k=? IF w=?" -P 1=null -P 1=int:1 -P 1=unset --cl LOCAL_QUORUM --scl LOCAL_SERIAL --stream 2
is_vector batch-counter-empty BATCH --type counter --stream 2
is_vector register-all REGISTER --stream 7
is_vector auth-response AUTH_RESPONSE 0x0063617373616e6472610063617373616e647261

gives "the bytes instead of hex" 0 encode QUERY "SELECT 1" --binary
cp "$tmp/stdout" "$tmp/frame"
gives "can be decoded" 0 decode "$tmp/frame"
stdout_has "and say the same" '^    cql SELECT 1$'
gives "a compressed body" 0 decode --hex "$(encode QUERY "SELECT $(printf 'a%.0s' {1..300})" --lz4)"
stdout_has "is read back" '^    cql SELECT a+$'
gives "a trace" 0 decode --hex "$(encode QUERY "SELECT 1" --trace --timestamp -5)"
stdout_has "is asked for" ' QUERY flags tracing '
stdout_has "a timestamp may be negative" '^    timestamp -5$'
gives "one event" 0 decode --hex "$(encode register STATUS_CHANGE)"
stdout_is "is registered for" 'request v4 stream 0 REGISTER flags - body 17 bytes\n    event STATUS_CHANGE\n'

says 64 'cqlraw frame: encode needs the name of a request' encode
says 64 'cqlraw frame: encode: there is no request "READY"' encode READY
says 64 'cqlraw frame: QUERY takes one argument' encode QUERY
says 64 'cqlraw frame: OPTIONS takes no argument' encode OPTIONS x
says 64 'cqlraw frame: STARTUP takes KEY=VALUE, not "x"' encode STARTUP x
says 64 'cqlraw frame: EXECUTE needs --id HEX' encode EXECUTE
says 64 'cqlraw frame: EXECUTE takes no argument' encode EXECUTE x --id 00
says 64 'cqlraw frame: --id: "0x0g" is not hex' encode EXECUTE --id 0x0g
says 64 'cqlraw frame: "7" is no value: null, unset, 0xHEX, or TYPE:TEXT such as int:7' encode QUERY q -P 7
says 64 "cqlraw frame: \"int:x\": 'x' is not an int" encode QUERY q -P int:x
says 64 'cqlraw frame: "0x0" is not 0x and pairs of hex digits' encode QUERY q -P 0x0
says 64 'cqlraw frame: -P int:1: all values have a name, or none' encode QUERY q -P a=int:1 -P int:1
says 64 'cqlraw frame: -P int:1: in a BATCH it is N=VALUE, for statement N' encode BATCH q -P int:1
says 64 'cqlraw frame: -P 2=int:1: in a BATCH it is N=VALUE, for statement N' encode BATCH q -P 2=int:1
says 64 'cqlraw frame: "id:x" is not id: and pairs of hex digits' encode BATCH id:x
says 64 'cqlraw frame: --timestamp: "x" is no number of microseconds' encode QUERY q --timestamp x
says 64 'cqlraw frame: --json is an option of frame decode' encode OPTIONS --json
