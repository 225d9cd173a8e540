"""What passes a recorder that is no CQL and no query: `cqlraw serve --upstream` between plain sockets.

    through.py CQLRAW FOLDER

Prints `N passed, N failed`; exit status 1 when something did.
"""

import hashlib
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

MANY = 64 * 1024 * 1024


class Recorder:
    def __init__(self, cqlraw, folder, upstream, limit=None):
        self.port_file = os.path.join(folder, "through.port")
        self.file = os.path.join(folder, "through.pcap")
        if os.path.exists(self.port_file):
            os.remove(self.port_file)
        command = [cqlraw, "serve", "--listen", "127.0.0.1:0", "--port-file", self.port_file, "--overwrite"]
        self.process = subprocess.Popen(
            command + ["--upstream", upstream, "--record", self.file],
            stdout=subprocess.DEVNULL,
            preexec_fn=limit,
        )
        while not os.path.exists(self.port_file):
            if self.process.poll() is not None:
                raise SystemExit("the recorder ended")
            time.sleep(0.02)
        with open(self.port_file, encoding="ascii") as f:
            self.port = int(f.read())

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.settimeout(60)
        return s

    def end(self):
        self.process.terminate()
        return self.process.wait()


def read_all(s):
    data = bytearray()
    while part := s.recv(1 << 16):
        data += part
    return bytes(data)


def noise(n, seed):
    out, block = bytearray(), hashlib.sha256(seed).digest()
    while len(out) < n:
        out += block
        block = hashlib.sha256(block).digest()
    return bytes(out[:n])


def connected(recorder, listener):
    """Both ends of a connection through the recorder."""
    client = recorder.connect()
    server, _ = listener.accept()
    server.settimeout(60)
    return client, server


def both_ways_at_once(recorder, listener):
    client, server = connected(recorder, listener)
    sent = [noise(3 << 20, b"client"), noise(5 << 20, b"server")]
    got = [None, None]

    def side(s, i):
        sender = threading.Thread(target=lambda: (s.sendall(sent[i]), s.shutdown(socket.SHUT_WR)))
        sender.start()
        got[1 - i] = read_all(s)
        sender.join()

    threads = [threading.Thread(target=side, args=a) for a in ((client, 0), (server, 1))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return got == sent


def one_side_goes_on_when_the_other_has_ended(recorder, listener):
    client, server = connected(recorder, listener)
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    if read_all(server) != b"question":
        return False
    answer = noise(1 << 20, b"answer")
    server.sendall(answer)
    server.close()
    return read_all(client) == answer


def the_server_may_end_first(recorder, listener):
    client, server = connected(recorder, listener)
    server.sendall(b"go away")
    server.shutdown(socket.SHUT_WR)
    if read_all(client) != b"go away":
        return False
    client.sendall(b"gone")
    client.close()
    return read_all(server) == b"gone"


def a_reset_is_the_end(recorder, listener):
    client, server = connected(recorder, listener)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    try:
        return server.recv(1) == b""
    except ConnectionResetError:
        return True


def who_does_not_read_is_waited_for(recorder, listener):
    client, server = connected(recorder, listener)
    data = noise(1 << 20, b"much")
    progress = [0]

    def send():
        for _ in range(MANY >> 20):
            server.sendall(data)
            progress[0] += len(data)
        server.close()

    sender = threading.Thread(target=send)
    sender.start()
    seen, still = -1, 0
    while still < 20:  # it stands still when all buffers on the way are full
        time.sleep(0.05)
        still = still + 1 if progress[0] == seen else 0
        seen = progress[0]
    waited = seen < MANY
    got = read_all(client)
    sender.join()
    return waited and got == data * (MANY >> 20)


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def recorded_bytes(path):
    """Of all packets of a recording: what stands behind their headers."""
    with open(path, "rb") as f:
        data = f.read()
    at, n = 24, 0
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        n += length - 40
        at += 16 + length
    return n


def what_is_not_recorded_is_not_passed_on(cqlraw, folder, listener):
    recorder = Recorder(cqlraw, folder, f"127.0.0.1:{listener.getsockname()[1]}", small_files)
    client, server = connected(recorder, listener)
    got = bytearray()
    sender = threading.Thread(target=send_until_refused, args=(client,))
    sender.start()
    try:
        while part := server.recv(1 << 16):
            got += part
    except ConnectionResetError:
        pass
    sender.join()
    return recorder.process.wait() == 4 and 0 < len(got) <= recorded_bytes(recorder.file)


def send_until_refused(s):
    try:
        s.sendall(noise(1 << 20, b"too much"))
    except (BrokenPipeError, ConnectionResetError):
        pass


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        recorder = Recorder(sys.argv[1], sys.argv[2], f"127.0.0.1:{listener.getsockname()[1]}")
        results = []
        for check in (
            both_ways_at_once,
            one_side_goes_on_when_the_other_has_ended,
            the_server_may_end_first,
            a_reset_is_the_end,
            who_does_not_read_is_waited_for,
        ):
            results.append(check(recorder, listener))
            print("ok   " if results[-1] else "FAIL ", check.__name__)
        results.append(recorder.end() == 0)
        results.append(what_is_not_recorded_is_not_passed_on(sys.argv[1], sys.argv[2], listener))
        print("ok   " if results[-1] else "FAIL ", what_is_not_recorded_is_not_passed_on.__name__)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
