#!/usr/bin/env bash
# The program over TLS: whom it trusts, who it says it is, what it tells. What the library makes of good and bad
# certificates is shown beside this; here it is the options, the messages and the exit codes.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../cli/lib.sh"

PEER=${PEER:-$(dirname -- "$CQLRAW")/tests/tls/peer}
certs=$tmp/certs
"$TOP/tests/tls/certs" "$certs"
serve --delay 0
plain=$HOST

# A server over TLS with this certificate, in front of the plain one; sets HOST, and `peer` to its process.
over_tls() { # certificate key option ...
    listens "$tmp/port" "$PEER" --port-file "$tmp/port" --report "$tmp/report" --cert "$certs/$1" --key "$certs/$2" --upstream "$plain" "${@:3}"
    HOST=127.0.0.1:$port
}

Q='SELECT key FROM system.local'
q() { "$CQLRAW" query --host "$HOST" --format csv "$@" "$Q"; }
r() { "$CQLRAW" run --host "$HOST" "$Q WHERE key=?" -P key=local --format csv "$@"; }
row='key\nlocal\n'
tls=(--tls --cacert "$certs/ca.pem")
ask() { python3 "$TOP/tests/cli/ask.py" "$@"; } # answer command ...
lacks() { ! grep -Eqa -- "$1" "$2"; } # pattern file

# --- every command

over_tls server.pem server.key
gives "query" 0 q "${tls[@]}"
stdout_is "has its row" "$row"
silent "and nothing is said"
gives "run" 0 r "${tls[@]}" -q --summary none
stdout_is "has its row" "$row"
check "and says what it always says" test "$(wc -l <"$tmp/stderr")" = 1
gives "options" 0 "$CQLRAW" options --host "$HOST" "${tls[@]}"
stdout_has "tells version and cipher" '^tls +TLSv1\.3, TLS_[A-Z0-9_]+$'
gives "options --json" 0 "$CQLRAW" options --host "$HOST" "${tls[@]}" --json
check "tells them, too" python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["tls"].startswith("TLSv1.3, TLS_")' "$tmp/stdout"
gives "SSLKEYLOGFILE is set" 0 env SSLKEYLOGFILE="$tmp/keys" "$CQLRAW" query --host "$HOST" "${tls[@]}" "$Q"
check "and no key is written down" test ! -e "$tmp/keys"
gives "without TLS" 0 "$CQLRAW" options --host "$plain"
check "there is nothing to tell" lacks '^tls ' "$tmp/stdout"
exits "a server that speaks TLS is none that speaks CQL" 3 q

# --- ping

MS='[0-9]+\.[0-9]{2}ms'
gives "ping" 0 "$CQLRAW" ping "$HOST" "${tls[@]}" -n 2 -i 1ms
stdout_has "has a time for TLS" "^$HOST  5\.[0-9.]+-stub  v4  tcp $MS +tls $MS +startup $MS +options [0-9./]+ms\$"
gives "a plain one beside it" 3 "$CQLRAW" ping "$HOST" "$plain" "${tls[@]}" -n 1
stdout_has "fails in the handshake" "^$plain  .*TLS"
gives "ping --json" 0 "$CQLRAW" ping "$HOST" "${tls[@]}" -n 1 --json
check "tells time, version and cipher" python3 -c '
import json, sys
one, = json.load(open(sys.argv[1]))
assert one["tls"].startswith("TLSv1.3, TLS_") and one["tls_ns"] > 0 and one["tcp_ns"] > 0 and one["startup_ns"] > 0
' "$tmp/stdout"
gives "ping, the wrong authority" 3 "$CQLRAW" ping "$HOST" --tls --cacert "$certs/other.pem" -n 1
stdout_has "tells why" "^$HOST  .*certificate"
gives "ping, an authority that is none" 3 "$CQLRAW" ping "$HOST" --tls --cacert "$certs/ca.key" -n 1
stderr_has "tells why" '^cqlraw ping: .*ca\.key'

