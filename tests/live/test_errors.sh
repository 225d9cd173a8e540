#!/usr/bin/env bash
# What a real server refuses, and what is not there, is told in one line and with the exit code for it.
# shellcheck source=tests/live/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly KS=cqlraw_errors

one_line() { # what it shows, what the line on stderr says
    if [[ $(wc -l <"$tmp/err") == 1 ]] && grep -qE -- "$2" "$tmp/err"; then
        pass "$1"
    else
        fail "$1" "not one line with \"$2\":" "$(head -n 10 -- "$tmp/err")"
    fi
}

refused() { # what it shows, exit code, pattern of the line, command ...
    exits "$1: exit code $2" "$2" "${@:4}"
    one_line "$1: one line tells" "$3"
}

fresh_keyspace "$KS"
cql_query -e "CREATE TABLE $KS.t (id int PRIMARY KEY, v int)" >/dev/null

refused "run on a table that is not there" 3 'nosuch' \
    cql_run "SELECT * FROM $KS.nosuch WHERE id = ?" -P id=1..10
refused "run with a syntax error" 3 'SYNTAX|[Ss]yntax|no viable|mismatched' \
    cql_run "SELEKT * FROM $KS.t WHERE id = ?" -P id=1..10
refused "run with a parameter the statement has not" 64 'nosuch' \
    cql_run "SELECT * FROM $KS.t WHERE id = ?" -P nosuch=1..10
refused "run without a parameter the statement has" 64 'id' \
    cql_run "SELECT * FROM $KS.t WHERE id = ?"
refused "run with a value of the wrong type" 64 'abc' \
    cql_run "SELECT * FROM $KS.t WHERE id = ?" -P id=1,abc
refused "run with a range that leaves the type" 64 'int' \
    cql_run "SELECT * FROM $KS.t WHERE id = ?" -P id=2147483640..2147483650
refused "run with a parameter file that is not there" 3 "$tmp/nosuch" \
    cql_run "SELECT * FROM $KS.t WHERE id = ?" -P id=@"$tmp/nosuch"
refused "run on a port where nothing listens" 3 '127\.0\.0\.1:1\b' \
    "$CQLRAW" run "SELECT * FROM $KS.t WHERE id = ?" -P id=1..10 --host 127.0.0.1:1
refused "query on a table that is not there" 2 'nosuch' cql_query -e "SELECT * FROM $KS.nosuch"
refused "query with a syntax error" 2 'SYNTAX|[Ss]yntax|no viable|mismatched' cql_query -e "SELEKT 1"
refused "query on a port where nothing listens" 3 '127\.0\.0\.1:1\b' \
    "$CQLRAW" query -e "SELECT key FROM system.local" --host 127.0.0.1:1

