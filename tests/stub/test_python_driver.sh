#!/usr/bin/env bash
# Another driver takes the embedded server for a server: the Python driver connects to `cqlraw serve`, reads
# the system tables and does the main job (tests/live/python_on_stub.py, whose count this is).
set -euo pipefail
cd -- "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../.."

tmp=$(mktemp -d)
"${CQLRAW:-build/cqlraw}" serve --listen 127.0.0.1:0 --port-file "$tmp/port" &
server=$!
trap 'exit 143' INT TERM
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -rf -- "$tmp"' EXIT
until [[ -s $tmp/port ]]; do
    kill -0 "$server"
    sleep 0.02
done
"${PYTHON:-$(tools/python-env)}" tests/live/python_on_stub.py --host 127.0.0.1 --port "$(<"$tmp/port")"
