#!/usr/bin/env python3
"""Nothing is taken in faster than it can be given out: an endless source is not read when the server stops answering or reading, or
when nobody reads the output. Memory of all processes is looked at until it stands still."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from program import Server, Tally, command, environment
from proxy import Fault, Proxy

MB = 1 << 20
LINES = b"tables\n" * 9000  # 63 KB
MOST_TAKEN = 24 * MB  # of lines: far more than the pipe and what two workers hold; an unbounded reader takes that in half a second
MOST_MEMORY = 48 * MB  # of one process


class AnswersNoMore(Fault):
    """From the 100th answer on."""

    def reply(self, link, frame):
        self.count += 1
        if self.count < 100:
            link.client.send(frame.bytes)


class ReadsNoMore(Fault):
    def reply(self, link, frame):
        self.count += 1
        if self.count < 100:
            link.client.send(frame.bytes)
        elif not link.client.deaf:
            link.client.deaf = True
            link.client.watch()


def memory(pid):
    """The most it ever had, in bytes; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return next((int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


class Feeder(threading.Thread):
    """Writes lines for ever; `taken` bytes of them have been."""

    def __init__(self, fd):
        super().__init__(daemon=True)
        self.fd, self.taken = fd, 0

    def run(self):
        try:
            while True:
                self.taken += os.write(self.fd, LINES)
        except OSError:
            pass


def stands_still(feeder, seconds=0.7, most=15):
    """True when nothing was taken for a while, false when it goes on and on."""
    end, seen, since = time.monotonic() + most, -1, time.monotonic()
    while time.monotonic() < end and feeder.taken < MOST_TAKEN:
        if feeder.taken != seen:
            seen, since = feeder.taken, time.monotonic()
        elif time.monotonic() - since > seconds:
            return True
        time.sleep(0.05)
    return False


def pressed(folder, tally, what, fault, reads_output):
    server = Server(folder)
    proxy = Proxy(server.address, fault)
    port = proxy.port if fault else server.port
    process = subprocess.Popen(
        command(port, "-P", "table_name=@-", "-j", "2", "--timeout", "60s", "--format", "csv"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if reads_output else subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(folder),
    )
    feeder = Feeder(process.stdin.fileno())
    feeder.start()
    still = stands_still(feeder)
    tally.check(f"{what}: the source is not read any more ({feeder.taken >> 10} KB of it were)", still)
    most = max(memory(pid) for pid in [process.pid, *children(process.pid)])
    tally.check(f"{what}: no process is large ({most >> 20} MB)", most < MOST_MEMORY)
    tally.check(f"{what}: it is still there", process.poll() is None)
    process.kill()
    process.wait()
    feeder.join(5)
    proxy.close()
    server.kill()


def main():
    tally = Tally()
    folder = tempfile.mkdtemp()
    try:
        pressed(folder, tally, "the server answers no more", AnswersNoMore(), True)
        pressed(folder, tally, "the server reads no more", ReadsNoMore(), True)
        pressed(folder, tally, "nobody reads the output", Fault(), False)
    finally:
        shutil.rmtree(folder)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