# --- whom it trusts

for command in query run options; do
    [[ $command == options ]] && what=() || what=("$Q")
    for ca in other.pem twin.pem; do
        says 3 "certificate" "$CQLRAW" "$command" --host "$HOST" --tls --cacert "$certs/$ca" "${what[@]}"
    done
    says 3 "certificate" "$CQLRAW" "$command" --host "$HOST" --tls "${what[@]}"
    says 3 "$certs/ca.key" "$CQLRAW" "$command" --host "$HOST" --tls --cacert "$certs/ca.key" "${what[@]}"
done
gives "a folder of authorities" 0 q --tls --cacert "$certs/hashed"
gives "an empty one" 3 q --tls --cacert "$tmp"
gives "SSL_CERTFILE" 0 env SSL_CERTFILE="$certs/ca.pem" "$CQLRAW" query --host "$HOST" --tls "$Q"
printf '[connection]\nssl = true\n[ssl]\ncertfile = %s\n[certfiles]\nlocalhost = %s\n' "$certs/other.pem" "$certs/ca.pem" >"$HOME/.cassandra/cqlshrc"
gives "cqlshrc" 3 q
gives "cqlshrc, the authority of a host" 0 "$CQLRAW" query --host "localhost:${HOST#*:}" "$Q"
gives "the same for ping" 0 "$CQLRAW" ping "localhost:${HOST#*:}" -n 1
gives "which leaves other hosts as they were" 3 "$CQLRAW" ping "$HOST" -n 1
rm -- "$HOME/.cassandra/cqlshrc"
gives "a name that is in the certificate" 0 q "${tls[@]}" --tls-servername db.example
says 3 'wrong.example' q "${tls[@]}" --tls-servername wrong.example
gives "ping of another name" 3 "$CQLRAW" ping "$HOST" "${tls[@]}" --tls-servername wrong.example -n 1
over_tls dns.pem server.key
gives "each contact point has its own name" 3 "$CQLRAW" ping "localhost:${HOST#*:}" "$HOST" "${tls[@]}" -n 1
check "one is in the certificate" test "$(grep -c ' tls ' "$tmp/stdout")" = 1
over_tls revoked.pem server.key
gives "a revoked certificate without --crl" 0 q "${tls[@]}"
says 3 'revoked' q "${tls[@]}" --crl "$certs/ca.crl"

# --- --insecure: never without a word

over_tls untrusted.pem server.key
WARNING="warning: --insecure: the server's certificate is not checked, so anyone on the way can pose as the server"
for command in query "run -q --summary none" options "ping -n 1"; do
    [[ $command == options || $command == ping* ]] && what=() || what=("$Q")
    # shellcheck disable=SC2086
    gives "${command%% *} --insecure" 0 "$CQLRAW" $command --host "$HOST" --tls --insecure "${what[@]}"
    stderr_has "warns" "^cqlraw ${command%% *}: $WARNING"
    check "once" test "$(grep -c warning: "$tmp/stderr")" = 1
done
gives "SSL_VALIDATE=false" 0 env SSL_VALIDATE=false "$CQLRAW" query --host "$HOST" --tls "$Q"
stderr_has "warns and tells where that stands" "warning: insecure by SSL_VALIDATE: the server's certificate is not checked"
printf '[connection]\nssl = true\n[ssl]\nvalidate = false\n' >"$HOME/.cassandra/cqlshrc"
gives "validate = false" 0 q
stderr_has "so does that" "warning: insecure by $HOME/.cassandra/cqlshrc:4: "
rm -- "$HOME/.cassandra/cqlshrc"

# --- files

for option in cacert crl cert; do
    says 3 "cannot read --$option $tmp/none: No such file or directory" q --tls "--$option" "$tmp/none"
