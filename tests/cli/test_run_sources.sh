#!/usr/bin/env bash
# `run`: parameter sets from files of records, from pieces of the ring, from a workload of many statements.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

K='SELECT key FROM system.local WHERE key=?'
C="SELECT column_name, position FROM system_schema.columns WHERE keyspace_name=? AND table_name=? AND column_name=?"
T='SELECT column_name FROM system_schema.columns WHERE keyspace_name=:start AND table_name=:end'

# --- values, a line each
printf '\xef\xbb\xbflocal\r\nlocal\r\n' >"$tmp/keys"
values() { run "$K" -P "key=@$1" --format csv <"$tmp/keys"; }
for file in "$tmp/keys" -; do
    gives "a text of Windows, @${file##*/}" 0 values "$file"
    stdout_is "has neither mark nor carriage returns" 'key\nlocal\nlocal\n'
done

# --- records
cat >"$tmp/rows.csv" <<'EOF'
table_name,ignored,column_name,keyspace_name
local,1,key,system
local,"2
lines",tokens,system
peers,,peer,system
EOF
gives "CSV" 0 run "$C" --params-from "$tmp/rows.csv" -j2 --block 1
stdout_is "binds by the header's names" 'column_name,position\nkey,0\ntokens,-1\npeer,0\n'
{
    echo '{"keyspace_name":"system","table_name":"local","column_name":"key"}'
    echo '["system","peers","peer"]'
    echo '{"column_name":"tokens","x":[1,{}],"table_name":"local","keyspace_name":"system"}'
} >"$tmp/rows.jsonl"
for name in rows.jsonl rows.NDJSON; do
    [[ -e $tmp/$name ]] || cp -- "$tmp/rows.jsonl" "$tmp/$name"
    gives "NDJSON, $name" 0 run "$C" --params-from "$tmp/$name"
    stdout_is "binds by keys, and arrays by position" 'column_name,position\nkey,0\npeer,0\ntokens,-1\n'
done
from_stdin() { run "$C" --params-from - "${@:2}" <"$1"; }
{ printf '\xef\xbb\xbf' && cat "$tmp/rows.jsonl"; } >"$tmp/mark.jsonl"
gives "NDJSON with a byte order mark" 0 run "$C" --params-from "$tmp/mark.jsonl"
stdout_is "is read" 'column_name,position\nkey,0\npeer,0\ntokens,-1\n'
gives "CSV from standard input" 0 from_stdin "$tmp/rows.csv"
stdout_is "is taken for CSV" 'column_name,position\nkey,0\ntokens,-1\npeer,0\n'
gives "NDJSON from standard input" 0 from_stdin "$tmp/rows.jsonl" --params-format ndjson
stdout_is "is what it is said to be" 'column_name,position\nkey,0\npeer,0\ntokens,-1\n'
awk 'BEGIN { print "key"; for (i = 0; i < 20000; i++) print i % 3 ? "local" : "nope" }' >"$tmp/many.csv"
gives "20,000 records" 0 run "$K" --params-from "$tmp/many.csv" -j3 --with-params
{ echo param.key,key && awk 'BEGIN { for (i = 0; i < 20000; i++) if (i % 3) print "local,local" }'; } >"$tmp/want"
same "are in the order of the file" "$tmp/want" "$tmp/stdout"
printf 'key\n' >"$tmp/none.csv"
gives "no record" 0 run "$K" --params-from "$tmp/none.csv"
stderr_has "is no query" '^0 queries '
printf 'column_name\nkey\n' >"$tmp/lacks.csv"
says 64 'marker 2 (table_name): no column of this name' run "$C" --params-from "$tmp/lacks.csv"
says 3 "cannot read $tmp/nothing: No such file" run "$K" --params-from "$tmp/nothing"

# input that comes while it runs
mkfifo "$tmp/pipe"
run "$K" --params-from - --block 1 <"$tmp/pipe" >"$tmp/streamed" 2>"$tmp/err" &
exec 9>"$tmp/pipe"
printf 'key\nlocal\n' >&9
for ((i = 0; i < 250; i++)); do [[ ! -s $tmp/streamed || $(wc -l <"$tmp/streamed") -lt 2 ]] || break; sleep 0.02; done
check "records are streamed" test "$(tail -n 1 "$tmp/streamed")" = local
exec 9>&-
check "and their end is the end" wait $!

