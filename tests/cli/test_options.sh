#!/usr/bin/env bash
# `options`: what a server says of itself, as text and as JSON.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

options() { "$CQLRAW" options --host "$HOST" "$@"; }

gives "options" 0 options
for line in "address +$HOST" 'release_version +5\.[0-9.]+-stub' 'cluster_name +cqlraw stub' 'tokens +256' \
    'partitioner +org\.apache\.cassandra\.dht\.Murmur3Partitioner' 'PROTOCOL_VERSIONS +4/v4' 'peers +none'; do
    stdout_has "tells ${line%% *}" "^$line\$"
done
check "aligned" test "$(awk '{ match($0, /^[A-Za-z_]+ +/); print RLENGTH }' "$tmp/stdout" | sort -u | wc -l)" = 1
silent "and nothing else"
gives "JSON" 0 options --json
check "is one object" python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
assert o["address"] == sys.argv[2] and o["release_version"].endswith("-stub")
assert o["cluster_name"] == "cqlraw stub" and o["tokens"] == 256 and o["peers"] == []
assert o["supported"]["PROTOCOL_VERSIONS"] == ["4/v4"] and o["supported"]["COMPRESSION"] == ["lz4"]
' "$tmp/stdout" "$HOST"

says 3 'cqlraw options: 127.0.0.1:1: connect: Connection refused' "$CQLRAW" options --host 127.0.0.1:1
says 64 'cqlraw options: unexpected argument "x"' options x
closed() { "$@" >&-; }
says 4 'cqlraw options: cannot write standard output: Bad file descriptor' closed options
