#!/usr/bin/env bash
# From C, against what is installed: files are loaded by jobs, a table is added up over the pieces of the
# ring. And the same by the program: the sums are equal.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_from_c FILES=7 LINES_EACH=3000

builds() {
    local -a flags
    read -r -a flags < <(PKG_CONFIG_PATH=$tmp/root/lib/pkgconfig pkg-config --cflags --libs cqlraw)
    check "$1 builds" cc -std=c11 -Wall -Wextra -Werror "$TOP/tests/consumer/$1.c" -o "$tmp/$1" "${flags[@]}"
}

check "make install" make -s -C "$TOP" BUILD="$(dirname -- "$CQLRAW")" PREFIX="$tmp/root" install
export LD_LIBRARY_PATH=$tmp/root/lib
builds load_files
builds token_scan
builds values

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v int)" >/dev/null
files=()
for ((i = 0; i < FILES; i++)); do
    awk -v i="$i" -v n="$LINES_EACH" 'BEGIN { for (k = 1; k <= n; k++) print i * n + k, k % 10 }' >"$tmp/part-$i"
    files+=("$tmp/part-$i")
done
exits "$FILES files are loaded" 0 "$tmp/load_files" "$CONTACT" "INSERT INTO $KS.t (id, v) VALUES (?, ?)" "${files[@]}"
check "it says how much" test "$(<"$tmp/out")" = "$FILES files, $((FILES * LINES_EACH)) rows"
echo "x y" >"$tmp/bad"
exits "a file with a line that does not fit fails, the others are loaded" 1 \
    "$tmp/load_files" "$CONTACT" "INSERT INTO $KS.t (id, v) VALUES (?, ?)" "${files[0]}" "$tmp/bad"
check "it is named" grep -q "^$tmp/bad: .*'x' is not an int" "$tmp/err"

for ((i = 0; i < 2; i++)); do # the second time the table is there
    exits "values of several types are written and read" 0 "$tmp/values" "$CONTACT" "$KS"
    check "each prints by its type, the map by its elements" diff "$tmp/out" - <<'EOF'
name: "ann"
hours: {"mon": 8, "tue": 7}
  mon 8 hours
  tue 7 hours
member: true
photo: null
points: 1234567890123
score: 0.1
since: "2024-02-29T12:00:00.000Z"
EOF
done

readonly SUM=$((FILES * LINES_EACH * 45 / 10))
for pieces in 1 2 64 1000; do
    exits "the ring in $pieces pieces" 0 \
        "$tmp/token_scan" "$CONTACT" $pieces "SELECT v FROM $KS.t WHERE token(id) > ? AND token(id) <= ?"
    check "every row is there once" test "$(<"$tmp/out")" = "$pieces pieces, $((FILES * LINES_EACH)) rows, sum $SUM"
done

exits "the program adds up counts over the ring" 0 \
    cql_run "SELECT count(*) AS n, sum(v) AS v FROM $KS.t WHERE token(id) > :start AND token(id) <= :end" \
    --token-ranges 64 --reduce sum --format csv
check "to the same" test "$(<"$tmp/out")" = "$(printf 'n,v\n%d,%d' $((FILES * LINES_EACH)) $SUM)"
exits "the largest of the pieces" 0 \
    cql_run "SELECT max(id) AS m FROM $KS.t WHERE token(id) > :start AND token(id) <= :end" \
    --token-ranges auto --reduce max --format csv
check "is the table's" test "$(<"$tmp/out")" = "$(printf 'm\n%d' $((FILES * LINES_EACH)))"
