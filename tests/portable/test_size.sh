#!/usr/bin/env bash
# The whole program, static, on a small C library: its size.
# shellcheck source=tests/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../lib.sh"

readonly MOST=$((600 * 1024)) # without TLS

strip -o "$tmp/cqlraw" "$CQLRAW"
check "it needs no library" test "$(readelf -d "$tmp/cqlraw" | grep -c NEEDED)" = 0
check "it runs" "$tmp/cqlraw" version
size=$(stat -c %s -- "$tmp/cqlraw")
check "stripped it has $size bytes, at most $MOST" test "$size" -le $MOST
