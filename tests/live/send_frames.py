#!/usr/bin/env python3
"""Sends frames of protocol v4 to a server and prints its answers.

send_frames.py HOST:PORT

Reads a frame in hex from each line of standard input, sends it, waits for the answer on its stream and
prints that, and what came meanwhile (events), in hex, a line each.
"""
import socket
import sys


def frame(stream):
    header = stream.read(9)
    return header + stream.read(int.from_bytes(header[5:9], "big"))


def main():
    host, _, port = sys.argv[1].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as s, s.makefile("rb") as stream:
        for line in sys.stdin:
            request = bytes.fromhex(line)
            s.sendall(request)
            answer = b""
            while answer[2:4] != request[2:4]:
                answer = frame(stream)
                print(answer.hex())


main()
