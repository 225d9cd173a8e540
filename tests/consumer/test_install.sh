#!/usr/bin/env bash
# What is installed is enough to build against: the programs here see an installed tree only, through
# pkg-config and through CMake, and do their work on the embedded server.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../cli/lib.sh"

readonly HERE=$TOP/tests/consumer ROOT=$tmp/root PREFIX=$tmp/root/usr

in_tree() { make -s -C "$TOP" BUILD="$(dirname -- "$CQLRAW")" PREFIX="$PREFIX" "$@"; }
with_pc() { PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig pkg-config "$@"; }

# program, compiler, package, options of pkg-config, more of the compiler
builds() {
    local -a flags
    read -r -a flags < <(with_pc --cflags --libs "$3")
    check "$(basename -- "$1") builds with pkg-config" "$2" -Wall -Wextra -Werror "$1" -o "$tmp/$4" "${flags[@]}" "${@:5}"
}

serve --delay 0
check "make install" in_tree install
check "the version is the program's" test "$(with_pc --modversion cqlraw)" = "$("$PREFIX/bin/cqlraw" version | sed -n 's/^cqlraw \([0-9.]*\).*/\1/p')"
export LD_LIBRARY_PATH=$PREFIX/lib

builds "$HERE/blocking.c" cc cqlraw blocking -std=c11
gives "blocking query" 0 "$tmp/blocking" "$HOST"
stdout_is "it prints the row" 'local has a port\n'
gives "nobody there" 1 "$tmp/blocking" 127.0.0.1:1
stderr_has "one line names address and cause" '^127\.0\.0\.1:1: connect: Connection refused$'

builds "$HERE/poll.c" cc cqlraw poll -std=c11 -D_POSIX_C_SOURCE=200809L
gives "a client in a plain poll loop" 0 "$tmp/poll" "$HOST"
stdout_is "every callback ran" '10 queries, 10 rows\n'

builds "$HERE/bulk.c" cc cqlraw bulk -std=c11
gives "the main job from C" 0 "$tmp/bulk" "$HOST" 20000
stdout_has "every parameter set gave its row" '^20000 queries, 20000 rows, 6[0-9]{3} bytes each$'

builds "$HERE/codec.cpp" c++ cqlraw-proto codec -std=c++17
gives "the codec alone, from C++" 0 "$tmp/codec"
stdout_is "what was written was read" 'SELECT key FROM system.local at ONE\n'

check "static linking" cc -std=c11 -I"$PREFIX/include" "$HERE/blocking.c" "$PREFIX/lib/libcqlraw.a" -o "$tmp/static"
gives "the static program" 0 "$tmp/static" "$HOST"

check "CMake finds the package" cmake -S "$HERE" -B "$tmp/cmake" -DCMAKE_PREFIX_PATH="$PREFIX"
check "CMake builds" cmake --build "$tmp/cmake"
gives "the program that CMake built" 0 "$tmp/cmake/blocking" "$HOST"
stdout_is "it prints the row too" 'local has a port\n'

check "make uninstall" in_tree uninstall
check "nothing is left" test -z "$(find "$ROOT" ! -type d)"
