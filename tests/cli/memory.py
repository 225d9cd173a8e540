#!/usr/bin/env python3
"""Says how often a text stands in the memory of processes: memory.py TEXT PID ...

One line each: "PID COUNT", or "PID closed" when its memory cannot be read by this user.
"""
import sys

LARGEST = 1 << 28  # AddressSanitizer's shadow is larger than anything that holds data


def count(pid, text):
    found = 0
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            ends, access = line.split()[:2]
            start, end = (int(x, 16) for x in ends.split("-"))
            if not access.startswith("rw") or end - start > LARGEST:
                continue
            try:
                memory.seek(start)
                found += memory.read(end - start).count(text)
            except (OSError, OverflowError, ValueError):  # the kernel's own
                continue
    return found


def main():
    for pid in sys.argv[2:]:
        try:
            print(pid, count(pid, sys.argv[1].encode()))
        except PermissionError:
            print(pid, "closed")


main()
