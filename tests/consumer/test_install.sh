#!/usr/bin/env bash
# What is installed is enough to build against: the programs here see an installed tree only, through
# pkg-config and through CMake, and do their work on the embedded server.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../cli/lib.sh"

readonly HERE=$TOP/tests/consumer ROOT=$tmp/root PREFIX=$tmp/root/usr

in_tree() { make -s -C "$TOP" BUILD="$(dirname -- "$CQLRAW")" PREFIX="$PREFIX" "$@"; }
with_pc() { PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig pkg-config "$@"; }

# program, compiler, packages, options of pkg-config, more of the compiler
builds() {
    local -a flags
    # shellcheck disable=SC2086 # several packages
    read -r -a flags < <(with_pc --cflags --libs $3)
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
stderr_has "the log tells of the connection" "^info: $HOST: connected in [0-9.]+ ms$"
gives "nobody there, and callbacks" 1 "$tmp/poll" 127.0.0.1:1
stderr_has "the error is told once" '^127\.0\.0\.1:1: connect: Connection refused$'

builds "$HERE/one_connection.c" cc cqlraw one_connection -std=c11 -D_POSIX_C_SOURCE=200809L
gives "one connection in a plain poll loop" 0 "$tmp/one_connection" "${HOST%:*}" "${HOST#*:}"
stdout_is "it knows its peer and its options" "$HOST supports 3 options\\n"

builds "$HERE/authenticate.c" cc cqlraw authenticate -std=c11
listens "$tmp/auth_port" "$CQLRAW" serve --listen 127.0.0.1:0 --port-file "$tmp/auth_port" --auth alice:secret >/dev/null
printf 'secret\n' >"$tmp/password"
gives "an authenticator answered by a callback" 0 "$tmp/authenticate" "127.0.0.1:$port" alice "$tmp/password"
stdout_is "it is let in" 'logged in\n'
gives "with the wrong name" 1 "$tmp/authenticate" "127.0.0.1:$port" bob "$tmp/password"
stdout_has "it is told why not" '^127.0.0.1:[0-9]+: authentication refused: Bad credentials'

builds "$HERE/libuv.c" cc 'cqlraw libuv' libuv -std=c11 -D_POSIX_C_SOURCE=200809L
gives "a client on libuv" 0 "$tmp/libuv" "$HOST"
stdout_is "every query was answered" '1000 queries on libuv\n'

builds "$HERE/window.c" cc cqlraw window -std=c11
gives "one process with a window" 0 "$tmp/window" "$HOST" 20000 100
stdout_has "it says how many" '^20000 queries in [0-9.]+ seconds \([0-9.]+/s\), 20000 rows$'

builds "$HERE/pool.c" cc cqlraw pool -std=c11
gives "a pool, one query at a time in each process, three batches" 0 "$tmp/pool" "$HOST" 3 2000 1 10
check "each batch is complete" test "$(grep -c '^2000 queries in .* 2000 rows$' "$tmp/stdout")" = 3
gives "a pool with a window in each process, three batches" 0 "$tmp/pool" "$HOST" 3 20000 100 100
check "each batch is complete" test "$(grep -c '^20000 queries in .* 20000 rows$' "$tmp/stdout")" = 3

builds "$HERE/forked.c" cc cqlraw forked -std=c11 -D_POSIX_C_SOURCE=200809L
gives "a fork that uses a handle it must not" 0 "$tmp/forked" "$HOST"
stdout_has "the child is told" '^child: .*(fork|process)'
stdout_has "the parent goes on" '^parent: goes on$'

# These do their work on a real server (tests/live): the embedded one stores nothing.
builds "$HERE/load_files.c" cc cqlraw load_files -std=c11
gives "a file that is not there" 1 "$tmp/load_files" "$HOST" 'SELECT key FROM system.local WHERE key = ?' "$tmp/none"
stderr_has "it is named" '/none: cannot be read$'
builds "$HERE/token_scan.c" cc cqlraw token_scan -std=c11
builds "$HERE/values.c" cc cqlraw values -std=c11
gives "a server that stores nothing" 1 "$tmp/values" "$HOST" ks
stderr_has "says so in one line" '0x2[0-9]{3}'

builds "$HERE/bulk.c" cc cqlraw bulk -std=c11
gives "the main job from C" 0 "$tmp/bulk" "$HOST" 20000
stdout_has "every parameter set gave its row" '^20000 queries, 20000 rows, 6[0-9]{3} bytes each$'

builds "$HERE/rows.cpp" c++ cqlraw rows -std=c++17 -pedantic
gives "a client from C++" 0 "$tmp/rows" "$HOST"
stdout_is "it has the row" 'key local, 1 column\n'

builds "$HERE/codec.cpp" c++ cqlraw-proto codec -std=c++17
gives "the codec alone, from C++" 0 "$tmp/codec"
stdout_is "what was written was read" 'SELECT key FROM system.local at ONE\n'

read -r -a flags < <(with_pc --static --cflags --libs cqlraw)
check "static linking" cc -static -std=c11 "$HERE/blocking.c" -o "$tmp/static" "${flags[@]}"
gives "the static program" 0 "$tmp/static" "$HOST"

check "CMake finds the package" cmake -S "$HERE" -B "$tmp/cmake" -DCMAKE_PREFIX_PATH="$PREFIX"
check "CMake builds" cmake --build "$tmp/cmake"
gives "the program that CMake built" 0 "$tmp/cmake/blocking" "$HOST"
stdout_is "it prints the row too" 'local has a port\n'
gives "the static program that CMake built" 0 env -u LD_LIBRARY_PATH "$tmp/cmake/blocking_static" "$HOST"
check "it built every example but libuv, and one twice" test "$(find "$tmp/cmake" -maxdepth 1 -type f -perm -u+x | wc -l)" = \
    "$(find "$HERE" -name '*.c' -o -name '*.cpp' | wc -l)"

check "make uninstall" in_tree uninstall
check "nothing is left" test -z "$(find "$ROOT" ! -type d)"
