"""Recordings (pcap, as `cqlraw serve --record` writes them) -> a file of vectors on standard output.

    record_vectors.py CQLRAW LABELS PCAP...
    record_vectors.py CQLRAW again FILE      the same file, its frames said anew

Each frame that differs from all before it, its stream aside, is one vector. What it says is what
`cqlraw frame decode` says; a frame that this cannot decode is told on standard error and left out,
so whoever makes the file has to look at it. Frames above LONGEST bytes are left out: cutting them
everywhere takes time that grows with the square.
"""

import struct
import subprocess
import sys
import tempfile

LONGEST = 2000
NAMES = (
    "error startup ready authenticate ? options supported query result prepare execute register event batch"
    " auth-challenge auth-response auth-success"
).split()
STARTUP, EVENT, PLAIN_MAX = 1, 12, 1 << 20


def packets(path):
    """(connection, from_server, bytes): of raw IPv4 and TCP without options."""
    with open(path, "rb") as f:
        data = f.read()
    at = 24
    while at + 56 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        ip = data[at + 16 : at + 16 + length]
        from_server = ip[12:16] == b"\x0a\0\0\x01"
        yield ip[16:20] if from_server else ip[12:16], from_server, ip[40:]
        at += 16 + length


def frames(path):
    part = {}
    for connection, from_server, data in packets(path):
        buffer = part.get((connection, from_server), b"") + data
        while len(buffer) >= 9 and len(buffer) >= 9 + (n := struct.unpack_from(">I", buffer, 5)[0]):
            yield connection, from_server, buffer[: 9 + n]
            buffer = buffer[9 + n :]
        part[connection, from_server] = buffer


def lz4_plain(body):
    size, block, out, at = struct.unpack_from(">I", body)[0], body[4:], bytearray(), 0

    def length(n):
        nonlocal at
        if n == 15:
            while True:
                n += block[at]
                at += 1
                if block[at - 1] != 255:
                    break
        return n

    while at < len(block):
        token = block[at]
        at += 1
        n = length(token >> 4)
        out += block[at : at + n]
        at += n
        if at >= len(block):
            break
        distance = block[at] | block[at + 1] << 8
        at += 2
        for _ in range(length(token & 15) + 4):
            out.append(out[-distance])
    assert len(out) == size <= PLAIN_MAX
    return bytes(out)


def says(cqlraw, frame):
    """The lines, or None after a complaint."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(frame)
        f.flush()
        run = subprocess.run([cqlraw, "frame", "decode", "--show-secrets", f.name], capture_output=True, check=False)
    if run.returncode:
        print(f"{frame.hex()}\n  {run.stderr.decode().strip()}", file=sys.stderr)
        return None
    return run.stdout.decode().splitlines()


def lines(key, data):
    text = data.hex()
    return [f"{key} {text[i : i + 92]}" for i in range(0, len(text), 92)]


class Corpus:
    def __init__(self, cqlraw, labels):
        self.cqlraw = cqlraw
        self.labels = labels
        self.seen = set()
        self.counts = {}
        self.long = self.broken = 0

    def add(self, frame, about):
        key = frame[:2] + frame[4:]
        if key in self.seen or frame[0] & 0x7F != 4:
            return
        self.seen.add(key)
        if len(frame) > LONGEST:
            self.long += 1
            return
        said = says(self.cqlraw, frame)
        if said is None:
            self.broken += 1
            return
        name = NAMES[frame[4]]
        self.counts[name] = self.counts.get(name, 0) + 1
        out = ["", f"name {name}-{self.counts[name]}", f"about {about}"] + lines("hex", frame)
        if frame[1] & 1:
            out += lines("plain", lz4_plain(frame[9:]))
        print("\n".join(out + ["> " + line for line in said]))

    def read(self, path):
        asked = {}
        for connection, from_server, frame in frames(path):
            stream, opcode = frame[2:4], frame[4]
            if from_server and opcode == EVENT:
                self.add(frame, "nobody asked at this time")
            elif from_server:
                self.add(frame, "answer to: " + asked.get((connection, stream), "a request that is not here"))
            else:
                about = self.labels.get(frame.hex(), "by the Python driver")
                asked[connection, stream] = about if frame.hex() in self.labels else f"{NAMES[opcode].upper()} {about}"
                if not about.startswith("wrong: "):
                    self.add(frame, about)


def say_again(cqlraw, path):
    """For when the program says something else of the same bytes. What changes is to be looked at."""
    frame, said = b"", True
    with open(path, encoding="utf-8") as f:
        for line in f.read().split("\n"):
            if line.startswith("name "):
                frame, said = b"", False
            if line.startswith("hex "):
                frame += bytes.fromhex(line[4:])
            if line.startswith("> ") and said:
                continue
            if line.startswith("> "):
                line = "\n".join("> " + new for new in says(cqlraw, frame))
                said = True
            yield line


def main():
    if sys.argv[2] == "again":
        sys.stdout.write("\n".join(say_again(sys.argv[1], sys.argv[3])))
        return
    cqlraw, labels_path, *paths = sys.argv[1:]
    with open(labels_path, encoding="utf-8") as f:
        labels = dict(line.rstrip("\n").split(" ", 1) for line in f)
    corpus = Corpus(cqlraw, labels)
    for path in paths:
        corpus.read(path)
    for name, n in sorted(corpus.counts.items()):
        print(f"{name}: {n}", file=sys.stderr)
    print(
        f"{sum(corpus.counts.values())} frames, {corpus.long} left out for their length,"
        f" {corpus.broken} for what is above",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