done
says 3 "cannot read $tmp/none: No such file or directory" q --tls --cert "$certs/client.pem" --key "$tmp/none"
says 3 "cannot read --crl $tmp: Is a directory" q --tls --crl "$tmp"
says 3 "cannot read --cert $tmp: Is a directory" r --tls --cert "$tmp"
says 3 "cannot read $tmp: Is a directory" q --tls --cert "$certs/client.pem" --key "$tmp"
says 64 "--key $certs/client.key needs --cert" q --tls --key "$certs/client.key"
says 64 "--key-password-file x needs --cert" q --tls --key-password-file x

# --- who it says it is

over_tls server.pem server.key --client-ca "$certs/ca.pem"
exits "a server that asks for a certificate" 3 q "${tls[@]}"
gives "gets one" 0 q "${tls[@]}" --cert "$certs/client.pem" --key "$certs/client.key"
stdout_is "and answers" "$row"
silent "and nothing is said"
gives "run" 0 r "${tls[@]}" --cert "$certs/client.pem" --key "$certs/client.key" -j 2
gives "ping" 0 "$CQLRAW" ping "$HOST" "${tls[@]}" --cert "$certs/client.pem" --key "$certs/client.key" -n 1
exits "a stranger's is refused" 3 q "${tls[@]}" --cert "$certs/stranger.pem" --key "$certs/stranger.key"
ln -s -- "$certs/client.key" "$tmp/link.key"
gives "a key behind a link" 0 q "${tls[@]}" --cert "$certs/client.pem" --key "$tmp/link.key"
cat -- "$certs/client.pem" "$certs/client.key" >"$tmp/both.pem"
chmod 600 -- "$tmp/both.pem"
gives "certificate and key in one file" 0 q "${tls[@]}" --cert "$tmp/both.pem"
silent "which is private"
for mode in 640 604 622; do
    chmod "$mode" -- "$tmp/both.pem"
    gives "one of mode $mode" 0 q "${tls[@]}" --cert "$tmp/both.pem"
    stderr_has "is a warning" "^cqlraw query: warning: the key in $tmp/both.pem is open to others on this machine: its mode is 0$mode"
done
gives "in a run with two processes" 0 r "${tls[@]}" --cert "$tmp/both.pem" -j 2
check "once" test "$(grep -c warning: "$tmp/stderr")" = 1
says 3 "$certs/server.key" q "${tls[@]}" --cert "$certs/client.pem" --key "$certs/server.key"

# --- an encrypted key

password='open sesame'
(umask 077 && printf '%s\nmore\n' "$password" >"$tmp/pw" && printf 'close barley\n' >"$tmp/wrong")
openssl pkcs8 -in "$certs/locked.key" -passin "pass:$password" 2>/dev/null |
    openssl ec -aes128 -passout "pass:$password" -out "$tmp/old.key" 2>/dev/null
chmod 600 -- "$tmp/old.key"
check "a key of the older form" grep -q '^Proc-Type: 4,ENCRYPTED' "$tmp/old.key"
for key in "$certs/locked.key" "$tmp/old.key"; do
    me=("${tls[@]}" --cert "$certs/client.pem" --key "$key")
    gives "--key-password-file" 0 q "${me[@]}" --key-password-file "$tmp/pw"
    stdout_is "opens it" "$row"
    silent "and nothing is said"
    says 3 "$key" q "${me[@]}" --key-password-file "$tmp/wrong"
    check "a wrong one is not told" lacks barley "$tmp/err"
    says 64 "the key $key is encrypted and there is no terminal to ask for its password on: use --key-password-file" setsid -w "$CQLRAW" query --host "$HOST" "${me[@]}" "$Q"
    gives "on a terminal" 0 ask "$password" "$CQLRAW" query --host "$HOST" "${me[@]}" --format csv "$Q"
    stdout_has "it asks for it" "^password for the key $key: "
    stdout_has "does not show it, and goes on" '^exit 0 echo on off on$'
    check "also not elsewhere" lacks "$password" "$tmp/stdout"
