#!/usr/bin/env bash
# Output of `run` that must not be lost unnoticed: -o, full disks, closed pipes.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

K='SELECT key FROM system.local WHERE key=?'
ROWS='SELECT * FROM system.local WHERE key=?'
f=$tmp/rows.csv

gives "-o" 0 run "$K" -P key=local -o "$f"
check "stdout is empty" test ! -s "$tmp/stdout"
printf 'key\nlocal\n' >"$tmp/want"
same "the file has the rows" "$tmp/want" "$f"
check "no part is left" test ! -e "$f.part"
says 64 "cqlraw run: $f exists (use --overwrite to replace it)" run "$K" -P key=nope -o "$f"
same "it is as it was" "$tmp/want" "$f"
gives "--overwrite" 0 run "$K" -P key=nope -o "$f" --overwrite
printf 'key\n' >"$tmp/want"
same "it is replaced" "$tmp/want" "$f"
gives "an old part" 0 bash -c "echo much more than is needed >'$f.part'; '$CQLRAW' run --host '$HOST' '$K' -P key=local -o '$f' --overwrite"
printf 'key\nlocal\n' >"$tmp/want"
same "is begun anew" "$tmp/want" "$f"
gives "a table to a file" 0 run "$K" -P key=local -o "$f" --overwrite --format table
printf ' key\n-------\n local\n' >"$tmp/want"
same "is one" "$tmp/want" "$f"

printf '127.0.0.2\nx\n' >"$tmp/peers"
A='SELECT peer FROM system.peers WHERE peer=?'
gives "with some errors" 1 run "$A" -P "peer=@$tmp/peers" --max-errors 1 -o "$f" --overwrite
printf 'peer\n' >"$tmp/want"
same "the file is complete" "$tmp/want" "$f"
gives "with too many" 2 run "$A" -P "peer=@$tmp/peers" -o "$f.2"
check "there is no file" test ! -e "$f.2" -a ! -e "$f.2.part"
check "and the last line says so" test "$(tail -n 1 "$tmp/stderr")" = "cqlraw run: $f.2 is not complete: $f.2.part removed"
gives "a query that cannot be prepared" 3 run nonsense -o "$f.2"
check "leaves nothing either" test ! -e "$f.2" -a ! -e "$f.2.part"

mkfifo "$tmp/names"
run "$K" -P key=@- -o "$f.2" <"$tmp/names" 2>"$tmp/err" &
exec 9>"$tmp/names"
for ((i = 0; i < 250; i++)); do [[ ! -e $f.2.part ]] || break; sleep 0.02; done
says 4 "another run is writing $f.2.part" run "$K" -P key=local -o "$f.2"
echo local >&9 && exec 9>&-
check "the first one goes on" wait $!
printf 'key\nlocal\n' >"$tmp/want"
same "and has its rows" "$tmp/want" "$f.2"
rm -- "$f.2"

printf 'not ours\n' >"$tmp/other"
ln -s -- "$tmp/other" "$f.2.part"
says 4 "cannot write $f.2: " run "$K" -P key=local -o "$f.2"
check "what a link leads to is not written to" test "$(<"$tmp/other")" = 'not ours'
rm -f -- "$f.2.part"

full() { run "$@" >/dev/full; }
closed() { run "$@" >&-; }
for format in csv table; do
    gives "a full disk, $format" 4 full "$ROWS" -P key=local --repeat 100 --format "$format"
    stderr_has "is told" '^cqlraw run: cannot write standard output: No space left on device$'
    gives "stdout closed, $format" 4 closed "$ROWS" -P key=local --format "$format"
    stderr_has "is told" '^cqlraw run: cannot write standard output: Bad file descriptor$'
    gives "-o on a full device, $format" 4 run "$ROWS" -P key=local --repeat 100 --format "$format" -o /dev/full
    stderr_has "is told" '^cqlraw run: cannot write /dev/full: No space left on device$'
done
gives "the line on a full disk" 4 full "$K" -P key=local --format none
limited() { (ulimit -f 4096 && trap '' XFSZ && run "$@"); }
gives "a file that cannot grow" 4 limited "$ROWS" -P key=local --repeat 2000 -j1 -o "$f.3"
stderr_has "is told" "^cqlraw run: cannot write $f.3: File too large\$"
check "and leaves no part" test ! -e "$f.3" -a ! -e "$f.3.part"

for format in csv table; do
    codes=$(run "$ROWS" -P key=local --repeat 20k --format "$format" 2>"$tmp/stderr" | head -1 >"$tmp/stdout" && echo "${PIPESTATUS[*]}" || echo "${PIPESTATUS[*]}")
    check "a reader that goes away, $format: 141" test "$codes" = "141 0"
    check "quietly" test ! -s "$tmp/stderr"
done

# a reader that is slow loses nothing
run "$ROWS" -P key=local --repeat 2k -j2 2>"$tmp/err" | { sleep 0.5 && cksum >"$tmp/slow"; }
run "$ROWS" -P key=local --repeat 2k -j1 2>"$tmp/err" | cksum >"$tmp/fast"
same "a slow reader gets the same" "$tmp/fast" "$tmp/slow"
