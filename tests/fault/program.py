"""The embedded server and the program under test, as processes; the parameters that the tests run over."""

import json
import os
import random
import socket
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CQLRAW = os.environ.get("CQLRAW", os.path.join(TOP, "build", "cqlraw"))
SELECT = "SELECT table_name, column_name, type FROM system_schema.columns WHERE keyspace_name='system_schema' AND table_name=?"
TABLES = ["aggregates", "columns", "dropped_columns", "functions", "indexes", "keyspaces", "tables", "triggers", "types", "views"]


def environment(folder):
    """Nothing of the user's own."""
    drop = ("CQLRAW_", "CQLSH_", "CASSANDRA_")
    env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    return {**env, "HOME": folder, "XDG_CONFIG_HOME": folder}


def parameters(folder, name, n, seed=1):
    """A file with n names: of tables, and every other one of none, each of those only once."""
    draw = random.Random(seed)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as f:
        for i in range(n):
            f.write((draw.choice(TABLES) if i % 2 else f"none{i}") + "\n")
    return path


def distinct(folder, name, n):
    """A file with n names, all different; tables stand among them."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as f:
        for i in range(n):
            f.write((TABLES[i // 9] if i % 9 == 4 and i // 9 < len(TABLES) else f"none{i}") + "\n")
    return path


class Server:
    def __init__(self, folder, listen="127.0.0.1:0"):
        self.folder = folder
        self.start(listen)

    def start(self, listen):
        port_file = os.path.join(self.folder, f"port{time.monotonic_ns()}")
        command = [CQLRAW, "serve", "--listen", listen, "--port-file", port_file]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment(self.folder))
        while not os.path.exists(port_file):
            if self.process.poll() is not None:
                raise SystemExit("the server ended")
            time.sleep(0.01)
        with open(port_file, encoding="ascii") as f:
            self.port = int(f.read())
        self.address = ("127.0.0.1", self.port)

    def kill(self):
        self.process.kill()
        self.process.wait()


def command(port, *options, statement=SELECT):
    return [CQLRAW, "run", "--no-config", "--host", f"127.0.0.1:{port}", statement, *options]


class Result:
    """What a run gave. `summary` is what --summary json says, None without it."""

    def __init__(self, process, out, err):
        self.code, self.out, self.err = process.returncode, out, err
        lines = [line for line in err.decode(errors="replace").splitlines() if line.startswith("{")]
        self.summary = json.loads(lines[-1]) if lines else None

    def last(self):
        """Its last words, for a test that failed."""
        lines = [line for line in self.err.decode(errors="replace").splitlines() if not line.startswith("{")]
        return f"exit code {self.code}: " + " | ".join(lines[-3:])


def run(folder, port, *options, seconds=30):
    process = subprocess.Popen(
        command(port, "--format", "csv", "--summary", "json", *options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(folder),
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        out, err = process.communicate()
        return Result(process, b"", err + f"\nnot done after {seconds} s".encode())
    return Result(process, out, err)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, good, why=""):
        self.passed += bool(good)
        self.failed += not good
        print(("ok    " if good else "FAIL  ") + what, flush=True)
        if not good and why:
            print("      " + str(why)[:1000], flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return self.failed > 0 or self.passed == 0
