#!/usr/bin/env bash
# `query` against servers that lie: whatever they send, the program ends with a documented exit code and one
# line, at once. What each vector comes to is told in tests/vectors/hostile.txt.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

readonly VECTORS=$TOP/tests/vectors/hostile.txt

: >"$tmp/name"
listens "$tmp/port" python3 "$TOP/tests/cli/hostile.py" "$VECTORS" "$tmp/port" "$tmp/name"
HOST=127.0.0.1:$port

# A hang ends with 124.
against() { # vector command ...
    printf '%s\n' "$1" >"$tmp/name"
    timeout 20 "${@:2}"
}
asks() { against "$1" "$CQLRAW" query --host "$HOST" 'SELECT k FROM ks.t' "${@:2}"; }
prepares() { against "$1" "$CQLRAW" query --host "$HOST" 'SELECT k FROM ks.t WHERE k = ?' -P k=1 "${@:2}"; }

# ---- the answers that ended other clients

says 2 'frame header: body of 4294967295 bytes, the limit is 268435456' asks length-ffffffff
says 2 'frame header: body of 2147483647 bytes, the limit is 268435456' asks length-7fffffff
says 2 'RESULT: column specs: need 8589934588 bytes, 6 left at 12' asks columns-2g
says 2 'RESULT: column 0: type: nested too deep at 152' asks type-nested-300000
says 2 'RESULT: partition key count: negative count at 30' prepares prepared-pk-count-2g
says 2 'RESULT: partition key count: negative count at 30' prepares prepared-pk-count-minus-1
says 3 'frame header: body of 4294967295 bytes, the limit is 268435456' asks length-in-the-handshake
says 2 'paging state: none, but more pages are announced' asks more-pages-without-a-state

# ---- all of them, as the answer to QUERY and to PREPARE

# A documented exit code and, unless that is 0, one line (the server's warnings apart).
ends_well() { # vector how
    local rc=0 lines
    "$2" "$1" --timeout 200ms >"$tmp/stdout" 2>"$tmp/stderr" || rc=$?
    lines=$(grep -vc ': warning: ' "$tmp/stderr") || true
    ((lines == (rc ? 1 : 0))) && [[ $rc == [023] || $rc == 64 ]] && ! grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$tmp/stderr" && return
    printf '%s, %s: exit code %d\n' "$1" "$2" "$rc"
    head -n 5 -- "$tmp/stderr"
    return 1
}
all_end_well() { # how
    local name bad=0 n=0
    while read -r name; do
        n=$((n + 1))
        ends_well "$name" "$1" || bad=1
    done < <(sed -n 's/^name //p' "$VECTORS")
    ((n > 100 && bad == 0))
}
check "as the answer to QUERY none of the vectors does harm" all_end_well asks
check "nor to PREPARE" all_end_well prepares
