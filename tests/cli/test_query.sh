#!/usr/bin/env bash
# `query`: tables, CSV, NDJSON, several statements, bound values, failing statements.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

A="SELECT key, rpc_port, truncated_at FROM system.local WHERE key='local'"
T="SELECT table_name FROM system_schema.tables WHERE keyspace_name='system'"
K='SELECT key FROM system.local WHERE key=?'

gives "a table" 0 query "SELECT key, cql_version FROM system.local"
printf ' key   | cql_version\n-------+-------------\n local |       3.4.7\n\n(1 row)\n' >"$tmp/want"
same "has names, a rule, rows and a count" "$tmp/want" "$tmp/stdout"
gives "no rows" 0 query "SELECT peer FROM system.peers"
printf ' peer\n------\n\n(0 rows)\n' >"$tmp/want"
same "are a table as well" "$tmp/want" "$tmp/stdout"

gives "CSV" 0 query "$T" --format csv --page-size 2
printf '%s\n' table_name local peers peers_v2 >"$tmp/want"
same "has the rows of all pages" "$tmp/want" "$tmp/stdout"
gives "NDJSON" 0 query "$A" --mode ndjson
check "is one JSON object a row" python3 -c '
import json, sys
rows = [json.loads(l) for l in open(sys.argv[1])]
assert len(rows) == 1 and rows[0]["key"] == "local" and rows[0]["rpc_port"] == int(sys.argv[2])
assert list(rows[0]["truncated_at"].values())[0].startswith("0x")' "$tmp/stdout" "${HOST##*:}"

gives "several statements" 0 query -e "$T; -- one; two
    $T;" -e "$T" "$T;" --format csv
check "are run in order" test "$(grep -c '^local$' "$tmp/stdout")" = 4
gives "USE" 0 query "USE system; SELECT key FROM local" --format csv
printf 'key\nlocal\n' >"$tmp/want"
same "prints nothing" "$tmp/want" "$tmp/stdout"

gives "a value by name" 0 query "$K" -P key=local --format csv
same "is bound" "$tmp/want" "$tmp/stdout"
gives "a value by place" 0 query "$K" -P 0=local --format csv
same "is bound" "$tmp/want" "$tmp/stdout"
gives "a value for the next place" 0 query "$K" -P _==local --format csv
same "is bound" "$tmp/want" "$tmp/stdout"
gives "bound values with several pages" 0 query "SELECT table_name FROM system_schema.tables WHERE keyspace_name=?" \
    -P _=system --format csv --page-size 1
stdout_is "have the rows of all" 'table_name\nlocal\npeers\npeers_v2\n'
says 64 'cqlraw query: -P x: the statement has no marker of this name' query "$K" -P x=1
says 64 'cqlraw query: -P 1: the statement has 1 markers' query "$K" -P 1=1
says 64 'cqlraw query: -P _: this marker has a value already' query "$K" -P key=1 -P _=1
says 64 'cqlraw query: -P: "key" is not NAME=VALUE' query "$K" -P key
says 64 'cqlraw query: marker 0 (keyspace_name) has no value' query \
    "SELECT * FROM system_schema.tables WHERE keyspace_name=? AND table_name=?" -P table_name=x
says 64 "cqlraw query: -P peer: " query "SELECT * FROM system.peers WHERE peer=?" -P peer=notaddress
says 2 'cqlraw query: Invalid (0x2200)' query "$K" -P 'key=\N'

says 2 'cqlraw query: Syntax error (0x2000): stub: unknown statement' query nonsense
gives "a statement that fails" 2 query -e "$T; nonsense; $T" --format csv
check "leaves the output of those before it and stops" test "$(grep -c '^local$' "$tmp/stdout")" = 1

gives "--trace, on a server that does not trace" 0 query "SELECT peer FROM system.peers" --trace
stdout_is "changes no rows" ' peer\n------\n\n(0 rows)\n'
stderr_has "and is a warning" '^cqlraw query: warning: the server did not trace the statement$'
gives "--scl" 0 query "$T" --scl LOCAL_SERIAL
says 64 'is not one of SERIAL|LOCAL_SERIAL' query "$T" --scl QUORUM

printf -- '-- two statements\n%s;\n%s' "$T" "$K" | sed "s/?/'local'/" >"$tmp/file.cql"
gives "statements from a file" 0 query -f "$tmp/file.cql" --format csv
stdout_is "run in order" 'table_name\nlocal\npeers\npeers_v2\nkey\nlocal\n'
cp -- "$tmp/stdout" "$tmp/want"
from() { "${@:2}" <"$1"; }
gives "statements from standard input" 0 from "$tmp/file.cql" query --format csv
same "are the same" "$tmp/want" "$tmp/stdout"
{ printf '\xef\xbb\xbf' && cat "$tmp/file.cql"; } >"$tmp/mark.cql"
gives "a file with a byte order mark" 0 query -f "$tmp/mark.cql" --format csv
same "is the same, too" "$tmp/want" "$tmp/stdout"
gives "standard input by name, behind -e" 0 from "$tmp/file.cql" query -e "$A" -f - --format csv
check "in that order" test "$(head -n 1 "$tmp/stdout")" = key,rpc_port,truncated_at
says 3 'cqlraw query: cannot read /nope: No such file or directory' query -f /nope
says 64 'cqlraw query: -P goes with one statement, here are 2' query -f "$tmp/file.cql" -P key=local

says 3 'cqlraw query: 127.0.0.1:1: connect: Connection refused' "$CQLRAW" query x --host 127.0.0.1 --port 1
says 64 'cqlraw query:' "$CQLRAW" query x --host 127.0.0.1:99999
gives "the environment names the host" 0 env "CQLRAW_HOST=$HOST" "$CQLRAW" query "$T"

to() { "${@:2}" >"$1"; }
closed() { "$@" >&-; }
says 4 'cqlraw query: cannot write standard output: No space left' to /dev/full query "$T"
says 4 'cqlraw query: cannot write standard output: Bad file descriptor' closed query "$T"
rc=0
{ query "$T"; } 2>"$tmp/err" > >(:) || rc=$?
check "a reader that went away: 141 or, if it was quick, 0" test "$rc" = 141 -o "$rc" = 0
check "and no complaint" test ! -s "$tmp/err"

# --- a keyspace for names that have none

gives "-k" 0 query -k system "SELECT key FROM local" --format csv
stdout_is "names the keyspace" 'key\nlocal\n'
gives "-k, many processes" 0 run "SELECT key FROM local WHERE key=?" -P key=local --repeat 100 -j 3 --block 1 --keyspace system --format none
says 3 'USE "nosuch":' query -k nosuch "SELECT key FROM local"
says 3 'USE "nosuch":' run "SELECT key FROM local WHERE key=?" -P key=local -k nosuch
mkdir -p -- "$HOME/.cassandra"
printf '[authentication]\nkeyspace = system\n' >"$HOME/.cassandra/cqlshrc"
gives "from cqlshrc" 0 query "SELECT key FROM local" --format csv
rm -- "$HOME/.cassandra/cqlshrc"
