#!/usr/bin/env bash
# A server that asks for a name and a password, on a node of its own: every source of a password logs in, a wrong one
# is told in the server's words after one attempt, and no password shows up anywhere.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly SECRET=Kolibri-73 UNICODE='grün:鍵=🔑 "§' Q='SELECT key FROM system.local'

own_node --auth
unset CASSANDRA_USER CASSANDRA_PASSWORD CQLRAW_PASSWORD_FILE CQLRAW_PROFILE
export HOME=$tmp/home XDG_CONFIG_HOME=$tmp/home/.config CQLRAW_HOST=$CONTACT
umask 077
mkdir -p -- "$HOME/.cassandra"
printf '%s\n' cassandra >"$tmp/super"
printf '%s\n' "$SECRET" >"$tmp/app"
printf '%s\n' "$UNICODE" >"$tmp/unicode"
printf 'Wrong-%s\n' "$SECRET" >"$tmp/wrong"

# Like exits, and keeps all that was said for the search at the end.
logged() { # what code command ...
    exits "$@"
    cat -- "$tmp/out" "$tmp/err" >>"$tmp/said"
}
query() { "$CQLRAW" query --format csv "$@" "$Q"; }
works() { # what command ...
    logged "$1 logs in" 0 "${@:2}"
    check "$1: a row comes" grep -qx local "$tmp/out"
}
err_is() { printf '%s\n' "$2" >"$tmp/want" && same "$1" "$tmp/want" "$tmp/err"; }

exits "the first user creates roles" 0 "$CQLRAW" query -u cassandra --password-file "$tmp/super" \
    -e "CREATE ROLE app WITH PASSWORD = '$SECRET' AND LOGIN = true" \
    -e "CREATE ROLE unicode WITH PASSWORD = '$UNICODE' AND LOGIN = true" \
    -e "CREATE KEYSPACE closed WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}" \
    -e "CREATE TABLE closed.t (id int PRIMARY KEY)"

# --- every source

works "a password file" query -u app --password-file "$tmp/app" -v --log "$tmp/log"
works "a descriptor" query -u app --password-fd 5 5<"$tmp/app"
works "standard input" query -u app --password-fd 0 <"$tmp/app"
works "the environment" env CASSANDRA_USER=app CASSANDRA_PASSWORD="$SECRET" "$CQLRAW" query --format csv "$Q"
works "-p" query -u app -p "$SECRET"
works "a password beyond ASCII" query -u unicode --password-file "$tmp/unicode"
works "such a one, by -p" query -u unicode -p "$UNICODE"
printf '[authentication]\nusername = app\npassword = %s\n' "$SECRET" >"$HOME/.cassandra/cqlshrc"
works "cqlshrc" query
printf '[PlainTextAuthProvider]\nusername = unicode\npassword = %s\n' "$UNICODE" >"$tmp/credentials"
printf '[authentication]\ncredentials = %s\n' "$tmp/credentials" >"$HOME/.cassandra/cqlshrc"
works "a credentials file that cqlshrc names" query
mv -- "$tmp/credentials" "$HOME/.cassandra/credentials"
rm -- "$HOME/.cassandra/cqlshrc"
works "a credentials file at its usual place" query
rm -- "$HOME/.cassandra/credentials"
logged "ping logs in" 0 "$CQLRAW" ping -u app --password-file "$tmp/app" -n 1
logged "options logs in" 0 "$CQLRAW" options -u app --password-file "$tmp/app"

# --- what does not do

refused() { # what command ...
    rm -f -- "$tmp/attempts"
    logged "$1 is refused" 3 "${@:2}" --log "$tmp/attempts"
    err_is "$1: in the server's words" "cqlraw $3: $CONTACT: authentication refused: Bad credentials (0x0100): Provided username app and/or password are incorrect"
    check "$1: after one attempt" test "$(grep -c ': connecting$' "$tmp/attempts")" = 1
}
refused "a wrong password" "$CQLRAW" query -u app --password-file "$tmp/wrong" "$Q"
refused "a wrong password of a run" "$CQLRAW" run -u app --password-file "$tmp/wrong" "$Q WHERE key = ?" -P key=local --repeat 10k -j 4
logged "no name" 3 query
check "no name: what to do" grep -q 'server asks for authentication .*; give a user name and password' "$tmp/err"
logged "what a role may not" 2 "$CQLRAW" query -u app --password-file "$tmp/app" "SELECT * FROM closed.t"
check "what a role may not: in the server's words" grep -q 'User app has no SELECT permission on <table closed.t>' "$tmp/err"

# --- CQL that is shown has no passwords, the server's own quotations included

super() { "$CQLRAW" "$1" -u cassandra --password-file "$tmp/super" "${@:2}"; }
logged "a role with more behind its password" 2 super query "CREATE ROLE x WITH PASSWORD = '$SECRET' AND 5"
check "the server quotes it" grep -Fq "PASSWORD = '***' AND [5]" "$tmp/err"
logged "a role whose password is not expected" 2 super query "CREATE ROLE x WITH PASSWORD '$SECRET'"
check "the server names it" grep -Fq "mismatched input '***'" "$tmp/err"
logged "a traced statement" 0 super query --trace "ALTER ROLE app WITH PASSWORD = '$SECRET'"
logged "a dry run" 0 super run --dry-run "ALTER ROLE app WITH PASSWORD = '$SECRET'"
check "a dry run: the statement" grep -Fq "PASSWORD = '***'" "$tmp/out"
logged "a run that cannot be prepared" 3 super run "ALTER ROLE app WITH PASSWORD '$SECRET'" --log "$tmp/log5"
check "a run that cannot be prepared: in the server's words" grep -Fq "PASSWORD ['***" "$tmp/err"

# --- workers, and what others can see of them

"$CQLRAW" run -u app -p "$SECRET" "$Q WHERE key = ?" -P key=local --repeat 1200 --rate 200 -j 4 --block 1 \
    --format none -v --log "$tmp/log4" >"$tmp/run" 2>&1 &
load=$!
started+=("$load")
until grep -q connected "$tmp/log4" 2>/dev/null; do kill -0 "$load" && sleep 0.05; done
sleep 0.5
for pid in "$load" $(<"/proc/$load/task/$load/children"); do
    tr '\0' '\n' <"/proc/$pid/cmdline" >>"$tmp/cmdlines"
done
CASSANDRA_USER=app CASSANDRA_PASSWORD=$SECRET "$CQLRAW" ping -n 20 -i 50ms >"$tmp/ping" 2>&1 &
ping=$!
started+=("$ping")
sleep 0.5
: >"$tmp/environ"
# A process that holds a password is closed to all but root.
((EUID > 0)) || cat -- "/proc/$ping/environ" >"$tmp/environ"
exits "four workers log in" 0 wait "$load"
check "four workers log in: all of the work is done" grep -q '^1200 queries in ' "$tmp/run"
check "four workers log in: each of them" test "$(grep connected "$tmp/log4" | grep -o 'run\[[0-9]*\]' | sort -u | wc -l)" -ge 4
exits "ping logs in, too" 0 wait "$ping"
check "the list of processes shows the command lines of five" test "$(grep -cx -- -p "$tmp/cmdlines")" -ge 5
((EUID > 0)) || check "the environment is that of ping" grep -qa CASSANDRA_USER=app "$tmp/environ"
cat -- "$tmp/run" "$tmp/ping" >>"$tmp/said"
for where in said log log4 log5 attempts cmdlines environ; do
    check "no password in: $where" bash -c "! grep -Fqa -e '$SECRET' -e '鍵' '$tmp/$where'"
done
