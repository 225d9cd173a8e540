"""A server that lies: python3 hostile.py VECTORS PORT_FILE NAME_FILE

Every connection gets the bytes of the vector (tests/vectors/hostile.h) whose name stands in NAME_FILE at
that time: as the answer to STARTUP, or to the first request behind it.
"""

import os
import re
import socket
import sys

READY = bytes.fromhex("840000000200000000")
STARTUP = 1


def tokens(line):
    """The bytes of a line of tokens: hex, HEX*N, "text", s"text"."""
    out = b""
    for string, text, digits, times in re.findall(r'(s?)"([^"]*)"|([0-9a-f]+)(?:\*(\d+))?', line):
        if digits:
            out += bytes.fromhex(digits) * int(times or 1)
        else:
            out += (len(text).to_bytes(2, "big") if string else b"") + text.encode()
    return out


def load(path):
    """name -> (is the handshake, bytes)."""
    vectors = {}
    name, parts = None, []
    for line in open(path, encoding="ascii"):
        key, _, rest = line.rstrip("\n").partition(" ")
        if key == "name":
            name, parts = rest, []
            vectors[name] = [False, parts]
        elif key == "handshake":
            vectors[name][0] = True
        elif key in ("frame", "raw"):
            parts.append([key == "frame", tokens(rest), b""])
        elif key == "hex":
            parts[-1][2] += tokens(rest)
    return {
        name: (handshake, b"".join(
            head + (len(body).to_bytes(4, "big") if framed else b"") + body for framed, head, body in parts))
        for name, (handshake, parts) in vectors.items()
    }


def requests(conn):
    """The opcode of each request, until the client goes away."""
    while True:
        header = conn.recv(9, socket.MSG_WAITALL)
        if len(header) < 9:
            return
        conn.recv(int.from_bytes(header[5:], "big"), socket.MSG_WAITALL)
        yield header[4]


def serve(conn, handshake, data):
    for opcode in requests(conn):
        if opcode == STARTUP and not handshake:
            conn.sendall(READY)
        elif data:
            conn.sendall(data)
            data = b""


def main():
    vectors_file, port_file, name_file = sys.argv[1:]
    vectors = load(vectors_file)
    listener = socket.create_server(("127.0.0.1", 0))
    with open(port_file + ".new", "w", encoding="ascii") as f:
        f.write(str(listener.getsockname()[1]))
    os.rename(port_file + ".new", port_file)
    while True:
        conn, _ = listener.accept()
        with conn, open(name_file, encoding="ascii") as f:
            try:
                serve(conn, *vectors[f.read().strip()])
            except OSError:
                pass  # the client has gone


main()
