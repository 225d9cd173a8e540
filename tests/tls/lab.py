"""What the tests of TLS stand on: certificates, a plain server, TLS peers in front of it, the program.

    with Lab() as lab:
        seen = lab.ask(cert="expired", host="localhost", tls="1.3")

A case is one run of the program against a peer of its own (peer.c); cases run side by side. What a case
gives is a Seen: how the program ended, and what arrived at the peer, in its words and byte by byte.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.realpath(__file__))
CQLRAW = os.environ.get("CQLRAW", os.path.join(HERE, "..", "..", "build", "cqlraw"))
PEER = os.path.join(os.path.dirname(CQLRAW), "tests", "tls", "peer")
USER, PASSWORD = "ann", "open-the-door"
STATEMENT = "SELECT key FROM system.local"
ANSWER = "key\nlocal\n"
LIMIT = 30  # seconds of one run: what takes so long hangs


class Connection:
    """One line of the peer's report."""

    def __init__(self, line):
        fields = dict(word.split("=", 1) for word in line.split())
        self.number = int(fields["n"])
        self.handshake, self.version, self.sni = fields["handshake"], fields["version"], fields["sni"]
        self.resumed = fields["resumed"] == "1"
        self.app, self.raw = int(fields["app"]), int(fields["raw"])
        self.records = [] if fields["records"] == "-" else [int(r) for r in fields["records"].split(",")]
        self.alert = fields["alert"]
        self.line = line.strip()


class Seen:
    def __init__(self, run, connections, raw):
        self.rc, self.out, self.err = run
        self.connections, self.raw = connections, raw

    def __str__(self):
        lines = [f"exit code {self.rc}"] + [f"stdout: {line}" for line in self.out.splitlines()[:3]]
        lines += [f"stderr: {line}" for line in self.err.splitlines()[:10]]
        return "\n".join(lines + ["peer:   " + c.line for c in self.connections])


class Peer:
    def __init__(self, lab, options):
        self.folder = tempfile.mkdtemp(dir=lab.folder)
        self.files = {name: os.path.join(self.folder, name) for name in ("port", "report", "raw")}
        command = [PEER, "--port-file", self.files["port"], "--report", self.files["report"], "--raw", self.files["raw"]]
        self.process = subprocess.Popen(command + options)
        self.port = read_port(self.files["port"], self.process)

    def end(self):
        """Its connections in the order they came, once all have ended, and all bytes that arrived."""
        self.process.terminate()
        if self.process.wait(LIMIT) != 0:
            raise RuntimeError(f"the peer ended with {self.process.returncode}")
        with open(self.files["report"], encoding="ascii") as f:
            connections = sorted((Connection(line) for line in f), key=lambda c: c.number)
        with open(self.files["raw"], "rb") as f:
            return connections, f.read()


def read_port(file, process):
    until = time.monotonic() + LIMIT
    while not os.path.exists(file):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("it does not listen: " + " ".join(process.args))
        time.sleep(0.005)
    with open(file, encoding="ascii") as f:
        return int(f.read())


class Lab:
    """A context: what it started and made is gone at its end."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        self.passed = self.failed = 0
        self.lock = threading.Lock()
        self.servers = []
        try:
            subprocess.run([os.path.join(HERE, "certs"), self.path()], check=True)
            self.password_file = self.write("password", PASSWORD)
            self.upstream = self.serve()
            self.slow_upstream = self.serve("--delay", "10ms")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.terminate()
            server.wait()
        shutil.rmtree(self.folder)

    def serve(self, *options):
        """The address of a server without TLS, to which the peers pass on what they decrypt."""
        port_file = os.path.join(self.folder, f"server-{len(self.servers)}")
        command = [CQLRAW, "serve", "--listen", "127.0.0.1:0", "--port-file", port_file, "--auth", f"{USER}:{PASSWORD}"]
        self.servers.append(subprocess.Popen(command + list(options), stdout=subprocess.DEVNULL))
        return f"127.0.0.1:{read_port(port_file, self.servers[-1])}"

    def path(self, *name):
        return os.path.join(self.folder, "certs", *name)

    def write(self, name, line):
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
            f.write(line + "\n")
        return path

    def peer(self, cert="server", tls=None, listen="127.0.0.1", min=None, max=None, client_ca=None, slow=False, **options):
        key = self.path(cert + ".key")
        args = ["--cert", self.path(cert + ".pem"), "--key", key if os.path.exists(key) else self.path("server.key")]
        args += ["--upstream", self.slow_upstream if slow else self.upstream, "--listen", listen]
        if client_ca:
            args += ["--client-ca", self.path(client_ca + ".pem")]
        options |= {"min": min or tls, "max": max or tls}
        for name, value in options.items():
            args += [f"--{name}", str(value)] if value else []
        return Peer(self, args)

    def run(self, command, environment=None):
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8"} | (environment or {})
        env |= {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        with subprocess.Popen(
            [CQLRAW] + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True
        ) as p:
            try:
                out, err = p.communicate(timeout=LIMIT)
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
                out, err = p.communicate()
                err += f"killed after {LIMIT} s\n"
        return p.returncode, out, err

    def ask(self, host="localhost", ca="ca.pem", args=(), command=None, name=None, environment=None, **peer):
        """One run of the program on a peer with these options. What in `args` is the name of a file that `certs` made
        stands for that file."""
        p = self.peer(listen="::1" if host == "[::1]" else "127.0.0.1", **peer)
        line = list(command or ["query", "--format", "csv", STATEMENT])
        line += ["--no-config", "--host", f"{host}:{p.port}", "--tls", "-u", USER, "--password-file", self.password_file]
        line += ["--cacert", self.path(ca)] if ca else []
        line += ["--tls-servername", name] if name else []
        line += [self.path(a) if re.fullmatch(r"[\w-]+\.(pem|key|crl)|hashed", a) else a for a in args]
        run = self.run(line, environment)
        return Seen(run, *p.end())

    # --- counting

    def tell(self, what, wrong, seen=None):
        with self.lock:
            if not wrong:
                self.passed += 1
                print("ok   ", what, flush=True)
                return
            self.failed += 1
            print("FAIL ", what)
            for line in wrong + str(seen or "").splitlines():
                print("      " + line, flush=True)

    def side_by_side(self, cases):
        """Runs functions without arguments; one that raises has failed."""

        def guarded(case):
            try:
                case()
            except Exception as e:  # pylint: disable=broad-except
                self.tell(getattr(case, "what", repr(case)), [repr(e)])

        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(guarded, cases))


def main(test):
    with Lab() as lab:
        test(lab)
    print(f"{lab.passed} passed, {lab.failed} failed")
    sys.exit(lab.failed > 0 or lab.passed == 0)
