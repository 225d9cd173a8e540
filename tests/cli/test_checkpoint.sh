#!/usr/bin/env bash
# `run --checkpoint --resume`: what a run that was stopped anywhere left is gone on with, byte for byte.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"
serve --delay 0

C="SELECT column_name FROM system_schema.columns
   WHERE keyspace_name='system' AND table_name='local' AND column_name=?"
A='SELECT peer FROM system.peers WHERE peer=?'
f=$tmp/rows ck=$tmp/checkpoint

awk 'BEGIN { srand(3); n = split("key rack tokens nope rpc_port host_id", w); for (i = 0; i < 30000; i++) print w[int(rand() * n) + 1] }' >"$tmp/names"
{ echo column_name && grep -v nope "$tmp/names"; } >"$tmp/want"
JOB=("$CQLRAW" run --host "$HOST" "$C" -P "column_name=@$tmp/names" -j2 --block 50 -o "$f" --checkpoint "$ck")

# Starts a slow run and stops it with a signal once a checkpoint says that it is under way.
stopped() { # signal rate command ...
    "${@:3}" -r "$2" >"$tmp/out" 2>"$tmp/stderr" &
    local pid=$! i
    for ((i = 0; i < 500; i++)); do
        [[ ! -e $ck ]] || ! grep -Eq '^done [1-9]' "$ck" || [[ $(<"$ck") == "${before:-}" ]] || break
        sleep 0.01
    done
    before=$(<"$ck")
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null || return $?
}
again() { rm -f -- "$f" "$f.part" "$ck"; before=; }
figure() { awk -v name="$1" '$1 == name { print $2 }' "$ck"; }

# --- killed and interrupted, several times over
exits "killed" 137 stopped KILL 10k "${JOB[@]}"
check "the part and the checkpoint are there" test -s "$f.part" -a "$(figure state)" = running
exits "resumed, and killed again" 137 stopped KILL 10k "${JOB[@]}" --resume
check "it went on" test "$(figure 'done')" -gt 10000
exits "resumed, and interrupted" 130 stopped INT 5k "${JOB[@]}" --resume
check "the checkpoint is of its end" test "$(figure state)" = ended -a "$(figure unknown)" = 0
check "and of all that was written" test "$(stat -c %s -- "$f.part")" = "$(figure bytes)"
check "the last line names both" grep -q "rows.part and $ck stay, --resume goes on\$" <(tail -n 1 "$tmp/stderr")
yes 'left over' | head -n 100000 >>"$f.part" || true # more than is still to come
gives "resumed with a part that is longer" 0 "${JOB[@]}" --resume
stderr_has "says where" '^cqlraw run: resumed behind parameter set [0-9]+$'
same "the output is that of one run" "$tmp/want" "$f"
check "nothing else is left" test ! -e "$f.part" -a ! -e "$ck" -a ! -e "$ck.new"
check "the queries are those of the rest" test "$(awk '/ queries in /{ print $1 }' "$tmp/stderr")" -lt 20000

# --- a first time
gives "--resume without a checkpoint" 0 "${JOB[@]}" --resume --overwrite
stderr_has "says so" 'there is no .*checkpoint, starting anew'
same "and does it all" "$tmp/want" "$f"

# --- what must not be mixed
again
exits "killed" 137 stopped KILL 10k "${JOB[@]}"
cp -- "$ck" "$tmp/kept"
check "the statement and its parameters are for the owner only" test "$(stat -c %a -- "$ck")" = 600
says 64 "$ck exists (--resume goes on from there)" "${JOB[@]}"
says 64 "is of another command: statement is not the same" "$CQLRAW" run --host "$HOST" "${C/_name=?/_name=? }" \
    -P "column_name=@$tmp/names" -o "$f" --checkpoint "$ck" --resume
says 64 "is of another command: -P is not the same" "$CQLRAW" run --host "$HOST" "$C" -P column_name=key -o "$f" --checkpoint "$ck" --resume
says 64 "is of another command: --format is not the same" "${JOB[@]}" --resume --format ndjson
cp -- "$tmp/names" "$tmp/names.kept" && sed -i '1s/.*/peer/' "$tmp/names"
says 64 "is of another command: file is not the same" "${JOB[@]}" --resume
mv -- "$tmp/names.kept" "$tmp/names"
echo nonsense >"$ck"
says 64 "is no checkpoint of this version" "${JOB[@]}" --resume
head -n 5 "$tmp/kept" >"$ck"
says 64 "is no checkpoint of this version" "${JOB[@]}" --resume
cp -- "$tmp/kept" "$ck"
cp -- "$f.part" "$tmp/part" && truncate -s 100 "$f.part"
gives "a part that is shorter" 4 "${JOB[@]}" --resume
stderr_has "says so" 'less than the checkpoint says is in .*part$'
rm -- "$f.part"
gives "no part" 4 "${JOB[@]}" --resume
stderr_has "says so" 'there is no .*part$'
check "none is made" test ! -e "$f.part"
same "and the checkpoint stays" "$tmp/kept" "$ck"
cp -- "$tmp/part" "$f.part"
gives "with all in place" 0 "${JOB[@]}" --resume
same "it goes on" "$tmp/want" "$f"

