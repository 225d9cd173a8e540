#!/usr/bin/env python3
"""What must not be trusted: every certificate, server and file that is wrong is refused with one line that
says why and exit code 3, and before the server has proved who it is nothing but a handshake leaves.

Hosts are reached as localhost or 127.0.0.1. Where a case names another host, that is --tls-servername;
the name as it was typed is what counts in all others.
"""

import re

import lab as tls_lab

BOTH = ("1.2", "1.3")
SECRETS = (b"CQL_VERSION", tls_lab.PASSWORD.encode(), tls_lab.STATEMENT.encode())

# what is wrong with the certificate: what stderr says, what is asked
CERTIFICATES = [
    ("it has expired", "certificate has expired", dict(cert="expired")),
    ("it is not yet valid", "not yet valid", dict(cert="future")),
    ("it is for another name than was typed", 'not for "localhost" but for DNS:\\*.wild.example', dict(cert="wild")),
    ("it is for another name than --tls-servername", 'not for "wrong.example"', dict(name="wrong.example")),
    ("only its common name fits", 'not for "localhost" but for DNS:db.example', dict(cert="cn")),
    ("it has a common name only", 'not for "localhost" but for no name', dict(cert="bare-cn")),
    ("it has the name of the address, not the address", 'not for "127.0.0.1" but', dict(cert="dns", host="127.0.0.1")),
    ("it is for another address", 'not for "127.0.0.1" but for IP:::1', dict(cert="ip6", host="127.0.0.1")),
    ("it has the address, not the name", 'not for "localhost" but for IP:127.0.0.1', dict(cert="ip4")),
    ("a wildcard for two labels", 'not for "a.b.wild.example"', dict(cert="wild", name="a.b.wild.example")),
    ("a wildcard for no label", 'not for "wild.example"', dict(cert="wild", name="wild.example")),
    ("a wildcard for a part of a label", 'not for "db1.wild.example"', dict(cert="partial", name="db1.wild.example")),
    ("an authority that is not trusted", "unable to get local issuer", dict(cert="untrusted")),
    ("an authority of the same name, with another key", "signature failure", dict(cert="posing")),
    ("an authority that the system does not know", "unable to get local issuer", dict(ca=None)),
    ("it is signed by itself", "self-signed certificate", dict(cert="self")),
    ("an intermediate certificate is missing", "unable to get (local )?issuer", dict(cert="gap")),
    ("its issuer is no authority", "invalid CA certificate", dict(cert="below-leaf")),
    ("it is for clients only", "unsuitable certificate purpose", dict(cert="for-clients")),
    ("its key is too short", "EE certificate key too weak", dict(cert="short")),
    ("it is signed with SHA-1", "CA signature digest algorithm too weak", dict(cert="sha1")),
    ("it is revoked", "certificate revoked", dict(cert="revoked", args=["--crl", "ca.crl"])),
    ("its issuer has no list", "unable to get certificate CRL", dict(cert="chain", args=["--crl", "ca.crl"])),
    ("an issuer above its issuer has no list", "unable to get certificate CRL", dict(cert="chain", args=["--crl", "lower.crl"])),
    ("the list is out of force", "CRL has expired", dict(args=["--crl", "old.crl"])),
]

# what the server does instead of a handshake
SERVERS = [
    ("it knows TLS 1.0 only", "alert protocol version", dict(tls="1.0")),
    ("it knows TLS 1.1 only", "alert protocol version", dict(tls="1.1")),
    ("it does not encrypt", "alert handshake failure", dict(max="1.2", ciphers="eNULL")),
    ("it has no certificate", "alert handshake failure", dict(max="1.2", ciphers="aNULL")),
    ("it speaks no TLS", "does not speak TLS", dict(fault="plain")),
]

# the handshake ends: flight of the server, bytes of it
CUTS = [(tls, cut) for tls in BOTH for cut in ("1:0", "1:1", "1:60", "1:300")] + [("1.2", "2:0"), ("1.2", "2:1"), ("1.2", "2:60")]
STALLS = [("1.2", "1:0"), ("1.3", "1:300"), ("1.2", "2:1")]

# what ends in the middle of an answer: the server has proved who it is, so CQL has left; exit code
ENDS = [
    ("no close_notify, while logging in", "closed in the middle of a frame", "fin:5", 3),
    ("no close_notify, logged in half", "closed in the middle of a frame", "fin:60", 3),
    ("no close_notify, of a query", "TLS: cut off without close_notify", "fin:100", 2),
    ("close_notify, of a query", "closed in the middle of a frame", "notify:100", 2),
]

CLIENT = ["--cert", "client.pem", "--key"]
# our own files: nothing is sent at all
OURS = [
    ("the key is not that of the certificate", "server.key: .*not the key of the certificate", CLIENT + ["server.key"]),
    ("the key's password is wrong", "locked.key: .*wrong password", CLIENT + ["locked.key", "--key-password-file", "PASSWORD"]),
    ("the certificate is a folder", "hashed: Is a directory", ["--cert", "hashed", "--key", "client.key"]),
    ("the certificate is none", "client.key: .*no certificate", ["--cert", "client.key", "--key", "client.key"]),
    ("the list of revoked ones is none", "ca.pem: .*no list", ["--crl", "ca.pem"]),
]


