# For tools/cassandra: TLS of the native port. Makes an authority, a server's certificate and a client's in
# $dir/tls, once for a directory, and writes Cassandra's settings for them; opens connections to the node,
# with TLS when its configuration says so. $dir/tls exists only when it is complete.
#
# Cassandra's stores are PKCS#12 as openssl writes them. As its truststore Java takes the certificate of a
# key it is given, so the authority stands there with its key; the password protects nothing and is no secret.
# shellcheck shell=bash

readonly TLS_NAMES=DNS:localhost,IP:127.0.0.1,IP:::1 TLS_DAYS=3650 TLS_STORE_PASSWORD=cassandra

# --- certificates -------------------------------------------------------------------------------

tls_cnf() {
    printf '%s\n' '[req]' 'distinguished_name = name' 'prompt = no' '[name]' 'CN = cassandra' \
        '[all]' 'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid'
}

tls_sign() { # name, common name, options of req ...: NAME.pem and NAME.key
    openssl req -x509 -config cnf -extensions all -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
        -days "$TLS_DAYS" -subj "/CN=$2" -keyout "$1.key" -out "$1.pem" "${@:3}"
}

tls_store() { # name
    openssl pkcs12 -export -in "$1.pem" -inkey "$1.key" -name "$1" -passout "pass:$TLS_STORE_PASSWORD" -out "$1.p12"
}

tls_make_all() {
    local -a by_ca=(-CA ca.pem -CAkey ca.key -addext 'basicConstraints=critical,CA:FALSE')
    tls_cnf >cnf &&
        tls_sign ca "Authority of a test node" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign &&
        tls_sign server cassandra "${by_ca[@]}" -addext "subjectAltName=$TLS_NAMES" -addext extendedKeyUsage=serverAuth &&
        tls_sign client client "${by_ca[@]}" -addext extendedKeyUsage=clientAuth &&
        tls_store ca && tls_store server
}

# The caller holds the directory's lock: a temporary folder is a leftover of a start that was killed.
tls_prepare() {
    local tmp=$dir/tls.tmp
    [[ ! -d $dir/tls ]] || return 0
    [[ $(type -P openssl) ]] || die "no openssl (makes the certificates): apt-get install openssl"
    rm -rf -- "$tmp"
    (umask 077 && mkdir -- "$tmp" && cd -- "$tmp" && tls_make_all) >"$dir/tls.log" 2>&1 || { cat -- "$dir/tls.log" >&2 && die "openssl could not make the certificates"; }
    rm -- "$dir/tls.log" "$tmp/cnf"
    mv -T -- "$tmp" "$dir/tls"
}

# Cassandra's settings, as sed takes them. With $1 a client without a certificate is refused.
tls_yaml() {
    printf 'client_encryption_options:\\n  enabled: true\\n  optional: false\\n  require_client_auth: %s\\n' "${1:-false}"
    printf '  store_type: PKCS12\\n  keystore: %s\\n  keystore_password: %s\\n' "$dir/tls/server.p12" "$TLS_STORE_PASSWORD"
    printf '  truststore: %s\\n  truststore_password: %s\\n' "$dir/tls/ca.p12" "$TLS_STORE_PASSWORD"
}

# --- connections --------------------------------------------------------------------------------

speaks_tls() { grep -qs '^client_encryption_options:' "$dir/conf/cassandra.yaml"; }

# Connects for the rest of a subshell: what the node says comes from descriptor 3, 4 leads to it. The node must
# prove with its certificate that it is the one of this directory.
connect() { # port
    if speaks_tls; then
        is_listening "$1" || return 1
        coproc { exec timeout 10 openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$1" -CAfile "$dir/tls/ca.pem" \
            -verify_return_error -verify_ip 127.0.0.1 -cert "$dir/tls/client.pem" -key "$dir/tls/client.key" 2>/dev/null 9<&-; }
        exec 3<&"${COPROC[0]}" 4>&"${COPROC[1]}"
    else
        exec 3<>"/dev/tcp/127.0.0.1/$1" 4>&3
    fi
}
