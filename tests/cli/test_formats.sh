#!/usr/bin/env bash
# The formats of `query`: what programs read is read back by one, what people read is aligned.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

T="SELECT table_name, comment, flags FROM system_schema.tables WHERE keyspace_name='system'"
L='SELECT key, tokens, truncated_at, bootstrapped, rpc_address, rpc_port, host_id, gossip_generation FROM system.local'
NONE='SELECT peer FROM system.peers'

for format in csv tsv json ndjson; do
    gives "$format" 0 query "$L" --format "$format"
    cp -- "$tmp/stdout" "$tmp/local.$format"
    gives "$format, several pages" 0 query "$T" --format "$format" --page-size 2
    cp -- "$tmp/stdout" "$tmp/tables.$format"
done
check "all formats have the same values" python3 - "$tmp" <<'END'
import csv, json, sys

def text(v):  # a value of JSON as the other formats write it
    if isinstance(v, dict):
        return "{" + ", ".join("%s: %s" % (k, x) for k, x in v.items()) + "}"
    if isinstance(v, list):
        return "{" + ", ".join("'%s'" % x for x in v) + "}"
    return str(v)

def tsv(f):
    letters = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
    def cell(s):
        if s == r"\N":
            return None
        parts = s.split("\\")
        return parts[0] + "".join(letters[p[0]] + p[1:] for p in parts[1:])
    return [[cell(s) for s in line.rstrip("\n").split("\t")] for line in f]

for name, rows in ("local", 1), ("tables", 3):
    at = sys.argv[1] + "/" + name
    whole = json.load(open(at + ".json"))
    lines = [json.loads(line) for line in open(at + ".ndjson")]
    records = list(csv.reader(open(at + ".csv", newline="")))
    tabs = tsv(open(at + ".tsv", newline="\n"))
    assert whole == lines and len(whole) == rows
    assert records == tabs and len(records) == rows + 1
    for row, record in zip(whole, records[1:]):
        assert list(row) == records[0]
        assert [text(v) for v in row.values()] == record
END

gives "JSON of no rows" 0 query "$NONE" --format json
stdout_is "is an empty array" '[\n]\n'
gives "JSON of several statements" 0 query -e "$NONE" -e "$T" --format json
check "is an array each" python3 -c '
import json, sys
text, arrays = open(sys.argv[1]).read(), []
while text.strip():
    value, end = json.JSONDecoder().raw_decode(text.lstrip())
    arrays.append(value)
    text = text.lstrip()[end:]
assert [len(a) for a in arrays] == [0, 3]' "$tmp/stdout"
gives "JSON of a statement without rows" 0 query "USE system" --format json
stdout_is "is nothing" ''

gives "CQL" 0 query "SELECT keyspace_name, table_name, flags FROM system_schema.tables WHERE keyspace_name='system' AND table_name='peers'" --format cql
stdout_is "is a statement a row" \
    "INSERT INTO system_schema.tables (keyspace_name, table_name, flags) VALUES ('system', 'peers', {'compound'});\n"
gives "none" 0 query "$T" --format none
stdout_is "prints nothing" ''
silent "and tells nothing"
says 2 'cqlraw query: Invalid (0x2200)' query "SELECT nope FROM system.local" --format none
says 64 '"xml" is not one of table|csv|tsv|json|ndjson|cql|none' query "$T" --format xml

gives "expanded" 0 query "SELECT key, cql_version FROM system.local" -x
stdout_is "has a line for each column" \
    '@ Row 1\n-------------+-------\n key         | local\n cql_version | 3.4.7\n\n(1 row)\n'
gives "expanded without rows" 0 query "$NONE" --expand
stdout_is "has the count only" '\n(0 rows)\n'
gives "expanded, several pages" 0 query "$T" -x --page-size 2
check "counts the rows through" test "$(grep -c '^@ Row [123]$' "$tmp/stdout")" = 3
says 64 'cqlraw query: --expand goes with --format table' query "$T" -x --format csv

# Colour: off where nobody looks, on when asked for.
bold=$'\033[1m' plain=$'\033[0m'
C="SELECT key FROM system.local"
gives "a table that is no terminal's" 0 env -u FORCE_COLOR "$CQLRAW" query --host "$HOST" "$C"
stdout_is "is plain" ' key\n-------\n local\n\n(1 row)\n'
gives "--color always" 0 query "$C" --color always
stdout_is "makes the names bold" " ${bold}key${plain}\n-------\n local\n\n(1 row)\n"
gives "FORCE_COLOR" 0 env FORCE_COLOR=1 NO_COLOR= "$CQLRAW" query --host "$HOST" "$C"
stdout_is "does so, too" " ${bold}key${plain}\n-------\n local\n\n(1 row)\n"
gives "--color never" 0 env FORCE_COLOR=1 "$CQLRAW" query --host "$HOST" "$C" --color never
stdout_is "makes it plain again" ' key\n-------\n local\n\n(1 row)\n'
for format in csv tsv json ndjson cql; do
    query "$C" --format "$format" --color always >"$tmp/stdout"
    check "$format is never coloured" bash -c "! grep -q '$bold' '$tmp/stdout'"
done
