#!/usr/bin/env python3
"""Writes the first inputs of the fuzz targets: tests/fuzz/seeds.py FOLDER makes FOLDER/NAME/* from the frames of
tests/vectors/ and from the texts below. What is kept in corpus/ has grown from these (see README.md)."""

import glob
import os
import struct
import sys

RESPONSES = {0x00, 0x02, 0x03, 0x06, 0x08, 0x0C, 0x0E, 0x10}
RESULT, EVENT = 0x08, 0x0C

# (bytes that choose the type in fuzz.c, texts and JSON of such a value)
TYPES = {
    bytes([0]): ["42", "-2147483648", "'7'", ""],
    bytes([1]): ["it's", "\u00e4\U0001f600", "a\tb\n", ""],
    bytes([2, 0]): ["[1, 2, 3]", "[]"],
    bytes([3, 1, 0]): ["{'a': 1, 'b''c': 2}", '{"a": 1, "\\u00e4\\n": 2}'],
    bytes([4, 18]): ["{'a', 'b'}", '["a", "b"]'],
    bytes([5 + 26 * 3, 0, 1]): ["(1, 'x')", "(null, null)", '[1, "x"]'],
    bytes([6 + 26 * 4, 0, 1]): ["{a: 1, \"B\": 'x'}", '{"a": 1, "B": null}'],
    bytes([7]): ["1.20", "-0.001", "1E+105", "15E-1", "1e-2147483648"],
    bytes([8]): ["170141183460469231731687303715884105728", "-129", "0x00ff"],
    bytes([9]): ["1y2mo3d1h30m5s1ms2us3ns", "-P1Y2M3W4DT5H6M7S", "0ns", "P0001-02-03T04:05:06"],
    bytes([10]): ["2024-02-29", "-5877641-06-23", "+10000-01-01"],
    bytes([11]): ["23:59:59.999999999", "1", "12:34"],
    bytes([12]): ["10.0.0.1", "::1", "::ffff:1.2.3.4", "2001:db8::1:0:0:1"],
    bytes([13]): ["653cbefb-85ec-3111-b4e3-8fa9bc7cbcae"],
    bytes([14]): ["50554d6e-29bb-11e5-b345-feff819cdc9f"],
    bytes([15]): ["2024-02-29T12:34:56.789Z", "1970-01-01 00:00+0130", "-9223372036854775808"],
    bytes([16]): ["1.5", "NaN", "-Infinity", "1e-45", "3.4028235e38"],
    bytes([17]): ["0.1", "5e-324", "1.7976931348623157e308", "-0.0"],
    bytes([19]): ["0x00ff", "0x"],
    bytes([20]): ["true", "False"],
    bytes([3, 3, 3, 0, 0, 0, 0]): ["{{{1: 2}: 3}: 4}", '{"{\\"{\\\\\\"1\\\\\\": 2}\\": 3}": 4}'],
}

PARAMS = [
    (0, ["id=1..1000000", "d=2024-01-01..2024-12-31:1d", "t=2024-01-01T00Z..2024-01-02T00Z:15m", "k=a,b,\\N,c", "x===1..2", "f=@file", "f=@-", "m=2024-01-31..2025-01-31:1mo", "n=-9223372036854775808..9223372036854775807:1k"]),
    (1, ["42", "1.5M", "1e6", "250ms", "1GiB", "50k", "0.1%", "2024-02-29", "2024-02-29T00:15:30.250+01:00"]),
    (2, ["a,b,c\r\n1,\"x\"\"y\",\n\"two\nlines\",2\n", "\ufeffid\n1\n", "\"open"]),
    (3, ["[authentication]\nusername = u\npassword: p\n; note\n[connection]\nhostname=h\n  more\n"]),
    (4, ["SELECT 1; -- c;\nINSERT INTO t (a) VALUES ('x;''y');BEGIN BATCH a; b; APPLY BATCH; $$;$$ /* ; */"]),
]

CLASSES = [
    "org.apache.cassandra.db.marshal.DurationType",
    "org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 3)",
    "org.apache.cassandra.db.marshal.ReversedType(org.apache.cassandra.db.marshal.Int32Type)",
    "org.apache.cassandra.db.marshal.UserType(ks,61,62:org.apache.cassandra.db.marshal.UTF8Type)",
    "org.apache.cassandra.db.marshal.MapType(org.apache.cassandra.db.marshal.UTF8Type,org.apache.cassandra.db.marshal.LongType)",
    "FrozenType(" * 70,
]

OPTIONS = ["0009", "000d", "00200009", "0021000d0009", "00220030000163000174000200016100090001620020000d", "003100020009000d",
           "0000000c4475726174696f6e54797065", "0015", "0020" * 63 + "0009", "0020" * 64 + "0009", "0021" * 40 + "0009" * 41]


def vectors():
    """Every frame of the vector files."""
    frames = []
    for path in sorted(glob.glob("tests/vectors/*.txt")):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                word, _, rest = line.rstrip("\n").partition(" ")
                if word == "name":
                    frames.append(b"")
                elif word == "hex":
                    frames[-1] += bytes.fromhex(rest)
    return frames


def frame(opcode, body, stream=1, flags=0, first=0x84):
    return struct.pack(">BBhBi", first, flags, stream, opcode, len(body)) + body


def packet(to_server, sequence, flags, data, ipv6=False):
    ports = (40000, 9042) if to_server else (9042, 40000)
    tcp = struct.pack(">HHIIBBHHH", *ports, sequence, 1, 5 << 4, flags, 1000, 0, 0) + data
    if ipv6:
        return struct.pack(">IHBB", 6 << 28, len(tcp), 6, 64) + bytes(32) + tcp
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + tcp


