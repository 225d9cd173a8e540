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

cat >"$tmp/asks.c" <<'END'
#include <cqlraw/client.h>
#include <stdio.h>
int main(void)
{
    struct cqlr_tls_opts t;
    struct cqlr_client_opts o;
    struct cqlr_err err = {0};
    cqlr_tls_opts_init(&t, sizeof t);
    cqlr_client_opts_init(&o, sizeof o);
    o.tls = &t;
    cqlr_client *cl = cqlr_client_new(&o);
    int rc = cqlr_sync_connect(cl);
    printf("%d %s %s\n", cqlr_tls_built(), cqlr_errcode_name(rc), cqlr_client_err(cl)->text);
    printf("%d %s\n", cqlr_tls_new(&t, &err) == NULL, err.text);
    cqlr_tls_sessions_free(cqlr_tls_sessions_new());
    cqlr_client_free(cl);
    return 0;
}
END
check "a program that asks is built" "${CC:-cc}" -I"$tmp/root/include" -o "$tmp/asks" "$tmp/asks.c" "$tmp/root/lib/libcqlraw.a"
exits "it runs" 0 "$tmp/asks"
check "and is told" cmp "$tmp/out" <(printf '0 TLS this library was built without TLS\n1 this library was built without TLS\n')

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
