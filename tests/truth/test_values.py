"""Values of every type, drawn at random, are the same to cqlraw's codec and to the Python driver's.

Text and JSON that Python writes become the bytes that the driver writes, which it reads as the value; and what
the codec makes of the driver's bytes - text, CQL literal, JSON - is read by Python as the value.

    test_values.py [FAMILY ...]      TRUTH_SEED, TRUTH_COUNT: another seed, another number of values a family

Prints `N passed, N failed`.
"""

import logging
import multiprocessing
import os
import pathlib
import random
import subprocess
import sys

from families import FAMILIES
from nested import read_json_text, read_literal_text

SEED = int(os.environ.get("TRUTH_SEED", 1970))
COUNT = int(os.environ.get("TRUTH_COUNT", 20_000))
PROGRAM = pathlib.Path(os.environ.get("BUILD", "build"), "tests", "truth", "values")
SHOWN, SHOWN_LENGTH = 3, 400  # failures that are shown of a check, and of each of their parts


class Case:
    """A value, and what the program is given."""

    def __init__(self, rng, type_):
        self.type, self.value = type_, type_.random(rng)
        self.norm = type_.norm(self.value)
        self.written = type_.encode(self.value)
        self.wire = type_.wire(self.value, self.written)
        self.decoded = None, None  # bytes, and what they are to the driver
        self.text = self.json = None
        if not type_.only_printed:
            self.text = type_.top(rng, self.value).encode()
            self.json = type_.json(rng, self.value).encode()

    # Each of these says what is wanted of an answer and what it is: equal values, and bytes.

    def same_bytes(self, data):
        if data != self.decoded[0]:
            self.decoded = data, self.type.norm(self.type.decode(data))
        return (self.written.hex(), self.norm), (data.hex(), self.decoded[1])

    def same_value(self, found):
        return self.norm, self.type.norm(found)

    def judge_print(self, data):
        return self.same_value(self.type.read_top(data.decode()))

    def judge_literal(self, data):
        return self.same_value(read_literal_text(self.type, data.decode()))

    def judge_json(self, data):
        return self.same_value(self.type.read_json(read_json_text(data.decode())))


CHECKS = (  # what is shown, a command of the program, what it is given, and the judge of its answer
    ("text becomes the driver's bytes, and the value to it", "parse", lambda case: case.text, Case.same_bytes),
    ("JSON becomes the driver's bytes, and the value to it", "json", lambda case: case.json, Case.same_bytes),
    ("the driver's bytes as text", "print", lambda case: case.wire, Case.judge_print),
    ("the driver's bytes as literal", "literal", lambda case: case.wire, Case.judge_literal),
    ("the driver's bytes as JSON", "print_json", lambda case: case.wire, Case.judge_json),
)


def ask(lines):
    """The program's answers, each to its line."""
    done = subprocess.run([PROGRAM], input="".join(lines).encode(), capture_output=True, check=False)
    found = done.stdout.decode(errors="replace").split("\n")[:-1]
    if done.returncode or len(found) != len(lines):
        raise RuntimeError(f"exit code {done.returncode}, {len(found)} of {len(lines)} lines answered: {done.stderr}")
    return found


def failure(case, given, answer, judge):
    """None, or what is to be told."""
    try:
        if not answer.startswith("="):
            raise ValueError("refused")
        wanted, found = judge(case, bytes.fromhex(answer[1:]))
        if wanted == found:
            return None
    except Exception as error:  # any kind: it is told
        readable = bytes.fromhex(answer[1:]) if answer.startswith("=") else answer
        wanted, found = f"no {type(error).__name__}: {error}", readable
    return case.type.name, case.value, given, wanted, found


def run_check(cases, what, command, give, judge):
    """Lines to print; the first begins with ok or FAIL."""
    given = [give(case) for case in cases]
    answers = ask([f"{case.type.option.hex()}\t{command}\t{g.hex()}\n" for case, g in zip(cases, given)])
    failures = [f for f in map(failure, cases, given, answers, [judge] * len(cases)) if f]
    lines = [f"ok    {what}: {len(cases)} values"]
    if failures:
        lines = [f"FAIL  {what}: {len(failures)} of {len(cases)}, seed {SEED}, for one:"]
    for told in failures[:SHOWN]:
        lines += [f"      {word:6} {part!r:.{SHOWN_LENGTH}}"
                  for word, part in zip(("type", "value", "given", "wanted", "found"), told)]
    return lines


def run_family(name):
    """The lines of each of its checks."""
    logging.disable(logging.CRITICAL)  # the driver warns of names of fields that Python doesn't have
    rng = random.Random(f"{SEED} {name}")
    try:
        types = FAMILIES[name](rng)
        cases = [Case(rng, types[i % len(types)]) for i in range(COUNT)]
        return [run_check(cases, f"{name}: {what}", command, give, judge) for what, command, give, judge in CHECKS
                if give(cases[0]) is not None]
    except Exception as error:  # any kind: what could not be tested has failed
        return [[f"FAIL  {name}: the test ended early, seed {SEED}: {type(error).__name__}: {error}"]]


def main():
    passed = failed = 0
    print(f"seed {SEED}, {COUNT} values a family")
    with multiprocessing.Pool() as pool:
        for checks in pool.imap(run_family, sys.argv[1:] or FAMILIES):
            for lines in checks:
                good = lines[0].startswith("ok")
                passed, failed = passed + good, failed + (not good)
                print("\n".join(lines))
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