def captures(frames):
    """A small conversation as pcap and pcapng, of both byte orders, on several links, also out of order."""
    requests = b"".join(f for f in frames if f[0] == 0x04)[:150]
    answers = b"".join(f for f in frames if f[0] == 0x84)[:200]
    talk = [(1, 99, 2, b""), (0, 199, 18, b""), (1, 100, 16, requests[:70]), (1, 100 + 100, 16, requests[100:]),
            (1, 160, 16, requests[60:100]), (0, 200, 16, answers), (0, 200 + len(answers), 17, b"")]
    fronts = {1: b"DDDDDDSSSSSS\x08\0", 113: b"\0\0\0\1\0\6AAAAAAAA\x08\0", 276: b"\x08\0\0\0\0\0\0\1\0\1\0\6AAAAAAAA", 101: b"", 0: b"\2\0\0\0"}
    for order, link in (("<", 1), (">", 113), ("<", 276), ("<", 101), ("<", 0)):
        packets = [fronts[link] + packet(*p, ipv6=link == 101) for p in talk]
        yield struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link) + b"".join(
            struct.pack(order + "IIII", 1, i, len(p), len(p)) + p for i, p in enumerate(packets))
        blocks = [(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)), (1, struct.pack(order + "HHI", link, 0, 0))]
        blocks += [(6, struct.pack(order + "IIIII", 0, 0, i, len(p), len(p)) + p + bytes(-len(p) % 4)) for i, p in enumerate(packets)]
        yield b"".join(struct.pack(order + "II", kind, len(b) + 12) + b + struct.pack(order + "I", len(b) + 12) for kind, b in blocks)


def nested_map_page():
    """A row with a map whose key is a map whose key ... is 1."""
    depth, option, value = 20, bytes.fromhex("0009"), bytes.fromhex("00000001")
    for _ in range(depth):
        option = bytes.fromhex("0021") + option + bytes.fromhex("0009")
        value = struct.pack(">ii", 1, len(value)) + value + bytes.fromhex("0000000400000002")
    return (struct.pack(">iii", 2, 1, 1) + b"\0\1k\0\1t\0\1c" + option + struct.pack(">ii", 1, len(value)) + value)


def seeds():
    frames = vectors()
    on_one = [f[:2] + b"\0\1" + f[4:] if f[0] == 0x84 and f[2:4] not in (b"\0\0", b"\xff\xff") else f for f in frames]
    for f in on_one:
        role = 1 if f[0] == 0x04 else 0
        yield "link", bytes([role, 5, 3, 0]) + f
        yield "frame", f
        if f[4] == RESULT and f[1] == 0:
            yield "rows", f[9:]
        else:
            yield "message", bytes([f[4], f[1]]) + f[9:]
    replies = b"".join(f for f in on_one if f[0] == 0x84 and f[2:4] == b"\0\1" and f[4] != 0x02)
    yield "link", bytes([0, 201, 79, 0]) + replies[:3000]
    yield "link", bytes([0, 1, 79, 0xAA]) + b"".join(frame(RESULT, b"\0\0\0\1", stream) for stream in range(1, 70))
    yield "link", bytes([1, 250, 0, 0]) + b"".join(f for f in frames if f[0] == 0x04)[:3000]
    yield "rows", nested_map_page()
    for i, f in enumerate(frames):
        if f[1] & 1: # compressed
            yield "link", bytes([16 | (1 if f[0] == 0x04 else 0) | (2 if f[2:4] == b"\0\0" else 0), 7, 3, 0]) + f
            yield "lz4", bytes([0]) + f[9:]
        elif len(f) > 60:
            yield "lz4", bytes([1]) + f[9:]
    yield "lz4", bytes([0]) + bytes.fromhex("0000000000")
    yield "lz4", bytes([1]) + b"abcd" * 100
    for pcap in captures(on_one):
        yield "pcap", bytes([1]) + pcap
    yield "handshake", bytes([0, 0, 5, 0, 0])
    yield "handshake", bytes([0, 0, 5, 1, 12]) + b"\0\x0aorg.a.Auth" + bytes([1, 9, 0, 5, 3, 4]) + b"\xff\xff\xff\xff" + bytes([2, 2, 3, 1])
    yield "handshake", bytes([2, 0, 5, 1, 3]) + b"\0\1A" + bytes([4, 0, 5, 7, 4]) + b"\0\0\0\0" + bytes([4, 0, 5, 3, 4]) + b"\xff\xff\xff\xff" + bytes([4, 2])
    yield "handshake", bytes([0, 0, 5, 2, 8]) + b"\0\0\1\0\0\2no"
    yield "handshake", bytes([0, 0, 5, 1, 3]) + b"\0\1A" + bytes([0, 5, 7, 4]) + b"\0\0\0\0"
    for option in OPTIONS:
        yield "type", b"\0" + bytes.fromhex(option)
    for name in CLASSES:
        yield "type", b"\1" + name.encode()
    for choice, texts in TYPES.items():
        for text in texts:
            yield "value", b"\1" + choice + text.encode()
            yield "json", choice + (text if text[:1] in "[{" else '"%s"' % text).encode()
        yield "value", b"\3" + choice + struct.pack(">q", 86399)
        for value in (b"", b"\0\0\0\1", b"\0\0\0\1\0\0\0\4\0\0\0\7", b"\1\2\3\4\5\6\7\x08", bytes(16)):
            yield "value", b"\0" + choice + value
    for choice, texts in PARAMS:
        for text in texts:
            yield "params", bytes([choice]) + text.encode()


def main():
    for i, (name, data) in enumerate(seeds()):
        os.makedirs(os.path.join(sys.argv[1], name), exist_ok=True)
        with open(os.path.join(sys.argv[1], name, "seed%04d" % i), "wb") as out:
            out.write(data)


main()
