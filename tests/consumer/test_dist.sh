#!/usr/bin/env bash
# The tarball of `make dist` is complete: what is in it builds, and passes tests, without git.
# shellcheck source=tests/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../lib.sh"

dist() { make -s -C "$TOP" BUILD="$tmp/$1" dist; }
same_bytes() { cmp -- "$(dist a)" "$(dist b)"; }

mkdir -- "$tmp/a" "$tmp/b" "$tmp/src"
check "the same tree gives the same tarball" same_bytes
check "it unpacks into one folder" tar -xzf "$tmp"/a/cqlraw-*.tar.gz -C "$tmp/src"
cd -- "$tmp"/src/cqlraw-*
check "which has no results in it" test ! -e build
check "it builds without a warning" make -s -j"$(nproc)" WERROR=-Werror all vectors
check "the program is of this version" test "$(build/cqlraw version)" = "$("$CQLRAW" version)"
read -r -a vectors < <(make -s print-VECTORS)
check "its tests pass" env -u CQLRAW tests/run "${vectors[@]}" tests/cli/test_arguments.sh
check "make dist works in it too" make -s dist
