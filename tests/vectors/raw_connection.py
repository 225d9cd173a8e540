"""The notation of native_protocol_v4.spec, its requests, and a connection that labels what it sends.

Used by record_raw.py. Bodies are built as told, right or wrong.
"""

import socket
import struct

ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, RESULT = 0, 1, 2, 3, 5, 6, 7, 8
PREPARE, EXECUTE, REGISTER, EVENT, BATCH, AUTH_RESPONSE = 9, 10, 11, 12, 13, 15
COMPRESSED, TRACING, PAYLOAD = 1, 2, 4
ANY, ONE, TWO, THREE, QUORUM, ALL, LOCAL_QUORUM, EACH_QUORUM, SERIAL, LOCAL_SERIAL, LOCAL_ONE = range(11)
UNSET = object()


def short(n):
    return struct.pack(">H", n)


def integer(n):
    return struct.pack(">i", n)


def string(s):
    return short(len(s.encode())) + s.encode()


def long_string(s):
    return integer(len(s.encode())) + s.encode()


def value(v):
    """Bytes, null, unset; numbers as int, texts as text."""
    if v is None:
        return integer(-1)
    if v is UNSET:
        return integer(-2)
    if isinstance(v, int):
        v = integer(v)
    if isinstance(v, str):
        v = v.encode()
    return integer(len(v)) + v


def string_map(m):
    return short(len(m)) + b"".join(string(k) + string(v) for k, v in m.items())


def options(cl, flags, rest, serial, time):
    """What QUERY, EXECUTE and BATCH have in common, around what else the flags say."""
    if serial is not None:
        flags |= 0x10
        rest += short(serial)
    if time is not None:
        flags |= 0x20
        rest += struct.pack(">q", time)
    return short(cl) + bytes([flags]) + rest


def params(cl=ONE, values=None, skip=False, page=None, state=None, serial=None, time=None):
    flags, rest = 0, b""
    if values is not None:
        flags |= 0x01
        rest += short(len(values))
        if isinstance(values, dict):
            flags |= 0x40
            rest += b"".join(string(k) + value(v) for k, v in values.items())
        else:
            rest += b"".join(value(v) for v in values)
    if skip:
        flags |= 0x02
    if page is not None:
        flags |= 0x04
        rest += integer(page)
    if state is not None:
        flags |= 0x08
        rest += value(state)
    return options(cl, flags, rest, serial, time)


def batch(kind, children, cl=ONE, serial=None, time=None, flags=0, rest=b""):
    """children: (text or id, values)"""
    body = bytes([kind]) + short(len(children))
    for what, values in children:
        body += b"\x00" + long_string(what) if isinstance(what, str) else b"\x01" + short(len(what)) + what
        body += short(len(values)) + b"".join(value(v) for v in values)
    return body + options(cl, flags, rest, serial, time)


def literals(data):
    """An LZ4 block that holds the bytes as they are, with the length that Cassandra puts in front."""
    n = len(data)
    token = bytes([min(n, 15) << 4])
    if n >= 15:
        token += b"\xff" * ((n - 15) // 255) + bytes([(n - 15) % 255])
    return integer(n) + token + data


class Connection:
    def __init__(self, where, labels, lz4=False):
        self.socket = socket.create_connection(where, 120)
        self.labels = labels
        self.lz4 = lz4
        self.stream = 0

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def frame(self):
        _, flags, stream, opcode, n = struct.unpack(">BBhBI", self.read(9))
        return opcode, flags, stream, self.read(n)

    def ask(self, opcode, body, about, flags=0):
        """The answer: (opcode, flags, body behind the prefix is left to the caller)."""
        self.stream = (self.stream + 1) % 128
        if self.lz4 and body and opcode != STARTUP:
            body, flags = literals(body), flags | COMPRESSED
        data = struct.pack(">BBhBI", 4, flags, self.stream, opcode, len(body)) + body
        self.labels.write(f"{data.hex()} {about}\n")
        self.socket.sendall(data)
        while True:
            try:
                answer = self.frame()
            except EOFError:
                return ERROR, 0, b""
            if answer[0] != EVENT:
                return answer[0], answer[1], answer[3]

    def query(self, cql, about, flags=0, payload=b"", **p):
        return self.ask(QUERY, payload + long_string(cql) + params(**p), about, flags)

    def must(self, cql, about, **p):
        answer = self.query(cql, about, **p)
        if answer[0] == ERROR:
            raise SystemExit(f"{cql}: {answer[2]!r}")
        return answer

    def prepare(self, cql, about):
        opcode, _, body = self.ask(PREPARE, long_string(cql), about)
        if opcode == ERROR:
            raise SystemExit(f"{cql}: {body!r}")
        if self.lz4:
            return b""
        n = struct.unpack(">H", body[4:6])[0]
        return body[6 : 6 + n]

    def execute(self, ident, about, flags=0, **p):
        return self.ask(EXECUTE, short(len(ident)) + ident + params(**p), about, flags)

    def startup(self, about="STARTUP", **options):
        return self.ask(STARTUP, string_map({"CQL_VERSION": "3.0.0", **options}), about)

    def login(self, user="cassandra", password="cassandra", about="the one user there is"):
        token = b"\0" + user.encode() + b"\0" + password.encode()
        return self.ask(AUTH_RESPONSE, value(token), about)


def paging_state(body):
    """Of a Rows body with more pages."""
    n = struct.unpack(">i", body[12:16])[0]
    return body[16 : 16 + n]
