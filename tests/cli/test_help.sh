#!/usr/bin/env bash
# The help: every command fits a terminal of 80x24, with the prompt below it, and shows an example; --all shows every option once.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/lib.sh"

fits() { # rows
    awk -v rows="$1" 'length > 80 { print FILENAME ": " FNR ": " length ": " $0; bad = 1 } END { exit bad || NR > rows }' "$tmp/stdout"
}

gives "--help" 0 "$CQLRAW" --help
check "fits 80x24" fits 23
mapfile -t commands < <(awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' "$tmp/stdout")
check "names the commands" test "${#commands[@]}" -ge 5

for command in "${commands[@]}"; do
    gives "$command --help" 0 "$CQLRAW" "$command" --help
    check "$command: fits 80x24" fits 23
    stdout_has "$command: shows an example" '^example:$'
    cp -- "$tmp/stdout" "$tmp/screen"
    gives "help $command" 0 "$CQLRAW" help "$command"
    same "help $command is the same" "$tmp/screen" "$tmp/stdout"
    gives "--help $command" 0 "$CQLRAW" --help "$command"
    same "--help $command is the same" "$tmp/screen" "$tmp/stdout"

    gives "help $command --all" 0 "$CQLRAW" help "$command" --all
    check "$command: at most 80 columns" fits 1000
    grep -oE '^  (-.,|   ) --[a-z-]+' "$tmp/stdout" | grep -oE -- '--.*' >"$tmp/names"
    sort -u -- "$tmp/names" >"$tmp/once"
    sort -- "$tmp/names" >"$tmp/names.sorted"
    same "$command: every option once" "$tmp/once" "$tmp/names.sorted"
    grep -oE '^  (-.,|   ) --[a-z-]+' "$tmp/screen" | grep -oE -- '--.*' | sort >"$tmp/main"
    check "$command: the screen's options are among them" test -z "$(comm -13 "$tmp/once" "$tmp/main")"
done

gives "help run --all" 0 "$CQLRAW" help run --all
stdout_has "the connection options have a heading" '^connection:$'
stdout_has "and are there" '^ +--connect-timeout '
gives "run --help" 0 "$CQLRAW" run --help
stdout_has "the screen says how to see them" 'cqlraw help run --all$'
says 64 'cqlraw help: no command "x"' "$CQLRAW" help x --all
