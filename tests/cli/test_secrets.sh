#!/usr/bin/env bash
# A password while the program holds it: how often it is sent when a server refuses it, who can see it in workers,
# and that nothing which is said or written quotes it out of CQL.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

connected() { [[ $(grep -c ': connected' "$1" 2>/dev/null) -ge $2 ]]; } # log times
lacks() { ! grep -Fqa -- "$1" "$2"; } # text file
SECRET=Kolibri-73-of-the-test
Q='SELECT key FROM system.local'
pw=$tmp/pw wrong=$tmp/wrong
(umask 077 && printf '%s\n' "$SECRET" >"$pw" && printf 'no-%s\n' "$SECRET" >"$wrong")
loop=("$Q WHERE key=?" -P key=local --format none)

# A server that counts: `serve_counting NAME ARGUMENT ...` listens at $HOST; `count NAME` ends it and gives its connections.
serve_counting() {
    listens "$tmp/port.$1" "$CQLRAW" serve --listen "${LISTEN:-127.0.0.1:0}" --port-file "$tmp/port.$1" --stats "${@:2}" >/dev/null 2>"$tmp/count.$1"
    HOST=127.0.0.1:$port
    echo "$listener" >"$tmp/pid.$1"
}
count() {
    kill "$(<"$tmp/pid.$1")"
    while kill -0 "$(<"$tmp/pid.$1")" 2>/dev/null; do sleep 0.02; done
    grep -o '[0-9]* connections' "$tmp/count.$1" | cut -d ' ' -f 1
}

# --- a password that is refused is sent once to each host, by each command

once() { # what connections-of-a connections-of-b command ...; the hosts are $A,$B
    serve_counting a --auth "alice:$SECRET" --delay 50ms
    A=$HOST
    serve_counting b --auth "alice:$SECRET" --delay 50ms
    exits "$1: refused" 3 "${@:4}" --host "$A,$HOST" -u alice --password-file "$wrong"
    check "$1: without the password in what it says" lacks "$SECRET" "$tmp/err"
    check "$1: attempts at the first host" test "$(count a)" = "$2"
    check "$1: attempts at the second host" test "$(count b)" = "$3"
}
once query 1 0 "$CQLRAW" query "$Q"
once options 1 0 "$CQLRAW" options
once run 1 0 "$CQLRAW" run "${loop[@]}" --repeat 10k -j 4
once ping 1 1 "$CQLRAW" ping -n 3 -i 10ms

# The password is changed while a run is under way and the server starts anew: no worker tries it after the first.
serve_counting a --auth "alice:$SECRET"
"$CQLRAW" run --host "$HOST" -u alice --password-file "$pw" "${loop[@]}" --repeat 100k --rate 200 -j 4 --block 1 --log "$tmp/log" >"$tmp/run" 2>&1 &
load=$!
started+=("$load")
until connected "$tmp/log" 4; do kill -0 "$load" && sleep 0.02; done
count a >/dev/null
LISTEN=$HOST serve_counting b --auth alice:other --delay 150ms
exits "a run whose password is no longer good ends" 3 wait "$load"
check "and says so" grep -q 'authentication refused: Bad credentials' "$tmp/run"
check "after one attempt of all its workers" test "$(count b)" = 1

# --- workers

serve_counting a --auth "alice:$SECRET"
workers() { # what source ...: four workers that are at work; sets pids
    rm -f -- "$tmp/log4"
    env "${env[@]}" "$CQLRAW" run --host "$HOST" "${@:2}" "${loop[@]}" --repeat 100k --rate 400 -j 4 --block 1 -v --log "$tmp/log4" >"$tmp/run4" 2>&1 &
    load=$!
    started+=("$load")
    until connected "$tmp/log4" 4; do kill -0 "$load" && sleep 0.02; done
    read -ra pids <<<"$(<"/proc/$load/task/$load/children")"
    check "$1: four workers" test "${#pids[@]}" = 4
}
stop() {
    kill -TERM "$load"
    wait "$load" || true
    check "$1: no password in what was said" lacks "$SECRET" "$tmp/run4"
    check "$1: none in the log" lacks "$SECRET" "$tmp/log4"
}
each() { # what command ...: holds for the parent and all workers, as PID
    local pid ok=1
    for pid in "$load" "${pids[@]}"; do PID=$pid "${@:2}" || ok=0; done
    check "$1" test "$ok" = 1
}
no_secret_in() { lacks "$SECRET" <(cat -- "/proc/$PID/$1" 2>/dev/null); }
no_core() { grep -Eq '^Max core file size +0 ' "/proc/$PID/limits"; }
# The parent's copy, and in a worker that of its client, which connects again with it.
copies_are_few() {
    local most=$((PID == load ? 1 : 2)) n
    n=$(python3 "$TOP/tests/cli/memory.py" "$SECRET" "$PID" | cut -d ' ' -f 2)
    [[ $n == closed ]] || { ((n >= 1 && n <= most)) || { echo "$PID has $n copies"; false; }; }
}
is_closed() { ! cat -- "/proc/$PID/environ" >/dev/null 2>&1; }

