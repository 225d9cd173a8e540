#!/usr/bin/env python3
"""The same over TLS: whatever happens to its records on the way, `run` gives the same bytes, and what may not be sent twice is not.

The way is: program, proxy that does the harm record by record, TLS peer of tests/tls, proxy that counts, embedded server. Over TLS
a flipped bit is noticed, so here it must not change the output.
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time

import test_faults as plain
from program import CQLRAW, TOP, Server, Tally, run
from proxy import Fault, Proxy, tls_record

PEER = os.path.join(os.path.dirname(CQLRAW), "tests", "tls", "peer")
# A record holds many answers. A parameter set that ends three connections is given up, so this is done twice only.
EVERY, TIMES = 12, 2


def sooner(kind):
    return type(kind.__name__, (kind,), {"every": EVERY, "times": TIMES})


class Flips(plain.Flips):
    """Now and then a bit of a record that the server sends."""

    def reply(self, link, frame):
        if link.executes and self.nth(EVERY, TIMES):
            self.done += 1
            bit = self.random.randrange(8 * 5, 8 * len(frame.bytes))  # behind the record's header
            data = bytearray(frame.bytes)
            data[bit // 8] ^= 1 << bit % 8
            link.client.send(bytes(data))
        else:
            link.client.send(frame.bytes)


class Stops(plain.Stops):
    """The server behind the peer, at the 20th record."""

    def reply(self, link, frame):
        self.count += 9
        super().reply(link, frame)


ENDS = [plain.ResetBefore, plain.ResetWithin, plain.ResetBehind, plain.EndWithin, plain.EndBehind, plain.EndTowardsServer]
ROWS = [Fault, *map(sooner, ENDS), Flips, Stops, plain.Bytes]
NOT_TWICE = [*map(sooner, [plain.ResetBefore, plain.ResetWithin, plain.EndWithin]), Flips]


class Way:
    """All that stands between the program and a server of its own."""

    def __init__(self, folder, fault):
        self.server = Server(folder)
        self.counter = Proxy(self.server.address, Fault())
        port_file = os.path.join(folder, f"peer{time.monotonic_ns()}")
        report = port_file + ".report"
        certs = [f"{folder}/certs/server.{end}" for end in ("pem", "key")]
        command = [PEER, "--port-file", port_file, "--report", report, "--cert", certs[0], "--key", certs[1]]
        self.peer = subprocess.Popen([*command, "--upstream", f"127.0.0.1:{self.counter.port}"])
        while not os.path.exists(port_file):
            if self.peer.poll() is not None:
                raise SystemExit("the peer ended")
            time.sleep(0.01)
        with open(port_file, encoding="ascii") as f:
            self.proxy = Proxy(("127.0.0.1", int(f.read())), fault, cut=tls_record)
        self.proxy.server = self.server

    def end(self):
        self.proxy.close()
        self.peer.terminate()
        self.peer.wait()
        self.counter.close()
        self.server.kill()


class Bench(plain.Bench):
    def harmed(self, kind, *options):
        way = Way(self.folder, kind())
        tls = ("--tls", "--cacert", f"{self.folder}/certs/ca.pem")
        result = run(self.folder, way.proxy.port, *plain.PAGES, *plain.WAIT, *tls, *options)
        way.end()
        way.proxy.executed = way.counter.executed  # in the clear
        return result, way.proxy


def main():
    tally = Tally()
    folder = tempfile.mkdtemp()
    try:
        subprocess.run([f"{TOP}/tests/tls/certs", f"{folder}/certs"], check=True)
        bench = Bench(folder)
        bench.learn()
        tally.check("there is something to compare with", all(bench.good.values()))
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            jobs = []
            for i, kind in enumerate(ROWS):
                n, in_flight = (40, 16) if kind is plain.Bytes else (300, 16)
                jobs += [pool.submit(bench.row, kind, n, in_flight, way.split()) for way in plain.WAYS[i % 2]]
            jobs += [pool.submit(bench.not_twice, kind) for kind in NOT_TWICE]
            for job in jobs:
                tally.check(*job.result())
    finally:
        shutil.rmtree(folder)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
