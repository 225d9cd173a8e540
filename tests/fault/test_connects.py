#!/usr/bin/env python3
"""Sixteen workers that lost their server are no storm: some ten connections a second for all of them, spread, and never more than two
at a time; whether the server refuses, closes what it has accepted, or accepts and says nothing."""

import concurrent.futures
import datetime
import re
import shutil
import subprocess
import sys
import tempfile
import time

from program import Server, Tally, command, environment
from proxy import Fault, Proxy

WORKERS = 16
AWAY = 2.5  # seconds
MOST = 10 * AWAY + 3


class Gone(Fault):
    """When all workers are connected every connection ends, and for a while new ones get what `refuse` gives them."""

    since = until = None
    most_held = 0
    patient = True  # the pause between two attempts is longer than an attempt, so it can be seen to differ

    def reply(self, link, frame):
        link.client.send(frame.bytes)
        if not self.since and len(link.proxy.links) == WORKERS and self.nth(300, 1):
            self.since = time.monotonic()
            self.until = self.since + AWAY
            self.go(link.proxy)

    def go(self, proxy):
        for link in proxy.links:
            link.close()

    def accepted(self, proxy, link):
        if not self.until or time.monotonic() > self.until:
            return True
        self.refuse(proxy, link)
        return False

    def request(self, link, frame):
        if link.server:
            link.server.send(frame.bytes)

    def attempts(self, proxy, _log):
        return [at - self.since for at in proxy.times if self.since < at < self.until]


class Closes(Gone):
    """Accepts and closes."""

    def refuse(self, proxy, link):
        link.close()


class SaysNothing(Gone):
    """Accepts, and is silent."""

    patient = False  # each takes the time for connecting

    def refuse(self, proxy, link):
        held = sum(1 for each in proxy.links if each.client.sock.fileno() >= 0 and not each.server)
        self.most_held = max(self.most_held, held)


class Refuses(Gone):
    """Does not listen.

    Who asks cannot be counted there, so the program's log is.
    """

    def go(self, proxy):
        proxy.refuse()
        proxy.later(AWAY, proxy.listen, proxy.port)
        self.wall = time.time()

    def attempts(self, _proxy, log):
        stamps = re.findall(r"(?m)^(\S+)Z run\[\d+\] debug: .*: connecting$", log)
        times = [datetime.datetime.fromisoformat(at + "+00:00").timestamp() for at in stamps]
        return [at - self.wall for at in times if self.wall < at < self.wall + AWAY]


def run(folder, fault, *options):
    server = Server(folder)
    proxy = Proxy(server.address, fault)
    lines = folder + "/lines"
    with open(lines, "w", encoding="ascii") as f:
        f.write("tables\n" * 3500)
    process = subprocess.run(
        command(
            proxy.port,
            *("-P", f"table_name=@{lines}", "-j", str(WORKERS), "-c", "2", "--block", "5", "--rate", "1500"),
            *("--outage-wait", "30s", "--log", folder + "/log", "--format", "none", "--summary", "text", *options),
        ),
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(folder),
        check=False,
    )
    proxy.close()
    server.kill()
    with open(folder + "/log", encoding="utf-8") as f:
        return process, proxy, f.read()


def no_storm(fault, *options):
    """The checks of one kind: what, is it so, why not."""
    folder = tempfile.mkdtemp()
    try:
        process, proxy, log = run(folder, fault, *options)
    finally:
        shutil.rmtree(folder)
    name = type(fault).__doc__.split("\n", maxsplit=1)[0]
    attempts = fault.attempts(proxy, log) if fault.since else []
    gaps = {round(b - a, 3) for a, b in zip(attempts, attempts[1:])}
    spread = min(gaps, default=0) > 0.04 and (not fault.patient or len(gaps) >= min(3, len(attempts) - 1))
    said = process.stdout.splitlines()[:1] + process.stderr.splitlines()[-2:]
    return [
        (f"{name} The run ends well", process.returncode == 0, said),
        (f"{name} {len(attempts)} attempts in {AWAY} s", 3 <= len(attempts) <= MOST, attempts),
        (f"{name} They are spread", spread, gaps),
        (f"{name} No more than two at a time", fault.most_held <= 2, fault.most_held),
    ]


def main():
    tally = Tally()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(no_storm, Closes()),
            pool.submit(no_storm, Refuses()),
            pool.submit(no_storm, SaysNothing(), "--connect-timeout", "300ms"),
        ]
        for job in jobs:
            for check in job.result():
                tally.check(*check)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
