#!/usr/bin/env python3
"""Sessions that are resumed never stand in for a check: whoever trusts other authorities, or asks for another
name, makes a handshake of its own and refuses (sessions.c, in one process, with one table of sessions).
"""

import os
import subprocess

import lab as tls_lab

SESSIONS = os.path.join(os.path.dirname(tls_lab.PEER), "sessions")

# In the order of their connections: who, what it gets, and whether its connection is resumed.
EXPECTED = [
    ("first", "accepted", False),
    ("again", "accepted", True),
    ("another authority", "verification failed: unable to get local issuer", False),
    ("another name", 'not for "wrong.example"', False),
    ("its address", 'not for "127.0.0.1"', False),
    ("the right one again", "accepted", True),
    ("insecure", "accepted", False),
    ("after an insecure one", "verification failed", False),
    ("beside one that fails", "accepted", False),
    ("one that fails", "verification failed", False),
]


def check(lab, tls):
    peer = lab.peer(cert="dns", tls=tls)
    command = [SESSIONS, "localhost", str(peer.port), lab.path("ca.pem"), lab.path("other.pem")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=tls_lab.LIMIT, check=False)
    connections, _ = peer.end()
    lab.tell(f"clients of one process (TLS {tls})", [f"exit code {done.returncode}"] if done.returncode else [])
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    for (name, answer, resumed), c in zip(EXPECTED, connections, strict=True):
        wrong = [] if answer in said.get(name, "") else [f"not {answer}: {said.get(name)}"]
        if (c.app > 0) != (answer == "accepted") or (c.handshake == "done") != (answer == "accepted"):
            wrong.append(f"{c.app} bytes of CQL arrived, handshake {c.handshake}")
        if c.resumed != resumed:
            wrong.append("resumed" if c.resumed else "not resumed")
        lab.tell(f"{name}: {answer} (TLS {tls})", wrong, c.line)


def test(lab):
    for tls in ("1.2", "1.3"):
        check(lab, tls)


if __name__ == "__main__":
    tls_lab.main(test)
