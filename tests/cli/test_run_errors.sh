#!/usr/bin/env bash
# `run`: parameter sets that failed, by class, in --bad, in both summaries; and options that steer a run.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

K='SELECT key FROM system.local WHERE key=?'
A='SELECT peer FROM system.peers WHERE peer=?'
B="SELECT column_name FROM system_schema.columns WHERE keyspace_name=? AND table_name=? AND column_name=:c"

# --- --bad
printf '127.0.0.2\nx\n127.0.0.3\n\\N\n' >"$tmp/peers"
gives "--bad" 1 run "$A" -P "peer=@$tmp/peers" --max-errors 2 --bad "$tmp/bad"
printf '%s\n' index,error,message,peer "1,TYPE,parameter peer: 'x' is not an inet,x" \
    '3,INVALID,Invalid (0x2200): Invalid null value in condition for column peer,' >"$tmp/want"
same "has index, class, reason and parameter" "$tmp/want" "$tmp/bad"
stderr_has "classes are counted" '^errors 1 TYPE \(25\.00%\), 1 INVALID \(25\.00%\); first: peer=x$'
says 64 "$tmp/bad exists (use --overwrite" run "$K" -P key=local --bad "$tmp/bad"
gives "several parameters" 1 run "$B" -P _=system -P 1='\N,local' -P 'c=a"b' --max-errors 1 --bad "$tmp/bad" --overwrite
check "are columns by their names, or places" test "$(cut -d, -f1,2,4- "$tmp/bad")" = $'index,error,0,1,c\n0,INVALID,system,,"a""b"'
stdin() { run "$A" -P peer=@- --max-errors 2 --bad "$tmp/bad" --overwrite <"$tmp/peers"; }
gives "from standard input" 1 stdin
check "the record is there" test "$(awk -F, '{ print $1, $2, $NF }' "$tmp/bad")" = $'index error record\n1 TYPE x\n3 INVALID \\N'
printf 'peer,"a,b"\n127.0.0.1,1\n"x ""y""",2\n' >"$tmp/rows.csv"
gives "from CSV" 1 run "$A" --params-from "$tmp/rows.csv" --max-errors 1 --bad "$tmp/bad" --overwrite
check "the record is as it came" grep -q '^1,TYPE,.*,"""x """"y"""""",2"$' "$tmp/bad"
gives "nothing that failed" 0 run "$K" -P key=local --bad "$tmp/bad" --overwrite
check "gives a header" test "$(<"$tmp/bad")" = index,error,message,key
gives "too many" 2 run "$A" -P "peer=@$tmp/peers" --bad "$tmp/some"
check "what failed until then stays known" grep -q '^1,TYPE,' "$tmp/some"
gives "a run that does not start" 64 run "$K" -P key=local -P x=1 --bad "$tmp/none"
check "gives no file" test ! -e "$tmp/none" -a ! -e "$tmp/none.part"
gives "a file that cannot be written" 4 run "$K" -P key=local --bad "$tmp/no/such"
gives "a full disk" 4 run "$A" -P "peer=@$tmp/peers" --max-errors 2 --bad /dev/full
stderr_has "is told" '^cqlraw run: cannot write /dev/full: No space left'
yes x | head -n 15 >"$tmp/many" || true
gives "many" 1 run "$A" -P "peer=@$tmp/many" --max-errors 15 --bad "$tmp/bad" --overwrite
check "ten are told" test "$(grep -c '^cqlraw run: parameter set ' "$tmp/stderr")" = 10
stderr_has "and how many more" '^cqlraw run: 5 more parameter sets failed$'
check "all are in the file" test "$(wc -l <"$tmp/bad")" = 16

# --- summaries
gives "--summary json" 1 run "$A" -P "peer=@$tmp/peers" --max-errors 2 --summary json --format none -j2
summary() {
    python3 - "$tmp/stdout" <<'P'
import json, sys
o = json.loads(open(sys.argv[1]).read())
assert o["errors"] == {"total": 2, "unknown": 0, "by_class": {"TYPE": 1, "INVALID": 1}}, o
assert o["queries"] == 2 and o["retries"] == 0 and o["outage_seconds"] == 0 and o["resumed"] == 0
assert sum(p["queries"] for p in o["processes"]) == 2 and sum(p["errors"] for p in o["processes"]) == 2
P
}
check "has the classes and the processes" summary
gives "--per-worker" 0 run "$K" -P key=local --repeat 1000 --per-worker -j2 --block 10
check "has a line for each" test "$(grep -cE '^ +[01] +[0-9]+ +0 +[0-9]+ +0 +[0-9]+ +[0-9.]+[mun]?s' "$tmp/stderr")" = 2
check "that add up" test "$(awk '$1 ~ /^[01]$/ && NF == 9 { n += $4 } END { print n }' "$tmp/stderr")" = 1000

