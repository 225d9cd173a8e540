#!/usr/bin/env bash
# What is built with WITH_LZ4=0 WITH_TLS=0: complete, linked to neither LZ4 nor OpenSSL, and clear about what it cannot do.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../cli/lib.sh"

without() { make -s -C "$TOP" BUILD="$tmp/build" CFLAGS=-O0 WITH_LZ4=0 WITH_TLS=0 "$@"; }
names_them() { grep -Eq 'lz4|ssl|crypto' "$@"; }

check "it builds without a warning" without -j"$(nproc)" WERROR=-Werror all
exits "the library asks for neither" 1 names_them <(readelf -d "$tmp/build/libcqlraw.so" "$tmp/build/libcqlraw-proto.so")
check "it exports the same names" env BUILD="$tmp/build" "$TOP/tools/check/lint" symbols
check "make install" without PREFIX="$tmp/root" install
exits "nor does what pkg-config says" 1 names_them "$tmp/root/lib/pkgconfig/cqlraw.pc"

with=$CQLRAW
CQLRAW=$tmp/build/cqlraw
serve --delay 0
gives "it does its work" 0 query -e "SELECT key FROM system.local" --format csv
stdout_is "uncompressed" 'key\nlocal\n'
gives "its server" 0 "$CQLRAW" options --host "$HOST" --json
stdout_has "offers no compression" '"COMPRESSION":\[\]'
says 3 "STARTUP refused (it asked for COMPRESSION lz4): Protocol error (0x000a)" "$with" query --host "$HOST" --compression lz4 "SELECT key FROM system.local"
for command in 'run SELECT' 'query SELECT' options ping; do
    # shellcheck disable=SC2086 # a command and its argument
    says 64 "cqlraw ${command% *}: --compression lz4: this cqlraw was built without LZ4" "$CQLRAW" $command --host "$HOST" --compression lz4
    # shellcheck disable=SC2086
    says 64 "cqlraw ${command% *}: --tls: this cqlraw was built without TLS" "$CQLRAW" $command --host "$HOST" --tls
done
gives "version" 0 "$CQLRAW" version
stdout_has "says so, too" '^TLS no, LZ4 no$'
