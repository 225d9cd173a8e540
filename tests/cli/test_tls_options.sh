#!/usr/bin/env bash
# --tls and what goes with it, as far as it takes no server: where the values come from, what does not go together,
# files that are not there or not private.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

lacks() { ! grep -Eqa -- "$1" "$2"; } # pattern file
config=$XDG_CONFIG_HOME/cqlraw/config cqlshrc=$HOME/.cassandra/cqlshrc
c=("$CQLRAW" options --config)

# --- the command line

for name in tls ssl SSL; do
    shows "--$name" 'tls true command line' "${c[@]}" --"$name"
done
gives "without it" 0 "${c[@]}"
check "there is none" lacks '^(tls|cacert|insecure) ' "$tmp/stdout"
for command in 'run x' 'query x' ping options; do
    # shellcheck disable=SC2086
    says 64 "cqlraw ${command% *}: --cacert needs --tls" "$CQLRAW" $command --cacert x
done
for option in --crl --cert --key --key-password-file --tls-servername; do
    says 64 "cqlraw options: $option needs --tls" "$CQLRAW" options "$option" x
done
says 64 'cqlraw query: --insecure needs --tls' "$CQLRAW" query x --insecure
says 64 'cqlraw run: --tls takes no value' "$CQLRAW" run x --tls=yes
says 64 'cqlraw serve: --tls is an option of "run", not of "serve"' "$CQLRAW" serve --tls
gives "help query --all" 0 "$CQLRAW" help query --all
stdout_has "has a heading for it" '^TLS:$'
stdout_has "below which they are" '^ +--tls-servername NAME '

# --- cqlsh's configuration: its names, and what it means by them

cat >"$cqlshrc" <<'END'
[connection]
ssl = true
factory = cqlshlib.ssl.ssl_transport_factory
[ssl]
certfile = ~/ca.pem
validate = false
userkey = ~/key.pem
usercert = /etc/cert.pem
version = SSLv23
[certfiles]
db1.example = ~/db1.pem
DB2.example = /etc/db2.pem
END
shows "cqlshrc" "tls true $cqlshrc:2
cacert $HOME/ca.pem $cqlshrc:5
insecure true $cqlshrc:6
key $HOME/key.pem $cqlshrc:7
cert /etc/cert.pem $cqlshrc:8" "${c[@]}"
silent "and nothing is said"
gives "--verbose" 0 "${c[@]}" -v
stderr_has "tells what is passed over" "^cqlraw options: $cqlshrc:9: \[ssl\] version: is passed over: TLS 1\.3 or 1\.2"
check "in one line" test "$(wc -l <"$tmp/stderr")" = 1
for host in db1.example DB1.example:9142 ' db1.example '; do
    shows "[certfiles] is for a host ($host)" "cacert $HOME/db1.pem $cqlshrc:11" "${c[@]}" --host "$host"
done
shows "whose name has no case" "cacert /etc/db2.pem $cqlshrc:12" "${c[@]}" --host db2.example
for host in db3.example db1.example,db2.example db1.example.org; do
    shows "not for $host" "cacert $HOME/ca.pem $cqlshrc:5" "${c[@]}" --host "$host"
done
shows "SSL_CERTFILE goes before both" 'cacert env.pem SSL_CERTFILE' env SSL_CERTFILE=env.pem "${c[@]}" --host db1.example
shows "--cacert before all" 'cacert x command line' env SSL_CERTFILE=env.pem "${c[@]}" --cacert x
shows "SSL_VALIDATE goes before validate" 'insecure false SSL_VALIDATE' env SSL_VALIDATE=true "${c[@]}"
shows "--insecure before both" 'insecure true command line' env SSL_VALIDATE=true "${c[@]}" --insecure
for word in false False FALSE; do
    shows "SSL_VALIDATE=$word is --insecure" 'insecure true SSL_VALIDATE' env SSL_VALIDATE="$word" "${c[@]}" --no-config
done
for word in true no 0 off falsch; do
    shows "SSL_VALIDATE=$word is not, as for cqlsh" 'insecure false SSL_VALIDATE' env SSL_VALIDATE="$word" "${c[@]}"
    sed -i "s/^validate = .*/validate = $word/" "$cqlshrc"
    shows "nor is validate = $word" "insecure false $cqlshrc:6" "${c[@]}"
done
printf '[certfiles]\na.example = x\nA.EXAMPLE = y\n' >"$tmp/rc"
says 64 "$tmp/rc:3: [certfiles] A.EXAMPLE: is set twice in this section" "${c[@]}" --cqlshrc "$tmp/rc"

# --- our own

cat >"$config" <<'END'
[certfiles]
db9.example = /etc/db9.pem
[cqlraw]
cacert = ~/all
crl = ~/crl.pem
key-password-file = ~/pw
[profile open]
tls = false
[profile own]
tls-servername = cassandra
cacert = /etc/own.pem
END
shows "our configuration goes before cqlshrc" "tls true $cqlshrc:2
cacert $HOME/all $config:4
crl $HOME/crl.pem $config:5
key-password-file $HOME/pw $config:6
cert /etc/cert.pem $cqlshrc:8" "${c[@]}" --host db1.example
shows "in one file a host's goes before the rest" "cacert /etc/db9.pem $config:2" "${c[@]}" --host db9.example
shows "a profile can leave TLS out" "tls false $config:8" "${c[@]}" --profile open
shows "and goes before a host's" "cacert /etc/own.pem $config:11
tls-servername cassandra $config:10" "${c[@]}" --profile own --host db9.example
printf '[ssl]\ncertfil = x\n[connection]\nssl = perhaps\n' >"$cqlshrc"
says 64 "$cqlshrc:4: ssl: \"perhaps\" is neither true nor false" "${c[@]}"
rm -- "$config" "$cqlshrc"

# Of the environment and of files they wait for TLS.
printf '[ssl]\ncertfile = /none\nvalidate = false\nuserkey = /none\n' >"$cqlshrc"
says 3 'cqlraw query: 127.0.0.1:1: connect: Connection refused' env SSL_CERTFILE=/none SSL_VALIDATE=false "$CQLRAW" query --host 127.0.0.1:1 x
rm -- "$cqlshrc"