# --- --hdr
hdr() {
    python3 - "$tmp/hdr" "$tmp/stdout" <<'P'
import base64, json, struct, sys, zlib
lines = open(sys.argv[1]).read().splitlines()
latency = json.loads(open(sys.argv[2]).read())["latency_ns"]
assert lines[0] == "#[Histogram log format version 1.3]" and len(lines) == 5, lines[:4]
assert lines[3] == '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
start, length, most, payload = lines[4].split(",")
assert abs(float(most) * 1e6 - latency["max"]) < 2, (most, latency)
raw = base64.b64decode(payload, validate=True)
cookie, n = struct.unpack(">II", raw[:8])
assert cookie == 0x1C849314 and n == len(raw) - 8
data = zlib.decompress(raw[8:])
cookie, n, offset, digits, low, high, ratio = struct.unpack(">IIiiqqd", data[:40])
assert (cookie, n, offset, digits, low, ratio) == (0x1C849313, len(data) - 40, 0, 2, 1, 1.0)
counts, at = [], 40
while at < len(data):
    z = shift = 0
    while True:
        z |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            break
    v = (z >> 1) ^ -(z & 1)
    counts += [v] if v > 0 else [0] * -v
def lowest(i):
    return i if i < 256 else (i % 128 + 128) << (i // 128 - 1)
def at_share(share):
    left = sum(counts) * share
    for i, c in enumerate(counts):
        left -= c
        if left <= 0:
            return lowest(i)
assert sum(counts) == 5000, sum(counts)
for name, got in (("min", at_share(0.00001)), ("p50", at_share(0.5)), ("p99", at_share(0.99)), ("max", at_share(1))):
    assert abs(got - latency[name]) <= latency[name] / 100 + 1, (name, got, latency)
try:
    from hdrh.log import HistogramLogReader
    from hdrh.histogram import HdrHistogram
except ImportError:
    sys.exit()
h = HdrHistogram(1, 24 * 3600 * 10**9, 2)
read = HistogramLogReader(sys.argv[1], h)
got = read.get_next_interval_histogram()
assert got.get_total_count() == 5000
assert abs(got.get_value_at_percentile(99) - latency["p99"]) <= latency["p99"] / 100 + 1
P
}
gives "--hdr" 0 run "$K" -P key=local --repeat 5000 --hdr "$tmp/hdr" --summary json --format none
check "is a histogram of what the summary tells" hdr
says 64 "$tmp/hdr exists (use --overwrite" run "$K" -P key=local --hdr "$tmp/hdr"
gives "a full disk" 4 run "$K" -P key=local --hdr /dev/full
stderr_has "is told" 'cannot write /dev/full: No space left'

# --- --dry-run
gives "--dry-run" 0 run "$B" -P _=system -P 1=local,peers -P c=1..1000 -j2 --dry-run -o "$tmp/dry"
cat >"$tmp/want" <<EOF
statement   $B
marker 1    keyspace_name text from _=system
marker 2    table_name text from 1=local,peers
marker 3    c text from c=1..1000
column 1    column_name text
sets        2000 in 8 units of 250
processes   2, each with 128 requests in flight
first set   0=system 1=local c=1
last set    0=system 1=peers c=1000
EOF
same "tells what would be done" "$tmp/want" "$tmp/stdout"
silent "and no more"
check "no file is made" test ! -e "$tmp/dry" -a ! -e "$tmp/dry.part"
says 64 "marker 3 (c): no parameter is given for it" run "$B" -P _=system -P _=local --dry-run
says 64 "'x' is not an inet" run "$A" -P peer=x --dry-run
says 3 'unknown statement' run nonsense --dry-run
says 3 'connect: Connection refused' "$CQLRAW" run --host 127.0.0.1:1 "$K" -P key=local --dry-run

# --- rates, retries, memory
gives "--rate" 0 run "$K" -P key=local --repeat 300 -r 1000 -j2 --summary json --format none
check "holds sets back" python3 -c "import json; s = json.load(open('$tmp/stdout'))['seconds']; assert s > 0.2, s"
gives "--reorder-memory" 0 run "$K" -P key=local --repeat 50k -j3 --reorder-memory 64KiB -o "$tmp/small"
check "that is small gives the same" test "$(wc -l <"$tmp/small")" = 50001
gives "--retries, --outage-wait, --idempotent are taken" 0 run "$K" -P key=local --retries 0 --retry-delay 1ms,1s --outage-wait 0 --idempotent yes
for delay in x 1s,x 5s,1s "1s," ",1s"; do
    says 64 "--retry-delay: \"$delay\" is not a time and a longer one" run "$K" -P key=local --retry-delay "$delay"
done
