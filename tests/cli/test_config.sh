#!/usr/bin/env bash
# Where options come from: flag, environment, profile, configuration, cqlshrc, credentials, default, in this order;
# what is wrong in a file is told with file and line. No server is needed.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

lacks() { ! grep -Eqa -- "$1" "$2"; } # pattern file
config=$XDG_CONFIG_HOME/cqlraw/config cqlshrc=$HOME/.cassandra/cqlshrc credentials=$HOME/.cassandra/credentials
c=("$CQLRAW" options --config)

shows "without files: the defaults" 'host 127.0.0.1 default
port 9042 default
timeout 10s default
concurrency 128 default
format (query) table default' "${c[@]}"
# shellcheck disable=SC2016 # $ is awk's
check "the columns are aligned" awk '{ at = match($0, /[^ ]+$/) } /default$/ { if (col && at != col) bad = 1; col = at } END { exit bad }' "$tmp/stdout"
gives "--json" 0 "${c[@]}" --json --host 'a"b' -u "$(printf 'n\033')"
check "is one object" python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
assert o["host"] == {"value": "a\"b", "origin": "command line"} and o["username"]["value"] == "n\x1b"
assert o["format (query)"] == {"value": "table", "origin": "default"} and "password" not in o
' "$tmp/stdout"
gives "a name that would command the terminal" 0 "${c[@]}" -u "$(printf 'n\033')"
stdout_has "is shown harmless" '^username +n\\x1b +command line$'

# --- rank

cat >"$cqlshrc" <<'EOF'
; a file of cqlsh
[authentication]
; username = nobody
[cql]
version = 3.4.5
[connection]
hostname = from.cqlshrc
port = 9141
timeout = 7
request_timeout = 20
[ui]
color = off
datetimeformat = %Y-%m-%d %H:%M:%S%z
[csv]
field_size_limit = 1000
EOF
shows "cqlshrc" "host from.cqlshrc $cqlshrc:7
port 9141 $cqlshrc:8
connect-timeout 7s $cqlshrc:9
timeout 20s $cqlshrc:10
color never $cqlshrc:12" "${c[@]}"
silent "and nothing is said"

cat >"$config" <<'EOF'
# ours
[connection]
hostname = from.config
[cqlraw]
concurrency = 64
MaxErrors: 5%
overwrite = yes
[profile prod]
host = from.profile
port = 9999
[profile test]
host = test.example
EOF
shows "our configuration goes before cqlshrc" "host from.config $config:3
port 9141 $cqlshrc:8
concurrency 64 $config:5
max-errors 5% $config:6
overwrite true $config:7" "${c[@]}"
shows "a profile goes before the rest" "profile prod command line
host from.profile $config:9
port 9999 $config:10
concurrency 64 $config:5" "${c[@]}" --profile prod
shows "a profile of the environment" "profile prod CQLRAW_PROFILE
host from.profile $config:9" env CQLRAW_PROFILE=prod "${c[@]}"
shows "the environment goes before all files" "host from.env CQLSH_HOST
port 9999 $config:10" env CQLSH_HOST=from.env "${c[@]}" --profile prod
shows "CQLRAW_HOST goes before CQLSH_HOST" "host mine CQLRAW_HOST" env CQLSH_HOST=other CQLRAW_HOST=mine "${c[@]}"
shows "a flag goes before all" "host from.flag command line" env CQLRAW_HOST=mine "${c[@]}" --profile prod --host from.flag
shows "--no-config reads no file" "host 127.0.0.1 default
concurrency 128 default" "${c[@]}" --no-config
printf '[connection]\nport=1234\n' >"$tmp/rc"
says 64 '--no-config reads none of the files, "prod" is in one' "${c[@]}" --no-config --profile prod
shows "--cqlshrc FILE is read instead" "port 1234 $tmp/rc:2
host from.config $config:3" "${c[@]}" --cqlshrc "$tmp/rc"
printf '[cqlraw]\ncqlshrc = ~/rc\n' >"$tmp/own"
cp -- "$tmp/rc" "$HOME/rc"
shows "the configuration may name it, ~ is home" "port 1234 $HOME/rc:2" "${c[@]}" --config-file "$tmp/own"
(cd -- "$tmp" && mkdir -p cqlraw .cassandra && printf '[cqlraw]\nport=1\n' >cqlraw/config && cp -- rc .cassandra/cqlshrc)
in_folder() { (cd -- "$tmp" && "$@"); }
shows "nothing is read from the working directory" "port 9042 default" in_folder env HOME=. XDG_CONFIG_HOME=. "${c[@]}"
shows "nor without a home" "port 9042 default" in_folder env -u HOME -u XDG_CONFIG_HOME "${c[@]}"

# --- what is wrong is told with its place; a flag that stands in for it makes it irrelevant

