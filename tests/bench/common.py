"""What the benchmarks share: one run of a program, the servers, a table of text."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
STATEMENT = "SELECT * FROM system.local WHERE key=?"
RUN_SECONDS = 120  # a program that takes longer hangs


# --- one run


def fail(text):
    raise SystemExit(f"bench: {text}")


def run(command, rows_on_stdout):
    """Runs it to its end: (what it said, CPU seconds of it and of the children it waited for)."""
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if rows_on_stdout else out,
            stderr=out,
            start_new_session=True,
        )
        with limited(child):
            status, usage = wait(child)
        out.seek(0)
        text = out.read()
    if status:
        fail(f"exit code {status} of {' '.join(command)}\n{text}")
    return text, usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def limited(child):
    """Whoever takes longer than RUN_SECONDS is killed, with all its processes."""

    def on_alarm(*_):
        os.killpg(child.pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(RUN_SECONDS)
    try:
        yield
    except KeyboardInterrupt:
        on_alarm()
        raise
    finally:
        signal.alarm(0)


def wait(child):
    """Exit status, and what the process and those it waited for have used."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage


def number_in(text, pattern):
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        fail(f"no line like /{pattern}/ in:\n{text}")
    return float(found.group(1))


def print_table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        first = row[0].ljust(widths[0])
        print("  ".join([first] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]))


# --- servers: each yields an address and ends what it started


class Stub:
    name = "embedded server (cqlraw serve)"

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        port_file = Path(self.folder.name) / "port"
        command = [BUILD / "cqlraw", "serve", "--listen", "127.0.0.1:0", "--port-file", port_file]
        self.server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not port_file.exists():
            if self.server.poll() is not None:
                fail("cqlraw serve ended at once")
            time.sleep(0.01)
        return f"127.0.0.1:{port_file.read_text().strip()}"

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.folder.cleanup()


class Cassandra:
    name = "Cassandra"

    def tool(self, verb):
        done = subprocess.run([ROOT / "tools/cassandra", verb], stdout=subprocess.PIPE, text=True)
        return done.returncode, done.stdout.strip().split("\n")[-1]

    def __enter__(self):
        self.started = False
        if os.environ.get("CASSANDRA"):
            return os.environ["CASSANDRA"]
        self.started = self.tool("status")[0] != 0
        code, address = self.tool("start")
        if code:
            fail("tools/cassandra could not start a node")
        return address

    def __exit__(self, *_):
        if self.started:
            self.tool("stop")


SERVERS = {"stub": Stub, "cassandra": Cassandra}
