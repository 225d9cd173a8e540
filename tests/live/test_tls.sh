#!/usr/bin/env bash
# TLS on a real Cassandra, on a node of its own that speaks nothing else and asks for a password: by name and by
# address, rows in bulk equal to those of the server without TLS, sessions resumed by four workers; then the same
# node again, which wants client certificates.
#
# The node listens on 127.0.0.1 only; [::1] is reached through a recorder, which passes the bytes on as they are.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

plain=$CONTACT
own_node --tls --auth
unset CASSANDRA_USER CASSANDRA_PASSWORD CQLRAW_PASSWORD_FILE CQLRAW_PROFILE CQLRAW_HOST SSL_CERTFILE SSL_VALIDATE
export HOME=$tmp/home XDG_CONFIG_HOME=$tmp/home/.config
umask 077
printf 'cassandra\n' >"$tmp/password"

readonly KS=tls_test N=5000 Q='SELECT key FROM system.local'
LONG=$(printf 'kolibri %.0s' {1..40})
secure=(--no-config --tls --cacert "$node/tls/ca.pem" -u cassandra)
tls=("${secure[@]}" --password-file "$tmp/password")
ours=(--cert "$node/tls/client.pem" --key "$node/tls/client.key")
port=${CONTACT##*:}

ask() { "$CQLRAW" query --format csv "${tls[@]}" "$@" "$Q"; }
works() { # what host option ...
    exits "$1" 0 ask --host "$2" "${@:3}"
    check "$1: a row comes, and nothing else" bash -c "grep -qx local '$tmp/out' && [[ ! -s '$tmp/err' ]]"
}
says() { # what text command ...
    exits "$1" 3 "${@:3}"
    check "$1: $2" bash -c "grep -Eq '$2' '$tmp/err' && [[ \$(wc -l <'$tmp/err') == 1 && ! -s '$tmp/out' ]]"
}
refuses() { says "$1" "$2" ask "${@:3}"; } # what text option ...
complaints() { grep -c 'WARN.*SSL\|ERROR' "$node/log" || true; }

# --- whom it is

works "by name" "localhost:$port"
works "by address" "127.0.0.1:$port"
v6() {
    local port
    listens "$tmp/port6" "$CQLRAW" serve --listen '[::1]:0' --port-file "$tmp/port6" --upstream "$CONTACT" --record "$tmp/wire" >"$tmp/serve.out"
    works "by an IPv6 address" "[::1]:$port"
}
v6
check "no name, password or statement is on the wire" bash -c "[[ -s '$tmp/wire' ]] && ! grep -Eqa 'cassandra.cassandra|CQL_VERSION|system.local' '$tmp/wire'"
works "with a client certificate that nobody asks for" "localhost:$port" "${ours[@]}"
check "the server has nothing to complain about" test "$(complaints)" = 0

refuses "another name" 'not for "db.example" but for DNS:localhost, IP:127.0.0.1' --host "$CONTACT" --tls-servername db.example
says "an unknown authority" 'certificate verification failed: .*issuer' "$CQLRAW" query --no-config --host "$CONTACT" --tls "$Q"
exits "without TLS" 3 "$CQLRAW" query --no-config --host "$CONTACT" "$Q"
printf 'wrong\n' >"$tmp/wrong"
says "a wrong password" 'authentication refused: Bad credentials' "$CQLRAW" query "${secure[@]}" --password-file "$tmp/wrong" --host "$CONTACT" "$Q"
exits "--insecure" 0 ask --host "$CONTACT" --tls-servername db.example --insecure
check "--insecure: warns" grep -q 'warning: --insecure' "$tmp/err"

# --- much of it

fill_and_read() { # output, option ...
    "$CQLRAW" query "${@:2}" --timeout 60s -e "DROP KEYSPACE IF EXISTS $KS" -e "CREATE KEYSPACE $KS
        WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}" -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v text)"
    "$CQLRAW" run "${@:2}" "INSERT INTO $KS.t (id, v) VALUES (?, '$LONG')" -P "id=1..$N" -j 2 --idempotent yes
    "$CQLRAW" run "${@:2}" "SELECT id, v FROM $KS.t WHERE id = ?" -P "id=1..$N" -j 2 --format csv -o "$1"
} >>"$tmp/filled" 2>&1
fill_and_read "$tmp/rows" "${tls[@]}" --host "localhost:$port"
fill_and_read "$tmp/rows.plain" --no-config --host "$plain"
check "$N rows come" test "$(wc -l <"$tmp/rows")" = $((N + 1))
same "$N rows are those that come without TLS" "$tmp/rows.plain" "$tmp/rows"

resume() { # what option ...
    rm -f -- "$tmp/log"
    exits "$1" 0 "$CQLRAW" run "${tls[@]}" --host "localhost:$port" "$Q WHERE key = ?" -P key=local --repeat 900 --rate 300 -j 4 --block 1 \
        --format none --log "$tmp/log" "${@:2}"
    check "$1: one full handshake" test "$(grep 'connected in' "$tmp/log" | grep -vc resumed)" = 1
    check "$1: the others resume" grep -q 'connected in.*resumed' "$tmp/log" # three of them, if they come before the work is done
}
resume "four workers"

# --- the server wants to know who we are, too

"$TOP/tools/cassandra" stop --dir "$node" 2>/dev/null
CONTACT=$("$TOP/tools/cassandra" start --tls --client-certs --auth --dir "$node" 2>/dev/null | tail -n 1)
port=${CONTACT##*:}
before=$(complaints) # of the one without TLS
works "by name, with a client certificate" "localhost:$port" "${ours[@]}"
works "by address, with a client certificate" "127.0.0.1:$port" "${ours[@]}"
check "nothing to complain about, either" test "$(complaints)" = "$before"
resume "four workers with a client certificate" "${ours[@]}"
refuses "no client certificate" 'alert certificate required' --host "$CONTACT"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=client -keyout "$tmp/own.key" -out "$tmp/own.pem" 2>/dev/null
refuses "a client certificate of another authority" 'the server refused: alert ' --host "$CONTACT" --cert "$tmp/own.pem" --key "$tmp/own.key"
