#!/usr/bin/env python3
"""Passes connections on to a server and counts what goes through.

count_bytes.py HOST:PORT PORT_FILE COUNT_FILE

Listens on a free port of 127.0.0.1, which PORT_FILE tells once it does. SIGTERM ends it: COUNT_FILE then
holds the bytes sent to the server and the bytes that came from it. A byte is counted before it is passed
on, so what a client has received is in the sum.
"""
import os
import signal
import socket
import sys
import threading

total = {"up": 0, "down": 0}
lock = threading.Lock()


def pump(source, sink, way):
    try:
        while data := source.recv(65536):
            with lock:
                total[way] += len(data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()


def whole(path, text):
    with open(path + ".part", "w", encoding="ascii") as f:
        f.write(text)
    os.rename(path + ".part", path)


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    listener = socket.create_server(("127.0.0.1", 0))

    def end(*_):
        whole(sys.argv[3], f"{total['up']} {total['down']}\n")
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    whole(sys.argv[2], f"{listener.getsockname()[1]}\n")
    while True:
        client, _ = listener.accept()
        server = socket.create_connection((host, int(port)))
        for args in ((client, server, "up"), (server, client, "down")):
            threading.Thread(target=pump, args=args, daemon=True).start()


main()