# --- killed between the output's name and the end of the checkpoint
sed "s/^state .*/state complete/; s/^bytes .*/bytes $(stat -c %s -- "$f")/; s/^done .*/done 30000/" "$tmp/kept" >"$ck"
gives "all was done" 0 "${JOB[@]}" --resume
stderr_has "says so" 'rows is complete$'
check "the checkpoint goes" test ! -e "$ck"
same "the output stays" "$tmp/want" "$f"

# --- what may have been executed
again
exits "killed, not to be repeated" 137 stopped KILL 10k "${JOB[@]}" --idempotent no
says 64 "may have been executed; --idempotent yes sends it again" "${JOB[@]}" --resume --idempotent no
sed -i 's/^state .*/state ended/; s/^unknown .*/unknown 3/' "$ck"
says 64 "3 parameter sets may have been executed" "${JOB[@]}" --resume --idempotent no
sed -i 's/^unknown .*/unknown 0/' "$ck"
gives "nothing is unknown" 0 "${JOB[@]}" --resume --idempotent no
same "goes on" "$tmp/want" "$f"
again
exits "interrupted, not to be repeated" 130 stopped INT 10k "${JOB[@]/-j2/-j1}" --idempotent no
check "all that was sent was waited for" test "$(figure unknown)" = 0

# --- nothing was sent
again
gives "no server" 3 "$CQLRAW" run --host 127.0.0.1:1 "$C" -P column_name=key -o "$f" --checkpoint "$ck"
check "leaves nothing" test ! -e "$f.part" -a ! -e "$ck"
exits "killed" 137 stopped KILL 10k "${JOB[@]}"
cp -- "$ck" "$tmp/kept"
gives "resumed without a server" 3 env CQLRAW_HOST= "$CQLRAW" run --host 127.0.0.1:1 "$C" -P "column_name=@$tmp/names" -o "$f" \
    --checkpoint "$ck" --resume
same "leaves the checkpoint" "$tmp/kept" "$ck"
gives "and then" 0 "${JOB[@]}" --resume
same "it goes on" "$tmp/want" "$f"

# --- errors: those of before count, --bad is cut and gone on with too
again
awk 'BEGIN { for (i = 0; i < 20000; i++) print i % 1000 == 7 ? "x" : "127.0.0.1" }' >"$tmp/peers"
BAD=("$CQLRAW" run --host "$HOST" "$A" -P "peer=@$tmp/peers" -j2 -o "$f" --checkpoint "$ck" --bad "$tmp/bad" --max-errors 20)
gives "with errors, in one go" 1 "$CQLRAW" run --host "$HOST" "$A" -P "peer=@$tmp/peers" -o "$tmp/rows.whole" --bad "$tmp/bad.whole" --max-errors 20
exits "killed" 137 stopped KILL 8k "${BAD[@]}"
check "errors are in the checkpoint" test "$(figure errors)" -gt 0
echo 'left over' >>"$tmp/bad.part"
exits "killed again" 137 stopped KILL 4k "${BAD[@]}" --resume
gives "resumed" 1 "${BAD[@]}" --resume
same "the bad ones are those of one run" "$tmp/bad.whole" "$tmp/bad"
stderr_has "those of before are told" '^errors before it was resumed: [1-9]'
again
rm -- "$tmp/bad"
BAD[${#BAD[@]} - 1]=9
exits "killed" 137 stopped KILL 4k "${BAD[@]}"
gives "too many, with those of before" 2 "${BAD[@]}" --resume

# --- a stream
again
{ echo column_name && cat "$tmp/names"; } >"$tmp/names.csv"
STREAM=("$CQLRAW" run --host "$HOST" "$C" -j2 -o "$f" --checkpoint "$ck" --params-from)
exits "a file of records, killed" 137 stopped KILL 10k "${STREAM[@]}" "$tmp/names.csv"
gives "resumed" 0 "${STREAM[@]}" "$tmp/names.csv" --resume
same "is the same" "$tmp/want" "$f"
again
from_stdin() { "${STREAM[@]}" - "$@" <"$tmp/names.csv"; }
exits "standard input, killed" 137 stopped KILL 10k bash -c "exec \"\$0\" \"\$@\" <'$tmp/names.csv'" "${STREAM[@]}" -
gives "resumed with the same input" 0 from_stdin --resume
same "is the same" "$tmp/want" "$f"

says 64 '--resume needs --checkpoint FILE' run "$C" -P column_name=key --resume
says 64 '--checkpoint needs --output FILE' run "$C" -P column_name=key --checkpoint "$ck"
says 64 '--checkpoint needs --order input' run "$C" -P column_name=key --checkpoint "$ck" -o "$f" --order none
says 64 '--checkpoint goes with --format csv, tsv, ndjson or cql' run "$C" -P column_name=key --checkpoint "$ck" -o "$f" --format json
says 64 '/dev/null is no file that can be gone on with' run "$C" -P column_name=key --checkpoint "$ck" -o /dev/null
