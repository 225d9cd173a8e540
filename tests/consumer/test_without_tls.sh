#!/usr/bin/env bash
# What is built with WITH_TLS=0: complete, linked to no OpenSSL, and clear about what it cannot do.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../cli/lib.sh"

without() { make -s -C "$TOP" BUILD="$tmp/build" CFLAGS=-O0 WITH_TLS=0 "$@"; }
names_openssl() { grep -qE 'ssl|crypto' "$@"; }

check "it builds without a warning" without -j"$(nproc)" WERROR=-Werror all
exits "the libraries ask for no OpenSSL" 1 names_openssl <(readelf -d "$tmp/build/libcqlraw.so" "$tmp/build/libcqlraw-proto.so")
check "they export the same names" env BUILD="$tmp/build" "$TOP/tools/check/lint" symbols
check "make install" without PREFIX="$tmp/root" install
exits "nor do pkg-config and CMake" 1 names_openssl -r "$tmp/root/lib/pkgconfig" "$tmp/root/lib/cmake"

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
check "a program that asks is built" "${CC:-cc}" -I"$tmp/root/include" -o "$tmp/asks" "$tmp/asks.c" "$tmp/root/lib/libcqlraw.a" -llz4
exits "it runs" 0 "$tmp/asks"
check "and is told" cmp "$tmp/out" <(printf '0 TLS this library was built without TLS\n1 this library was built without TLS\n')

CQLRAW=$tmp/build/cqlraw
serve --delay 0
gives "without TLS it does its work" 0 query -e "SELECT key FROM system.local" --format csv
stdout_is "and answers" 'key\nlocal\n'