done
gives "interrupted" 0 ask INT "$CQLRAW" query --host "$HOST" "${me[@]}" "$Q"
stdout_has "at the question" '^exit 130 echo on off on$'
gives "a key that is not encrypted" 0 script -qec "$(printf '%q ' "$CQLRAW" query --host "$HOST" "${tls[@]}" --cert "$tmp/both.pem" --format csv "$Q")" /dev/null
check "is not asked for on a terminal" lacks 'password' "$tmp/stdout"
gives "run" 0 r "${me[@]}" --key-password-file "$tmp/pw" -j 2
stdout_is "opens it with every worker" "$row"
bad_file() { # mode text message
    printf '%b' "$2" >"$tmp/bad"
    chmod "$1" -- "$tmp/bad"
    says 3 "$tmp/bad: $3" q "${me[@]}" --key-password-file "$tmp/bad"
    rm -- "$tmp/bad"
}
bad_file 644 "$password\n" 'its mode is 0644; a password file must be yours and 0600'
bad_file 600 '\nx\n' 'its first line is empty'
bad_file 600 'open\0sesame\n' 'a NUL byte in the password'
bad_file 600 "$(printf 'x%.0s' {1..1100})\n" 'the password is too long'
says 3 "cannot read $tmp/none: No such file or directory" q "${me[@]}" --key-password-file "$tmp/none"
ulimit -S -c "$(ulimit -H -c)" # as far as that goes
"$CQLRAW" ping "$HOST" "${me[@]}" --key-password-file "$tmp/pw" -n 100 >"$tmp/out" &
started+=($!)
until grep -q "^Max core file size *0 " "/proc/$!/limits" || ! kill -0 $!; do sleep 0.02; done
check "neither key nor password gets into a core file" grep -q "^Max core file size *0 " "/proc/$!/limits"

# --- what is told

over_tls server.pem server.key
gives "query -v" 0 q "${tls[@]}" -v
stderr_has "tells version and cipher" "^cqlraw query: $HOST: connected in [0-9.]+ ms, TLSv1\.3, TLS_[A-Z0-9_]+\$"
many=("$CQLRAW" run --host "$HOST" "$Q WHERE key=?" -P key=local --repeat 200 --block 1 -j 4 -c 1 -r 500 --format none "${tls[@]}")
gives "four workers" 0 "${many[@]}" -v
check "four connections" test "$(grep -c ': connected in .*, TLSv1\.3' "$tmp/stderr")" -ge 4
check "of which some resume ($(grep -c resumed "$tmp/stderr"))" grep -Eq 'TLSv1\.3, TLS_[A-Z0-9_]+, resumed$' "$tmp/stderr"
gives "--log" 0 "${many[@]}" --log "$tmp/log"
check "has it, too" grep -Eq ' info: .*TLSv1\.3, TLS_[A-Z0-9_]+, resumed$' "$tmp/log"

# --- a password is not in the clear over TLS, however far it goes

# An address of this machine that is not its loopback is as far as any other.
own=$(awk '/32 host LOCAL/ { print before } { before = $2 }' /proc/net/fib_trie | grep -v '^127\.' | head -n 1 || true)
if [[ $own ]]; then
    serve --auth alice:secret
    plain=$HOST
    over_tls server.pem server.key --listen "$own"
    HOST=$own:$port
    (umask 077 && printf 'secret\n' >"$tmp/pw")
    gives "without --plaintext-password" 0 q "${tls[@]}" --tls-servername localhost -u alice --password-file "$tmp/pw"
    stdout_is "it goes there over TLS" "$row"
    gives "ping" 0 "$CQLRAW" ping "$HOST" "${tls[@]}" --tls-servername localhost -u alice --password-file "$tmp/pw" -n 1
    exits "but not to whoever cannot prove to be the server" 3 q "${tls[@]}" -u alice --password-file "$tmp/pw"
fi