# --- the ring
gives "--token-ranges 3" 0 run "$T" --token-ranges 3 --with-params --empty mark
stdout_is "is the whole ring in pieces" 'start,end,column_name
-9223372036854775808,-3074457345618258603,
-3074457345618258603,3074457345618258602,
3074457345618258602,9223372036854775807,\n'
gives "--token-ranges auto" 0 run "$T" --token-ranges auto --format none
check "is 1024 of them" grep -q '^1024 queries ' "$tmp/stdout"
gives "with -P" 0 run "$T AND column_name=:c" --token-ranges 2 -P c=a,b --with-params --empty mark
stdout_is "is a product, the ring varies fastest" 'start,end,c,column_name
-9223372036854775808,0,a,
0,9223372036854775807,a,
-9223372036854775808,0,b,
0,9223372036854775807,b,\n'
says 64 'parameter start: no marker of this name' run "$K" --token-ranges 2

# --- a workload
{
    echo '{"query":"SELECT key FROM system.local WHERE key=?","params":["local"]}'
    echo '{"query":"SELECT peer FROM system.peers"}'
    echo '{"query":"SELECT position, column_name FROM system_schema.columns WHERE keyspace_name=:k AND table_name=:t AND column_name=:c","params":{"k":"system","t":"local","c":"key"}}'
    echo '{"query":"SELECT key FROM system.local WHERE key=?","params":["nope"],"comment":"passed over"}'
} >"$tmp/work"
gives "--workload" 0 run --workload "$tmp/work"
stdout_is "gives NDJSON, in the order of the lines" '{"key":"local"}\n{"position":0,"column_name":"key"}\n'
stderr_has "counts them" '^4 queries '
gives "as one array, with the parameters" 0 run --workload "$tmp/work" --format json --with-params
stdout_is "has them in front" '[\n{"param.key":"local","key":"local"},\n{"k":"system","t":"local","c":"key","position":0,"column_name":"key"}\n]\n'
gives "as CQL" 0 run --workload "$tmp/work" --format cql
check "has each table" test "$(grep -c '^INSERT INTO ' "$tmp/stdout")" = 2
gives "--format none" 0 run --workload "$tmp/work" --format none
check "counts" grep -q '^4 queries ' "$tmp/stdout"
for ((i = 0; i < 3000; i++)); do cat "$tmp/work"; done >"$tmp/long"
for ((i = 0; i < 3000; i++)); do printf '{"key":"local"}\n{"position":0,"column_name":"key"}\n'; done >"$tmp/want"
work() { run --workload - -j3 <"$tmp/long"; }
gives "12,000 from standard input" 0 work
same "are in order" "$tmp/want" "$tmp/stdout"
printf '{"query":"nonsense"}\n{"query":"SELECT key FROM system.local"}\n' >"$tmp/work"
gives "a statement that is wrong" 1 run --workload "$tmp/work" --max-errors 1 --bad "$tmp/bad"
stdout_is "is an error of its own" '{"key":"local"}\n'
check "with its line in --bad" grep -q '^0,SYNTAX_ERROR,.*"{""query"":""nonsense""}"$' "$tmp/bad"

# --- what does not go together
says 64 'unexpected argument "SELECT"' run SELECT --workload "$tmp/work"
says 64 '--workload and -P do not go together' run --workload "$tmp/work" -P a=1
says 64 '--workload and --params-from do not go together' run --workload "$tmp/work" --params-from -
says 64 '--workload and --token-ranges do not go together' run --workload "$tmp/work" --token-ranges 2
says 64 '--workload and --reduce do not go together' run --workload "$tmp/work" --reduce sum
says 64 '--workload and --dry-run do not go together' run --workload "$tmp/work" --dry-run
says 64 'have different columns; use --format ndjson, json, cql or none' run --workload "$tmp/work" --format csv
says 64 '--params-from and -P do not go together' run "$K" --params-from - -P a=1
says 64 '--params-from and --token-ranges do not go together' run "$K" --params-from - --token-ranges 2
says 64 '--params-format goes with --params-from' run "$K" --params-format csv
says 64 '--repeat goes with -P' run "$K" --params-from - --repeat 2
says 64 'not with --combine zip' run "$K" --token-ranges 2 --combine zip
says 64 'a query is needed' run --params-from -
