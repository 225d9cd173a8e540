#!/usr/bin/env python3
"""Writes a capture file (pcap, raw IPv4) from lines on standard input.

pcap.py FILE [PORT]

A line: MS CONNECTION WHO [HEX...], what WHO (client or server) sends at that millisecond; WHO with a
"!" in front: the packet is not captured. HEX is several arguments in one line; "syn" opens a connection
and may come first, "fin" ends a direction. PORT is the server's, 9042.
"""
import struct
import sys

TCP = struct.Struct(">HHIIBBHHH")
FLAGS = {"syn": 0x02, "fin": 0x01}


def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 9042
    seq = {}
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for line in sys.stdin:
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            ms, connection, who, *data = words
            captured, who = not who.startswith("!"), who.lstrip("!")
            flags = FLAGS.get(data[0], 0) if data else 0
            payload = bytes.fromhex("".join(data[1:] if flags else data))
            client = 40000 + int(connection)
            ports = (client, port) if who == "client" else (port, client)
            at = seq.get(ports, 1000)
            seq[ports] = (at + len(payload) + (1 if flags else 0)) % 2**32
            tcp = TCP.pack(*ports, at, 0, 5 << 4, flags | 0x10 * (flags != 2 or who == "server"), 1024, 0, 0)
            a, b = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0,
                             *((a, b) if who == "client" else (b, a)))
            packet = ip + tcp + payload
            if captured:
                out.write(struct.pack("<IIII", 1000 + int(ms) // 1000, int(ms) % 1000 * 1000, len(packet), len(packet)))
                out.write(packet)


main()