def one_line(seen, pattern, rc=3):
    wrong = [] if seen.rc == rc else [f"exit code {rc} expected, not {seen.rc}"]
    if seen.out or not re.fullmatch(r"cqlraw \w+: [^\n]*\n", seen.err):
        wrong.append("one line on stderr expected, and none on stdout")
    if not re.search(pattern, seen.err):
        wrong.append(f"stderr lacks: {pattern}")
    return wrong


def only_a_handshake(seen):
    """Of records with data TLS 1.3 needs one to say goodbye in (RFC 8446 section 6: an alert looks like that)."""
    wrong = [] if seen.connections else ["no connection arrived"]
    for c in seen.connections:
        if c.handshake == "done" or c.app > 0:
            wrong.append(f"{c.app} bytes of CQL arrived")
        if 1 in c.records or c.records[:1] != [22] or c.records.count(23) > (c.raw < 1000):
            wrong.append("more than a handshake arrived")
    if any(secret in seen.raw for secret in SECRETS):
        wrong.append("something of CQL left in plaintext")
    return wrong


def refused(lab, what, pattern, options, check=only_a_handshake, rc=3):
    def case():
        seen = lab.ask(**options)
        lab.tell(what, one_line(seen, pattern, rc) + check(seen), seen)

    case.what = what
    return case


def nothing(seen):
    return ["a connection arrived"] if seen.connections else []


def no_cql(seen):
    """The server was asked for a client certificate only when we had verified it: what it can't decrypt may come."""
    wrong = [] if seen.connections else ["no connection arrived"]
    return wrong + [f"{c.app} bytes of CQL arrived" for c in seen.connections if c.handshake == "done" or c.app > 0]


def mid_frame(seen):
    return [] if any(c.handshake == "done" and c.app > 0 for c in seen.connections) else ["the handshake was not done"]


def insecure(lab):
    """Nothing about the certificate is checked, but a version without security is none."""

    def case():
        seen = lab.ask(tls="1.1", args=["--insecure"])
        warning, _, seen.err = seen.err.partition("\n")
        wrong = [] if "warning: --insecure" in warning else ["a warning expected"]
        lab.tell(case.what, wrong + one_line(seen, "alert protocol version") + only_a_handshake(seen), seen)

    case.what = "--insecure: TLS 1.1 is refused all the same"
    return case


def ping(lab):
    """It tells what it found on stdout: a line for each address."""

    def case():
        seen = lab.ask(cert="expired", command=["ping", "-n", "1"])
        seen.err, seen.out = "cqlraw ping: " + seen.out, seen.err
        lab.tell(case.what, one_line(seen, "verification failed: certificate has expired") + only_a_handshake(seen), seen)

    case.what = "ping: refuses as query does"
    return case


def cases(lab):
    for what, pattern, options in CERTIFICATES:
        for tls in BOTH:
            yield refused(lab, f"certificate: {what} (TLS {tls})", "verification failed: .*" + pattern, dict(tls=tls) | options)
    for what, pattern, options in SERVERS:
        yield refused(lab, f"server: {what}", pattern, options)
    for tls, cut in CUTS:
        yield refused(lab, f"handshake: cut at {cut} (TLS {tls})", "TLS.*(closed|eof)", dict(tls=tls, fault="cut:" + cut))
    quick = ["--connect-timeout", "700ms"]
    for tls, stall in STALLS:
        yield refused(lab, f"handshake: stalls at {stall} (TLS {tls})", "timed out", dict(tls=tls, fault="stall:" + stall, args=quick))
    for what, pattern, args in OURS:
        args = [lab.password_file if a == "PASSWORD" else a for a in args]
        yield refused(lab, f"files: {what}", pattern, dict(args=args), nothing)
    for tls, alert in (("1.2", "handshake failure"), ("1.3", "certificate required")):
        options = dict(tls=tls, client_ca="ca")
        yield refused(lab, f"client: has no certificate (TLS {tls})", f"alert {alert}", options, no_cql)
        options = options | dict(args=["--cert", "stranger.pem", "--key", "stranger.key"])
        yield refused(lab, f"client: has one of another authority (TLS {tls})", "alert unknown CA", options, no_cql)
    for tls in BOTH:
        for what, pattern, fault, rc in ENDS:
            yield refused(lab, f"answer: {what} (TLS {tls})", pattern, dict(tls=tls, fault=fault), mid_frame, rc)
    yield refused(lab, "server: asks for a second handshake (TLS 1.2)", "TLS", dict(tls="1.2", fault="rekey:10"), mid_frame)
    command = ["run", tls_lab.STATEMENT, "-j", "2", "--format", "csv"]
    yield refused(lab, "run: refuses as query does", "certificate has expired", dict(cert="expired", command=command))
    yield ping(lab)
    yield insecure(lab)


if __name__ == "__main__":
    tls_lab.main(lambda lab: lab.side_by_side(cases(lab)))
