#!/usr/bin/env python3
"""What is right is accepted, without a word: names, addresses, chains, keys, client certificates; sessions are
resumed, also by other workers; and what TLS does on its own (new keys, records in pieces) changes no answer.
What is accepted although it could be better (--insecure, a key that others can read) is told on each run.

Hosts are reached as localhost, 127.0.0.1 or [::1]; another name in a case is --tls-servername.
"""

import os
import re
import shutil

import lab as tls_lab

BOTH = ("1.2", "1.3")
CLIENT = ["--cert", "client.pem", "--key", "client.key"]

# what is right: what is asked, and the name in the client's hello (an address is none: RFC 6066 section 3)
RIGHT = [
    ("a DNS name", dict(cert="dns"), "localhost"),
    ("a DNS name of --tls-servername", dict(name="db.example"), "db.example"),
    ("a wildcard for one label", dict(cert="wild", name="a.wild.example"), "a.wild.example"),
    ("an IPv4 address", dict(cert="ip4", host="127.0.0.1"), "-"),
    ("an IPv6 address", dict(cert="ip6", host="[::1]"), "-"),
    ("a chain of three certificates", dict(cert="chain"), "localhost"),
    ("an ECDSA key", dict(cert="server"), "localhost"),
    ("an RSA key", dict(cert="rsa"), "localhost"),
    ("a folder of authorities", dict(ca="hashed"), "localhost"),
    ("a chain whose issuers all have a list", dict(cert="chain", args=["--crl", "all.crl"]), "localhost"),
    ("a client certificate", dict(client_ca="ca", args=CLIENT), "localhost"),
    ("a client certificate that nobody asks for", dict(args=CLIENT), "localhost"),
    ("an encrypted key", dict(client_ca="ca", args=CLIENT[:-1] + ["locked.key", "--key-password-file", "KEY_PASSWORD"]), "localhost"),
    ("records that arrive byte by byte", dict(step=1), "localhost"),
    ("without --crl, a revoked certificate: that is not checked then", dict(cert="revoked"), "localhost"),
]
INSECURE = [
    ("expired", dict(cert="expired")),
    ("another name's", dict(cert="wild")),
    ("signed by itself", dict(cert="self")),
    ("of an authority that is not trusted", dict(cert="untrusted")),
]


def accepted(seen, sni="localhost", warning=None):
    wrong = [] if seen.rc == 0 and seen.out == tls_lab.ANSWER else ["exit code 0 and the answer expected"]
    if not re.fullmatch(f"cqlraw query: warning: {warning}[^\n]*\n" if warning else "", seen.err):
        wrong.append("stderr: " + (f"one warning expected: {warning}" if warning else "nothing expected"))
    for c in seen.connections:
        if c.handshake != "done" or c.app == 0 or c.sni != sni:
            wrong.append(f"a handshake that names {sni} expected, and CQL")
        if c.alert != "close_notify":
            wrong.append("the client did not say goodbye")
    return wrong + ([] if len(seen.connections) == 1 else ["one connection expected"])


def right(lab, what, options, sni="localhost", warning=None):
    def case():
        seen = lab.ask(**options)
        lab.tell(what, accepted(seen, sni, warning), seen)

    case.what = what
    return case


def bulk(lab, what, check, n=3000, work=("-j", "1"), **peer):
    """Many queries: the same rows as without TLS, and what `check` says of the connections."""
    query = ["run", "SELECT key FROM system.local WHERE key=?", "-P", "key=local", "--repeat", str(n), *work]

    def case():
        seen = lab.ask(command=query + ["--format", "csv", "--summary", "none"], **peer)
        wrong = [] if (seen.rc, seen.out) == (0, "key\n" + "local\n" * n) else ["exit code 0 and all rows expected"]
        if not re.fullmatch(f"{n} queries in [^\n]*\n", seen.err):
            wrong.append("nothing but a summary expected")
        wrong += check(seen.connections)
        lab.tell(what, wrong, seen)

    case.what = what
    return case


def resumed(connections):
    full = sum(not c.resumed for c in connections)
    return [] if len(connections) >= 4 and full == 1 else [f"{len(connections)} connections, {full} of them with a full handshake"]


def done(connections):
    return [] if connections and all(c.handshake == "done" for c in connections) else ["handshakes expected"]


def cases(lab):
    key_password = lab.write("key-password", "open sesame")
    for what, options, sni in RIGHT:
        if "args" in options:
            options = options | dict(args=[key_password if a == "KEY_PASSWORD" else a for a in options["args"]])
        for tls in BOTH:
            yield right(lab, f"{what} (TLS {tls})", dict(tls=tls) | options, sni)
    four = dict(n=200, work=("-j", "4", "-c", "2", "--block", "1"), slow=True)  # none is done before all have begun
    for tls in BOTH:
        yield bulk(lab, f"four workers: one full handshake, all others resume (TLS {tls})", resumed, tls=tls, **four)
        yield bulk(lab, f"... with a client certificate (TLS {tls})", resumed, tls=tls, client_ca="ca", args=CLIENT, **four)
    yield bulk(lab, "new keys all the time (TLS 1.3)", done, tls="1.3", fault="rekey:700")
    yield bulk(lab, "bytes in threes", done, n=300, step=3)

    both_in_one = lab.path("both-in-one.pem")
    with open(os.open(both_in_one, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
        for name in ("client.pem", "client.key"):
            with open(lab.path(name), "rb") as part:
                shutil.copyfileobj(part, f)
    yield right(lab, "a key in the file of its certificate", dict(client_ca="ca", args=["--cert", both_in_one]))
    open_key = lab.path("open-to-others")
    shutil.copy(lab.path("client.key"), open_key)
    os.chmod(open_key, 0o644)
    yield right(
        lab,
        "a key that others can read: warns, and goes on",
        dict(client_ca="ca", args=CLIENT[:-1] + [open_key]),
        warning=f"[^\n]*{re.escape(open_key)}[^\n]*0644",
    )
    for what, options in INSECURE:
        for time in ("", " each time"):
            options = options | dict(args=["--insecure"])
            yield right(lab, f"--insecure, a certificate {what}: warns{time}", options, warning="--insecure")


if __name__ == "__main__":
    tls_lab.main(lambda lab: lab.side_by_side(cases(lab)))