env=(CASSANDRA_USER=alice "CASSANDRA_PASSWORD=$SECRET")
workers "the environment"
each "the environment: gone from that of all processes" no_secret_in environ
# AddressSanitizer keeps a copy of the environment it found.
grep -q __asan_init "$CQLRAW" || each "the environment: few copies in memory" copies_are_few
stop "the environment"
env=()
workers "-p" -u alice -p "$SECRET"
each "-p: gone from all command lines" no_secret_in cmdline
each "-p: few copies in memory" copies_are_few
each "-p: no core file" no_core
stop "-p"
workers "a file" -u alice --password-file "$pw"
each "a file: few copies in memory" copies_are_few
each "a file: no core file" no_core
((EUID == 0)) || each "a file: no other process reads it" is_closed # root may read everything
kill -KILL "${pids[0]}"
until [[ $(cat -- "/proc/$load/task/$load/children") != *"${pids[0]}"* ]]; do sleep 0.02; done
read -ra pids <<<"$(<"/proc/$load/task/$load/children")"
each "a worker that takes a dead one's place: no core file" no_core
stop "a file"
(umask 077 && printf '[PlainTextAuthProvider]\nusername = alice\npassword = %s\n' "$SECRET" >"$HOME/.cassandra/credentials")
workers "credentials of cqlsh"
each "credentials of cqlsh: few copies in memory" copies_are_few
stop "credentials of cqlsh"
rm -- "$HOME/.cassandra/credentials"
if ((EUID == 0)) && command -v setpriv >/dev/null && id nobody >/dev/null 2>&1; then
    chmod 711 -- "$tmp"
    cp -- "$CQLRAW" "$tmp/cqlraw"
    install -m 600 -o nobody -- "$pw" "$tmp/theirs"
    as_nobody=(setpriv --reuid=nobody "--regid=$(id -g nobody)" --clear-groups --)
    "${as_nobody[@]}" "$tmp/cqlraw" run --no-config --host "$HOST" -u alice --password-file "$tmp/theirs" "${loop[@]}" --repeat 100k --rate 100 -j 2 --block 1 >"$tmp/run4" 2>&1 &
    load=$!
    started+=("$load")
    until read -ra pids <<<"$(<"/proc/$load/task/$load/children")" && ((${#pids[@]} == 2)); do sleep 0.02; done
    sleep 0.1
    closed_to_nobody() { ! "${as_nobody[@]}" cat -- "/proc/$PID/environ" >/dev/null 2>&1; }
    each "another process of the same user cannot look into it" closed_to_nobody
    kill -KILL "$load" # the workers go with it
    wait "$load" 2>/dev/null || true
    gone() { [[ ! -e /proc/$PID/exe ]]; }
    for _ in {1..100}; do
        [[ -e /proc/${pids[0]}/stat || -e /proc/${pids[1]}/stat ]] || break
        sleep 0.05
    done
    each "and its workers end with it" gone
fi

# --- CQL that is shown

role="CREATE ROLE bob WITH PASSWORD = '$SECRET' AND LOGIN = true"
says 64 "unexpected argument \"CREATE ROLE bob WITH PASSWORD = '***' AND LOGIN = true\"" "$CQLRAW" query "$Q" "$role"
exits "a statement that fails" 2 "$CQLRAW" query --host "$HOST" -u alice --password-file "$pw" -v --log "$tmp/log" "$role"
check "is told without its password" lacks "$SECRET" "$tmp/err"
for command in QUERY PREPARE; do
    for style in '' --json; do
        gives "frame decode of $command $style" 0 "$CQLRAW" frame decode ${style:+$style} --hex "$("$CQLRAW" frame encode $command "$role")"
        check "hides it" lacks "$SECRET" "$tmp/stdout"
        stdout_has "and nothing else" "CREATE ROLE bob WITH PASSWORD = '\*\*\*' AND LOGIN = true"
    done
    gives "--show-secrets" 0 "$CQLRAW" frame decode --show-secrets --hex "$("$CQLRAW" frame encode $command "$role")"
    stdout_has "shows it" "$SECRET"
done

# --- values are bound, whatever is in them

printf -v evil "%s'; DROP TABLE t; --" "$SECRET"
listens "$tmp/port.r" "$CQLRAW" serve --upstream "$HOST" --record "$tmp/record" --listen 127.0.0.1:0 --port-file "$tmp/port.r" >/dev/null
exits "a value with a quote" 0 "$CQLRAW" query --host "127.0.0.1:$port" -u alice --password-file "$pw" --format csv "$Q WHERE key=?" -P "key=$evil"
kill "$listener"
wait "$listener" || true
gives "is sent" 0 "$CQLRAW" frame decode --pcap "$tmp/record" --port auto --json
check "as a value" grep -Fq "DROP TABLE t; --" <(grep '"EXECUTE"' "$tmp/stdout")
check "and in no statement" lacks "DROP" <(grep -v '"EXECUTE"' "$tmp/stdout")
check "nor is the password shown" lacks "$SECRET" <(grep -v '"EXECUTE"' "$tmp/stdout")
