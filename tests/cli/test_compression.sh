#!/usr/bin/env bash
# --compression lz4: the same output as without, from fewer bytes on the wire.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

# The main job and a query, to files; the bytes are told in up_$1 and down_$1.
main_job() { "$CQLRAW" run --host "$WIRE" "SELECT * FROM system.local WHERE key=?" -P key=local --repeat 2000 -j 2 --summary none -o "$tmp/run.$1" --overwrite --compression "$1"; }
printf -v long '%4000s' ''
schema() {
    "$CQLRAW" query --host "$WIRE" --compression "$1" --format csv --page-size 50 -e "SELECT * FROM system_schema.columns" \
        -e "SELECT key $long FROM system.local" >"$tmp/query.$1"
}

for how in none lz4; do
    check "run, compression $how" counted "$HOST" main_job "$how"
    declare "run_$how=$down"
    check "query, compression $how" counted "$HOST" schema "$how"
    declare "query_$how=$down" "sent_$how=$up"
done
same "a run gives the same rows" "$tmp/run.none" "$tmp/run.lz4"
check "2000 of them" test "$(wc -l <"$tmp/run.lz4")" = 2001
same "so does a query" "$tmp/query.none" "$tmp/query.lz4"
# shellcheck disable=SC2154 # set by declare
{
    check "a run's answers are smaller on the wire ($run_none, $run_lz4)" test $((run_lz4 * 10)) -lt $((run_none * 9))
    check "a query's answers are less than half ($query_none, $query_lz4)" test $((query_lz4 * 2)) -lt "$query_none"
    check "a long request, too ($sent_none, $sent_lz4)" test $((sent_none - sent_lz4)) -gt 3500
}

gives "options" 0 "$CQLRAW" options --host "$HOST" --compression lz4
stdout_has "tells that the server has it" '^COMPRESSION +lz4$'
gives "ping" 0 "$CQLRAW" ping --host "$HOST" --compression LZ4 -n 1
serve --delay 0 --auth ann:secret
gives "with a password" 0 query -u ann -p secret --compression lz4 -e "SELECT key FROM system.local" --format csv
stdout_is "it is let in" 'key\nlocal\n'

gives "where the value comes from" 0 "$CQLRAW" options --config
stdout_has "by default there is none" '^compression +none +default$'
gives "where it comes from, given" 0 "$CQLRAW" options --config --compression lz4
stdout_has "the command line" '^compression +lz4 +command line$'
printf '[cqlraw]\ncompression = lz4\n' >"$XDG_CONFIG_HOME/cqlraw/config"
gives "where it comes from, in a file" 0 "$CQLRAW" options --config
stdout_has "the file" '^compression +lz4 .*config:2$'