q=("$CQLRAW" query x)
wrong() { # code message text...
    printf '%b' "${@:3}" >"$config"
    says "$1" "cqlraw query: $2" "${q[@]}"
}
says 64 "cqlraw query: no profile \"nope\" in $config; there are: prod, test" "${q[@]}" --profile nope
wrong 64 "$config:2: port: \"x\" is not a number" '[cqlraw]\nport = x\n'
wrong 64 "$config:2: port: \"70000\" is out of range (1 to 65535)" '[connection]\nport = 70000\n'
wrong 64 "$config:3: neither [SECTION] nor KEY = VALUE" '[cqlraw]\n\nport\n'
wrong 64 "$config:1: a [SECTION] must come first" 'port = 1\n'
wrong 64 "$config:2: [cqlraw] prot: no such option" '[cqlraw]\nprot = 1\n'
wrong 64 "$config:3: [profil x] port: no such section" '\n[profil x]\nport = 1\n'
wrong 64 "$config:3: [cqlraw] PORT: is set twice in this section" '[cqlraw]\nport=1\nPORT=2\n'
wrong 64 "$config:2: [cqlraw] param: cannot be set in a file" '[cqlraw]\nparam = a=1\n'
wrong 64 "$config:2: [cqlraw] listen: is an option of a command that reads no file" '[cqlraw]\nlisten = 127.0.0.1:1\n'
wrong 64 "$config:2: [cqlraw] profile: cannot be set in a file" '[cqlraw]\nprofile = a\n'
wrong 64 "$config:2: verbose: \"perhaps\" is neither true nor false" '[cqlraw]\nverbose = perhaps\n'
wrong 64 "$config:2: [cqlraw] host: the value goes over several lines" '[cqlraw]\nhost = a\n  b\n'
says 64 "no profile \"prod\" in $config, which has none" "${q[@]}" --profile prod
printf '[cqlraw]\nconcurrency = x\n' >"$config"
printf '[cqlraw]\nport = x\n' >"$config"
shows "what a flag stands in for is not looked at" "port 5 command line" "${c[@]}" --port 5
rm -- "$config"
says 64 "no profile \"prod\": there is no $config" "${q[@]}" --profile prod
says 3 "cqlraw query: cannot read $tmp/none: No such file or directory" "${q[@]}" --config-file "$tmp/none"
says 3 "cqlraw query: cannot read $tmp/none: No such file or directory" "${q[@]}" --cqlshrc "$tmp/none"
says 3 "cqlraw query: cannot read $tmp/none: No such file or directory" "${q[@]}" --credentials "$tmp/none"
says 3 "cqlraw query: cannot read $tmp: Is a directory" "${q[@]}" --cqlshrc "$tmp"
mkfifo -- "$tmp/fifo"
says 3 "cqlraw query: cannot read $tmp/fifo: Invalid argument" "${q[@]}" --cqlshrc "$tmp/fifo"
says 64 'CQLRAW_PORT: "x" is not a number' env CQLRAW_PORT=x "${q[@]}"

# --- passwords in files: shown to nobody, taken from private files only

printf '[plain_text_auth]\nusername = alice\npassword = s;e#c%%%%ret\n' >"$credentials"
chmod 600 -- "$credentials"
shows "credentials" "username alice $credentials:2
password *** $credentials:3" "${c[@]}"
check "the password is not shown" lacks 'e#c' "$tmp/stdout"
silent "and nothing is said"
shows "the password is alice's" "username bob command line" "${c[@]}" -u bob
check "so bob has none" lacks '^password ' "$tmp/stdout"
shows "alice may be named" "password *** $credentials:3" "${c[@]}" -u alice
for mode in 640 604 620; do
    chmod "$mode" -- "$credentials"
    gives "mode $mode" 0 "${c[@]}"
    stderr_has "is a warning" "warning: the file $credentials is ignored: its mode is 0$mode"
    check "and the file is ignored" lacks '^(username|password) ' "$tmp/stdout"
done
if ((EUID == 0)); then
    chmod 600 -- "$credentials"
    chown 12345 -- "$credentials"
    gives "another owner" 0 "${c[@]}"
    stderr_has "is a warning too" "warning: the file $credentials is ignored: .* must be yours"
fi
rm -- "$credentials"
printf '[cqlraw]\nport = 77\nusername = u\npassword = p\n' >"$config"
chmod 644 -- "$config"
shows "a password in a configuration that others can read is ignored, the rest is not" "port 77 $config:2" "${c[@]}"
stderr_has "with a warning" "warning: the password in $config is ignored: its mode is 0644"
check "once" test "$(wc -l <"$tmp/stderr")" = 1
check "the password is not there" lacks '^password ' "$tmp/stdout"
chmod 400 -- "$config"
shows "a private one is taken" "password *** $config:4" "${c[@]}"
shows "a password file of the command line goes before it" "password-file $tmp/pw command line" "${c[@]}" --password-file "$tmp/pw"
chmod 600 -- "$config"
printf '[profile a]\nusername = u\npassword-file = ~/pw\n[cqlraw]\nusername = v\npassword = p\n' >"$config"
shows "a password file of a profile hides a password further down" "password-file $HOME/pw $config:3" "${c[@]}" --profile a
check "which is not there" lacks '^password ' "$tmp/stdout"
