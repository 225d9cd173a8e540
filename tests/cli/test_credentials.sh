#!/usr/bin/env bash
# Names and passwords: every source of them, who may read it, and that a password shows up nowhere: not in the list
# of processes, not in messages or logs, and not on the way to another machine.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

lacks() { ! grep -Eqa -- "$1" "$2"; } # pattern file
Q='SELECT key FROM system.local'
serve --auth alice:secret
q() { "$CQLRAW" query --host "$HOST" --format csv "$@" "$Q"; }
row='key\nlocal\n'
pw=$tmp/pw
(umask 077 && printf 'secret\nmore\n' >"$pw")

# --- sources

gives "a password file" 0 q -u alice --password-file "$pw"
stdout_is "logs in; its first line counts" "$row"
silent "and nothing is said"
gives "CQLRAW_PASSWORD_FILE, CASSANDRA_USER" 0 env CASSANDRA_USER=alice CQLRAW_PASSWORD_FILE="$pw" "$CQLRAW" query --host "$HOST" "$Q"
gives "CASSANDRA_PASSWORD" 0 env CASSANDRA_USER=alice CASSANDRA_PASSWORD=secret "$CQLRAW" query --host "$HOST" "$Q"
stderr_has "with a warning" 'warning: CASSANDRA_PASSWORD: others may see the environment'
from_descriptor() { q -u alice --password-fd 5 5< <(printf 'secret\r\n'); }
gives "a descriptor" 0 from_descriptor
gives "-p" 0 q -u alice -p secret
stdout_is "logs in" "$row"
stderr_has "with a warning" 'warning: -p: a password on the command line is visible to other users'
gives "--password=" 0 q -u alice --password=secret
gives "run" 0 "$CQLRAW" run --host "$HOST" -u alice --password-file "$pw" 'SELECT key FROM system.local WHERE key=?' -P key=local --format csv
stdout_is "logs in with every worker" "$row"
(umask 077 && printf '[PlainTextAuthProvider]\nusername = alice\npassword = secret\n' >"$HOME/.cassandra/credentials")
gives "credentials of cqlsh" 0 q
stdout_is "log in" "$row"
rm -- "$HOME/.cassandra/credentials"

# --- what does not do

no_login() { # what command ...
    gives "$1" 3 "${@:2}"
    check "$1: the password is not told" lacks 'secret|wrong' "$tmp/stderr"
}
(umask 077 && printf 'wrong\n' >"$tmp/wrong")
no_login "no credentials" q
no_login "a wrong password" q -u alice --password-file "$tmp/wrong"
no_login "a wrong name" q -u bob --password-file "$pw"
says 64 'there is no password for "alice" and no terminal to ask on: use --password-file' q -u alice
says 64 'a password is given without a --username' q --password-file "$pw"
says 64 'give one of --password, --password-file and --password-fd' q -u alice --password-file "$pw" --password-fd 0

says 3 "cannot read $tmp/none: No such file or directory" q -u alice --password-file "$tmp/none"
says 3 "cannot read $tmp: Is a directory" q -u alice --password-file "$tmp"
says 3 "cannot read descriptor 77: Bad file descriptor" q -u alice --password-fd 77
bad_file() { # mode text message
    printf '%b' "$2" >"$tmp/bad"
    chmod "$1" -- "$tmp/bad"
    says 3 "$tmp/bad: $3" q -u alice --password-file "$tmp/bad"
    rm -- "$tmp/bad"
}
bad_file 644 'secret\n' 'its mode is 0644; a password file must be yours and 0600'
bad_file 620 'secret\n' 'its mode is 0620;'
bad_file 640 'secret\n' 'its mode is 0640;'
bad_file 604 'secret\n' 'its mode is 0604;'
bad_file 600 '' 'its first line is empty'
bad_file 600 '\nsecret\n' 'its first line is empty'
bad_file 600 'sec\0ret\n' 'a NUL byte in the password'
bad_file 600 "$(printf 'x%.0s' {1..1100})\n" 'the password is too long'

ln -s -- "$pw" "$tmp/link"
says 3 "$tmp/link: is a symbolic link, which may lead anywhere: name the file" q -u alice --password-file "$tmp/link"
(umask 077 && mkfifo "$tmp/fifo")
says 3 "cannot read $tmp/fifo: Invalid argument" q -u alice --password-file "$tmp/fifo"
says 64 '-u: "" is empty' q -u '' --password-file "$pw"
(umask 077 && printf 'secret\r\n\r\n' >"$tmp/crlf" && printf 'secret\n\n' >"$tmp/two" && printf 'secret' >"$tmp/bare")
for file in crlf two bare; do
    exits "the end of the first line is not part of it: $file" 0 q -u alice --password-file "$tmp/$file"
done
(umask 077 && printf 'secret\r\r\n' >"$tmp/cr")
exits "but only one" 3 q -u alice --password-file "$tmp/cr"

