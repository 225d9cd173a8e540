#!/usr/bin/env bash
# `run`: rows in every format, with their parameters, folded into one.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

L='SELECT key, rack FROM system.local WHERE key=?'
P="SELECT position, column_name FROM system_schema.columns WHERE keyspace_name='system' AND table_name=?"
N="SELECT position FROM system_schema.columns WHERE keyspace_name='system' AND table_name=?"

gives "csv" 0 run "$L" -P key=local,nope
stdout_is "has a header" 'key,rack\nlocal,rack1\n'
gives "tsv" 0 run "$L" -P key=local --format tsv
stdout_is "has tabs" 'key\track\nlocal\track1\n'
gives "ndjson" 0 run "$L" -P key=local,nope,local --format ndjson -j2 --block 1
stdout_is "is an object a line" '{"key":"local","rack":"rack1"}\n{"key":"local","rack":"rack1"}\n'
gives "json" 0 run "$L" -P key=nope,local,nope,local --format json -j2 --block 1
stdout_is "is one array" '[\n{"key":"local","rack":"rack1"},\n{"key":"local","rack":"rack1"}\n]\n'
gives "json without a row" 0 run "$L" -P key=nope --format json
stdout_is "is an empty array" '[\n]\n'
gives "json to a file" 0 run "$L" -P key=local --repeat 5000 --format json -j3 -o "$tmp/rows.json"
check "is JSON" python3 -c "import json; assert len(json.load(open('$tmp/rows.json'))) == 5000"
gives "json with errors" 1 run 'SELECT peer FROM system.peers WHERE peer=?' -P peer=@<(printf '127.0.0.1\nx\n') --format json --max-errors 1
stdout_is "is complete" '[\n]\n'
gives "json that ended early" 2 run 'SELECT peer FROM system.peers WHERE peer=?' -P peer=@<(printf 'x\n') --format json
check "has no end" test "$(<"$tmp/stdout")" = "["
gives "cql" 0 run "$L" -P key=local --format cql
stdout_is "is statements" "INSERT INTO system.local (key, rack) VALUES ('local', 'rack1');\n"
gives "table" 0 run "$L" -P key=local --format table
stdout_is "is one" ' key   | rack\n-------+-------\n local | rack1\n'

# --- the parameters too
gives "--with-params" 0 run "$P" -P table_name=local --with-params --page-size 3
check "in front of each row" test "$(sed -n '1p;2p' "$tmp/stdout")" = $'table_name,position,column_name\nlocal,-1,bootstrapped'
check "also on further pages" test "$(grep -vc '^local,' "$tmp/stdout")" = 1
gives "a name that both have" 0 run "$L" -P key=local --with-params
stdout_is "is the column's" 'param.key,key,rack\nlocal,local,rack1\n'
gives "as JSON" 0 run "$L" -P key=local --with-params --format ndjson
stdout_is "they are keys" '{"param.key":"local","key":"local","rack":"rack1"}\n'
gives "a name for two markers" 0 run "SELECT position FROM system_schema.columns WHERE keyspace_name=:n AND table_name=:n" -P n=system \
    --with-params --empty mark
stdout_is "is one column" 'n,position\nsystem,\n'
gives "--empty skip" 0 run "$L" -P key=local,nope --with-params --empty skip
stdout_is "leaves them out" 'param.key,key,rack\nlocal,local,rack1\n'
gives "--empty mark" 0 run "$L" -P key=nope,local,nope --with-params --empty mark
stdout_is "has a row for each set without one" 'param.key,key,rack\nnope,,\nlocal,local,rack1\nnope,,\n'
stderr_has "which is no row" '^rows 1  empty 2 '
for format in ndjson json tsv table; do
    gives "--empty mark, $format" 0 run "$L" -P key=nope --with-params --empty mark --format "$format"
    check "likewise" grep -q nope "$tmp/stdout"
done

# --- folded
gives "--reduce sum" 0 run "$N" -P table_name=local,peers,nope --reduce sum -j3 --block 1
"$CQLRAW" run --host "$HOST" "$N" -P table_name=local,peers 2>"$tmp/err" | awk 'NR > 1 { n += $1 } END { print "position\n" n }' >"$tmp/want"
same "adds up" "$tmp/want" "$tmp/stdout"
gives "--reduce max" 0 run "$P" -P table_name=local,peers --reduce max --format ndjson
stdout_is "takes the greatest of each column" '{"position":0,"column_name":"truncated_at"}\n'
gives "--reduce min" 0 run "$L" -P key=nope --reduce min
stdout_is "of nothing is null" 'key,rack\n,\n'
gives "--reduce min as a table" 0 run "$L" -P key=local --repeat 100k --reduce min --format table
stdout_is "is one row" ' key   | rack\n-------+-------\n local | rack1\n'
says 64 'column "key" is of type text, which has no exact sum' run "$L" -P key=local --reduce sum
gives "that ended early" 2 run 'SELECT peer FROM system.peers WHERE peer=?' -P peer=@<(printf 'x\n') --reduce min
check "gives no result" test ! -s "$tmp/stdout"

# --- what does not go together
says 64 '--with-params goes with --format csv, tsv, table, ndjson or json' run "$L" -P key=local --with-params --format cql
says 64 '--empty mark needs --with-params' run "$L" -P key=local --empty mark
says 64 '--reduce and --with-params do not go together' run "$L" -P key=local --reduce sum --with-params
says 64 '--reduce goes with --format csv, tsv, table, ndjson or json' run "$L" -P key=local --reduce sum --format none
