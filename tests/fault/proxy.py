"""A proxy that does harm between the program and a server, frame by frame.

It cuts both directions into the frames of protocol v4 (native_protocol_v4.spec section 2), or into the records of TLS, and asks a
Fault what becomes of each. One thread turns one loop, so a fault needs no locks; its random numbers come from a seed. What a client executes is counted here.
"""

import collections
import heapq
import itertools
import random
import selectors
import socket
import struct
import threading
import time

ERROR, STARTUP, EXECUTE = 0x00, 0x01, 0x0A
UNAVAILABLE, OVERLOADED, TRUNCATE, READ_TIMEOUT, UNPREPARED = 0x1000, 0x1001, 0x1003, 0x1200, 0x2500

Frame = collections.namedtuple("Frame", "opcode stream bytes body")


def cql_frame(data):
    """The frame at the front of the bytes, or None when it is not all there."""
    if len(data) < 9:
        return None
    _, _, stream, opcode, length = struct.unpack_from(">BBhBI", data)
    whole = bytes(data[: 9 + length])
    return Frame(opcode, stream, whole, whole[9:]) if len(whole) == 9 + length else None


def tls_record(data):
    """The record (RFC 8446 section 5.1) there; what it holds is encrypted, so each of application data counts as an EXECUTE."""
    if len(data) < 5:
        return None
    kind, _, length = struct.unpack_from(">BHH", data)
    whole = bytes(data[: 5 + length])
    return Frame(EXECUTE if kind == 23 else None, 0, whole, whole[5:]) if len(whole) == 5 + length else None


def error_frame(stream, code, more=b""):
    text = b"told so"
    body = struct.pack(">iH", code, len(text)) + text + more
    return struct.pack(">BBhBI", 0x84, 0, stream, ERROR, len(body)) + body


class Fault:
    """Does no harm; each kind of it overrides what it changes."""

    def __init__(self, seed=1):
        self.random = random.Random(seed)
        self.count = self.done = 0  # `done`: how often it did harm

    def nth(self, n, most=1 << 30):
        """True at each n-th call, `most` times."""
        self.count += 1
        return self.count % n == 0 and self.count <= n * most

    def accepted(self, _proxy, _link):
        """False: it is not passed on to the server."""
        return True

    def request(self, link, frame):
        link.server.send(frame.bytes)

    def reply(self, link, frame):
        link.client.send(frame.bytes)


class End:
    """One socket: frames come in, bytes go out."""

    def __init__(self, link, sock, each):
        self.link, self.sock, self.each = link, sock, each
        self.coming, self.going = bytearray(), bytearray()
        self.slow = False  # a byte at a time
        self.deaf = False  # what waits in the kernel stays there
        self.ending = self.events = 0
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.watch()

    def watch(self):
        proxy = self.link.proxy
        events = (0 if self.deaf else selectors.EVENT_READ) | (selectors.EVENT_WRITE if self.going else 0)
        if events == self.events or self.sock.fileno() < 0:
            return
        if not self.events:
            proxy.selector.register(self.sock, events, self)
        elif events:
            proxy.selector.modify(self.sock, events, self)
        else:
            proxy.selector.unregister(self.sock)
        self.events = events

    def send(self, data):
        self.going += data
        self.write()

    def write(self):
        while self.going and self.sock.fileno() >= 0:
            try:
                n = self.sock.send(self.going[:1] if self.slow else self.going)
            except BlockingIOError:
                break
            except OSError:
                self.link.close()
                return
            del self.going[:n]
        if self.ending and not self.going:
            self.end()
        self.watch()

    def read(self):
        try:
            data = self.sock.recv(1 if self.slow else 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = None
        if not data:
            self.deaf = True
            self.watch()
            self.link.ended(self, data is None)
            return
        self.coming += data
        while self.sock.fileno() >= 0 and (frame := self.link.proxy.cut(self.coming)):
            del self.coming[: len(frame.bytes)]
            self.each(self.link, frame)

    def end(self):
        """The end of this direction, behind what still waits."""
        self.ending = True
        if not self.going and self.sock.fileno() >= 0:
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def close(self):
        if self.sock.fileno() >= 0:
            if self.events:
                self.link.proxy.selector.unregister(self.sock)
            self.sock.close()


class Link:
    """A connection of the client's, and the one to the server that belongs to it."""

    def __init__(self, proxy, sock):
        self.proxy, self.number, self.executes = proxy, len(proxy.links), 0
        self.server = None
        self.client = End(self, sock, Link.on_request)

    def connect(self):
        try:
            self.server = End(self, socket.create_connection(self.proxy.upstream), self.proxy.fault_reply)
        except OSError:
            self.close()

    def on_request(self, frame):
        if frame.opcode == EXECUTE:
            self.executes += 1
            self.proxy.executed[frame.body] += 1
        self.proxy.fault.request(self, frame)

    def ended(self, end, reset):
        """One side has ended: what the other one still owes may come."""
        other = self.server if end is self.client else self.client
        if reset or not other or other.ending or other.sock.fileno() < 0:
            self.close()
        else:
            other.end()

    def reset(self):
        self.client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        for end in (self.client, self.server):
            if end:
                end.close()


class Proxy:
    def __init__(self, upstream, fault, port=0, cut=cql_frame):
        self.upstream, self.fault, self.cut = upstream, fault, cut
        self.fault_reply = lambda link, frame: self.fault.reply(link, frame)
        self.selector = selectors.DefaultSelector()
        self.executed = collections.Counter()  # bodies of EXECUTEs
        self.links, self.times = [], []  # accepted, and when
        self.timers, self.serial, self.ended = [], itertools.count(), False
        self.listen(port)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def listen(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=100)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ, None)

    def refuse(self):
        """Nobody listens any more, and all connections are gone."""
        self.selector.unregister(self.listener)
        self.listener.close()
        for link in self.links:
            link.close()

    def later(self, seconds, fn, *args):
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.serial), fn, args))

    def accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError:  # it was closed in this very turn, or the client has gone
            return
        link = Link(self, sock)
        self.links.append(link)
        self.times.append(time.monotonic())
        if self.fault.accepted(self, link):
            link.connect()

    def loop(self):
        while not self.ended:
            wait = max(0, self.timers[0][0] - time.monotonic()) if self.timers else 0.05
            for key, events in self.selector.select(min(wait, 0.05)):
                if key.data is None:
                    self.accept()
                    continue
                if events & selectors.EVENT_WRITE:
                    key.data.write()
                if events & selectors.EVENT_READ and key.data.sock.fileno() >= 0:
                    key.data.read()
            while self.timers and self.timers[0][0] <= time.monotonic():
                _, _, fn, args = heapq.heappop(self.timers)
                fn(*args)

    def close(self):
        self.ended = True
        self.thread.join()
        self.listener.close()
        for link in self.links:
            link.close()
        self.selector.close()