# As a user who may not read everything; and root does not take what is somebody else's.
if ((EUID == 0)) && command -v setpriv >/dev/null && id nobody >/dev/null 2>&1; then
    chmod 711 -- "$tmp"
    cp -- "$CQLRAW" "$tmp/cqlraw"
    nobody() { setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$tmp/cqlraw" query --host "$HOST" --no-config -u alice "$@" "$Q"; }
    install -m 600 -o nobody -- "$pw" "$tmp/theirs"
    exits "nobody's own file, read by nobody" 0 nobody --password-file "$tmp/theirs"
    says 3 "$tmp/theirs: its mode is 0600; a password file must be yours" q -u alice --password-file "$tmp/theirs"
    says 3 "cannot read $pw: Permission denied" nobody --password-file "$pw"
    install -m 644 -- "$pw" "$tmp/open"
    says 3 "$tmp/open: its mode is 0644;" nobody --password-file "$tmp/open"
fi

# --- only over what stays on this machine

for host in 127.0.0.1:1 127.9.9.9:1 localhost:1 '[::1]:1' "unix:$tmp/none"; do
    exits "$host is this machine" 3 "$CQLRAW" query --host "$host" -u alice --password-file "$pw" "$Q"
done
# An address of this machine that is not its loopback is as far as any other.
own=$(awk '/32 host LOCAL/ { print before } { before = $2 }' /proc/net/fib_trie | grep -v '^127\.' | head -n 1 || true)
if [[ $own ]]; then
    near=$HOST
    listens "$tmp/far_port" "$CQLRAW" serve --listen "$own:0" --port-file "$tmp/far_port" --auth alice:secret --stats >/dev/null 2>"$tmp/far"
    HOST=$own:$port far=$listener
    allows="$HOST: server asks for the password, which would leave unencrypted, for everyone on the way to read: use TLS, or allow it (--plaintext-password)"
    says 3 "$allows" q -u alice --password-file "$pw"
    says 3 "$allows" "$CQLRAW" options --host "$HOST" -u alice --password-file "$pw"
    says 3 "$allows" "$CQLRAW" run --host "$HOST" -u alice --password-file "$pw" "$Q WHERE key=?" -P key=local --format none -j 2
    gives "ping" 3 "$CQLRAW" ping --host "$HOST" -u alice --password-file "$pw"
    stdout_has "says so, too" 'for everyone on the way to read: .*\(--plaintext-password\)'
    says 3 "$HOST: server asks for authentication" q
    gives "--plaintext-password" 0 q -u alice --password-file "$pw" --plaintext-password
    stdout_is "sends it" "$row"
    kill "$far"
    wait "$far" || true
    check "no command asked twice" grep -q ': 6 connections' "$tmp/far"
    HOST=$near
else
    echo "this machine has no address besides its loopback: left out what is about others"
fi

# --- nobody sees it

stop() {
    kill "$1"
    wait "$1" || true
}
stop "$server"
serve --auth alice:secret --delay 1500ms
watch() { # what file command ...
    "${@:3}" >"$tmp/out" 2>"$tmp/err" &
    local pid=$!
    started+=("$pid")
    until [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *"query --host"* ]]; do sleep 0.01; done
    sleep 0.3 # it waits for the server by now
    check "$1: is at work" kill -0 "$pid"
    check "$1" lacks 'secret' "/proc/$pid/$2"
    stop "$pid"
}
watch "-p is wiped from the command line" cmdline "$CQLRAW" query --host "$HOST" -u alice -p secret "$Q"
watch "--password= too" cmdline "$CQLRAW" query --host "$HOST" -u alice --password=secret "$Q"
watch "CASSANDRA_PASSWORD is wiped from the environment" environ env CASSANDRA_PASSWORD=secret "$CQLRAW" query --host "$HOST" -u alice "$Q"

stop "$server"
serve --auth alice:secret
gives "--log" 0 q -u alice --password-file "$pw" --log "$tmp/log"
check "has lines with times" grep -Eq '^[0-9-]{10}T[0-9:.]{12}Z query\[[0-9]+\] (debug|info|warning): ' "$tmp/log"
check "without the password" lacks 'secret' "$tmp/log"
check "for its owner only" test "$(stat -c %a -- "$tmp/log")" = 600
cp -- "$tmp/log" "$tmp/log.before"
gives "--log again" 0 q -u alice --password-file "$pw" --log "$tmp/log"
check "goes on behind what is there" test "$(wc -l <"$tmp/log")" -gt "$(wc -l <"$tmp/log.before")"
says 4 "cannot write $tmp/no/log: No such file or directory" q -u alice --password-file "$pw" --log "$tmp/no/log"
gives "-v" 0 q -u alice --password-file "$pw" -v
stderr_has "tells of the connection on stderr" "^cqlraw query: .*$HOST"
gives "--log -" 0 q -u alice --password-file "$pw" --log -
stderr_has "is stderr" 'query\[[0-9]+\] (debug|info|warning): '

# --- asked for on the terminal

ask() { python3 "$TOP/tests/cli/ask.py" "$1" "$CQLRAW" query --host "$HOST" --format csv -u alice "$Q"; }
gives "the password is asked for" 0 ask secret
stdout_has "and taken" '^local$'
stdout_has "the terminal does not show it, and shows again what is typed afterwards" '^exit 0 echo on off on$'
check "it is not there" lacks 'secret' "$tmp/stdout"
gives "an empty answer" 0 ask ''
stdout_has "is an error" 'no password was given'
stdout_has "of usage" '^exit 64 echo on off on$'
gives "a NUL byte in the answer" 0 ask NUL
stdout_has "does not cut the password short" 'a NUL byte in the password'
gives "^C at the question" 0 ask INT
stdout_has "ends it, the terminal as before" '^exit 130 echo on off on$'
gives "^Z at the question" 0 ask STOP
stdout_has "gives the terminal back meanwhile" 'stopped, echo on'
stdout_has "and it is asked again afterwards" '^exit 0 echo on off on$'
