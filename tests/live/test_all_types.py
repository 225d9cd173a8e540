"""A table with every CQL type is filled by `cqlraw run` and read back by it and by the Python driver.

What is written below as text must come out of both as the same text (reader.py defines it), so a mistake
in parsing, in the bytes on the wire, or in printing shows, also where two of them would cancel out.
Prints `N passed, N failed`.
"""

import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CONTACT = os.environ["CONTACT"]
CQLRAW = os.environ.get("CQLRAW", str(HERE.parents[1] / "build" / "cqlraw"))
KEYSPACE = "cqlraw_live"

# Each column's values, row by row; rows behind a column's last have null. A pair is what is written and
# what comes out, where these differ.
VALUES = {
    "c_ascii": ["plain", "", " ~!@#$%^&*", "a,b", 'say "hi"', "it's", "..", "null"],
    "c_bigint": ["0", "9223372036854775807", "-9223372036854775808", "-1"],
    "c_blob": ["0x", "0x00ff", "0x" + "5a" * 20000, ("0xABCD", "0xabcd")],
    "c_boolean": ["true", "false", ("TRUE", "true")],
    "c_decimal": ["0", "-0.050", "1.10", "123456789012345678901234567890.123456789", "1.23E+105",
                  "1E-150", "-99999999999999999999", ("1E+3", "1000")],
    "c_double": ["0.0", "-0.0", "1.7976931348623157e+308", "5e-324", "NaN", "Infinity", "-Infinity",
                 "0.1", "1e+100", ("3", "3.0")],
    "c_float": ["0.0", "-0.0", "3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity", "0.1",
                "16777216.0", ("-2.50", "-2.5")],
    "c_inet": ["10.0.0.1", "255.255.255.255", "2001:db8::1", "::1", "::", "1:2:3:4:5:6:7:8",
               ("2001:DB8:0:0::2", "2001:db8::2")],
    "c_int": ["0", "2147483647", "-2147483648", "42"],
    "c_smallint": ["0", "32767", "-32768"],
    "c_tinyint": ["0", "127", "-128"],
    "c_text": ["plain", "", "Grüße, 世界 😀", "tab\there", 'a "quoted", cell', "  spaces  ", "\\", "'",
               "x" * 100000, "null", "=1+1"],
    "c_time": ["00:00:00.000000000", "23:59:59.999999999", ("12:34:56", "12:34:56.000000000")],
    "c_timestamp": ["1970-01-01T00:00:00.000Z", "2024-02-29T12:34:56.789Z", "1969-12-31T23:59:59.999Z",
                    "-292275055-05-16T16:47:04.192Z", "+292278994-08-17T07:12:55.807Z",
                    ("2024-02-29 13:34:56+0100", "2024-02-29T12:34:56.000Z")],
    "c_date": ["1970-01-01", "2024-02-29", "0000-01-01", "9999-12-31", "-5877641-06-23",
               "+5881580-07-11", "-0001-12-31"],
    "c_timeuuid": ["1c0e8c70-d72b-11ee-8000-0123456789ab", "00000000-0000-1000-8080-808080808080"],
    "c_uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
               ("123E4567-E89B-42D3-A456-426614174000", "123e4567-e89b-42d3-a456-426614174000")],
    "c_varint": ["0", "-1", "127", "128", "-128", "-129", "9223372036854775808",
                 "-" + "123456789" * 20],
    "c_duration": ["0ns", "1y2mo3d1h30m5s1ms2us3ns", "-1mo1d1ns",
                   "178956970y7mo2147483647d2562047h47m16s854ms775us807ns", ("12mo2w", "1y14d")],
    "c_list": ["[1, 2, 2]", "[-2147483648]", ("[]", "")],
    "c_set": ["{'a', 'b'}", "{'', 'it''s', 'x, y'}", ("{'b', 'a', 'b'}", "{'a', 'b'}")],
    "c_map": ["{'a': 1, 'b': -2}", "{'': 0}", "{'k: v, ''q''': 7}"],
    "c_tuple": ["(1, 'x')", "(null, 'x')", "(1, null)", "(0, '')"],
    "c_udt": ["{field: 1, other: 'x'}", "{field: null, other: ''}", "{field: -1, other: null}"],
    "c_nested": ["[{'a': [1, 2], 'b': []}, {}]", "[{}]"],
    "c_durations": ["{'a': 1y2mo3d1h30m5s1ms2us3ns, 'b': -1d}", "{'': 0ns}"],
    "c_vector": ["[1.0, 2.0, 3.0]", "[-0.0, NaN, Infinity]", "[0.1, 3.4028235e+38, 1e-45]",
                 ("[1,-2,3]", "[1.0, -2.0, 3.0]")],
    "c_v_text": ["['a', 'bc']", "['', 'it''s']", f"['{'x' * 200}', 'Grüße, 世界 😀']",
                 f"['y', '{'z' * 20000}']"],
    "c_v_smallint": ["[1, 2]", "[-32768, 32767]"],
    "c_v_time": ["['00:00:00.000000001']", "['23:59:59.999999999']"],
    "c_v_uuid": ["[123e4567-e89b-42d3-a456-426614174000]"],
    "c_v_varint": ["[127, 128]", "[-129, 18446744073709551616]"],
    "c_v_vector": ["[[1, 2], [3, 4]]", "[[-1, 0], [2147483647, -2147483648]]"],
    "c_v_list": ["[[5], [6, 7]]", "[[], [0]]"],
    "c_v_map": ["[{'a': [1mo2d3ns], 'b': [0ns]}]", "[{}]"],
    "c_v_tuple": ["[(1, 'x')]", "[(null, '')]", "[(1, null)]"],
    "c_v_udt": ["[{zone: 1, \"Mond\": 'x'}]", "[{zone: null, \"Mond\": ''}]"],
    "c_list_v": ["[[true, false], [false, false]]", ("[]", "")],
}
ROWS = max(map(len, VALUES.values())) + 1  # the last one has nothing but nulls
LINES = "two\nlines, \"quoted\",\r\nand more"  # no value of a file of lines can have this

passed = failed = 0


def check(what, problems):
    """Counts what has no problems as passed."""
    global passed, failed
    problems = list(problems)
    passed, failed = passed + (not problems), failed + bool(problems)
    print("FAIL " if problems else "ok   ", what)
    for line in problems[:20]:
        print("     ", line[:400])


def cqlraw(*args):
    done = subprocess.run([CQLRAW, *args, "--host", CONTACT], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}: cqlraw {' '.join(args)[:300]}\n{done.stderr.decode()}")
    return done.stdout.decode()


def read_by_driver(table):
    host, port = CONTACT.rsplit(":", 1)
    out = subprocess.run(
        [sys.executable, HERE / "reader.py", "--host", host, "--port", port, "--keyspace", KEYSPACE,
         "--table", table],
        check=True, capture_output=True, encoding="utf-8",
    ).stdout
    return {row["id"]: row for row in map(json.loads, out.split("\n")[:-1])}


def read_csv(text):
    """Rows by id, cells as text."""
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def read_json(text):
    return {str(row["id"]): row for row in map(json.loads, text.split("\n")[:-1])}


def differences(wanted, got):
    """One line for each row that is missing or too many, and for each cell that differs."""
    for key in sorted(wanted.keys() | got.keys(), key=int):
        if key not in got or key not in wanted:
            yield f"row {key} is {'missing' if key in wanted else 'not wanted'}"
            continue
        for column, text in wanted[key].items():
            if got[key].get(column) != text:
                yield f"row {key} {column}: wanted {text!r:.150}, got {got[key].get(column)!r:.150}"


def cell(column, row, which):
    """What is written (0) or comes out (1); None is null."""
    values = VALUES[column]
    if row >= len(values):
        return None
    return values[row][which] if isinstance(values[row], tuple) else values[row]


def create():
    cqlraw("query", "--timeout", "60s", "-e", f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
    for table in ("alltypes", "replayed"):
        text = (HERE / "alltypes.cql").read_text().replace(".alltypes", f".{table}")
        cqlraw("query", "--timeout", "60s", "-e", text)


def fill(folder):
    args = ["-P", f"id=1..{ROWS}", "--combine", "zip"]
    for column in VALUES:
        lines = (cell(column, row, 0) for row in range(ROWS))
        text = "".join(("\\N" if line is None else line) + "\n" for line in lines)
        pathlib.Path(folder, column).write_text(text, encoding="utf-8")
        args += ["-P", f"{column}=@{folder}/{column}"]
    names = ", ".join(["id", *VALUES])
    marks = ", ".join("?" * (len(VALUES) + 1))
    insert = f"INSERT INTO {KEYSPACE}.alltypes ({names}) VALUES ({marks})"
    out = cqlraw("run", insert, *args, "--format", "none")
    check("every row is written", [] if out.startswith(f"{ROWS} queries in ") else [out])
    cqlraw("run", f"INSERT INTO {KEYSPACE}.alltypes (id, c_text) VALUES (?, ?)", "-P", f"id={ROWS + 1}",
           "-P", f"c_text=={LINES}", "--format", "none")


def expected():
    rows = {}
    for row in range(ROWS):
        rows[str(row + 1)] = {"id": str(row + 1)} | {c: cell(c, row, 1) or "" for c in VALUES}
    rows[str(ROWS + 1)] = {"id": str(ROWS + 1)} | dict.fromkeys(VALUES, "") | {"c_text": LINES}
    return rows


def test_values():
    by_driver = read_by_driver("alltypes")
    check("the driver reads what was meant", differences(expected(), by_driver))
    select = f"SELECT * FROM {KEYSPACE}.alltypes"
    text = cqlraw("run", select + " WHERE id = ?", "-P", f"id=1..{ROWS + 1}", "--format", "csv")
    check("run reads what the driver reads", differences(by_driver, read_csv(text)))
    check("run keeps the order of the parameters",
          [] if list(read_csv(text)) == [str(i) for i in range(1, ROWS + 2)] else [text[:300]])
    text = cqlraw("query", select, "--format", "csv")
    check("query reads what the driver reads", differences(by_driver, read_csv(text)))


def test_null_is_not_empty():
    rows = read_json(cqlraw("query", f"SELECT * FROM {KEYSPACE}.alltypes", "--format", "ndjson"))
    problems = []
    for row in range(ROWS):
        for column in VALUES:
            # the server keeps no empty list, set or map: it is null
            stored = cell(column, row, 0) is not None and cell(column, row, 0) != "[]"
            if (rows[str(row + 1)][column] is not None) != stored:
                problems.append(f"row {row + 1} {column}: {rows[str(row + 1)][column]!r:.100}")
    check("null is null and empty is empty", problems)
    line = cqlraw("query", f"SELECT c_text, c_ascii FROM {KEYSPACE}.alltypes WHERE id = 2", "--format", "csv")
    check("an empty text is quoted in CSV", [] if line.split("\n")[1] == '"",""' else [line])
    line = cqlraw("query", f"SELECT c_text, c_ascii FROM {KEYSPACE}.alltypes WHERE id = {ROWS}", "--format", "csv")
    check("a null is nothing in CSV", [] if line.split("\n")[1] == "," else [line])


def test_counters():
    steps = ["1", "-1", "9223372036854775807", "-9223372036854775808", "0"]
    out = cqlraw("run", f"UPDATE {KEYSPACE}.counters SET n = n + ? WHERE id = ?", "-P", "n=" + ",".join(steps),
                 "-P", f"id=1..{len(steps)}", "--combine", "zip", "--format", "none")
    check("counters are updated", [] if out.startswith(f"{len(steps)} queries in ") else [out])
    wanted = {str(i): {"id": str(i), "n": n} for i, n in enumerate(steps, 1)}
    by_driver = read_by_driver("counters")
    check("the driver reads the counters", differences(wanted, by_driver))
    text = cqlraw("run", f"SELECT * FROM {KEYSPACE}.counters WHERE id = ?", "-P", f"id=1..{len(steps)}",
                  "--format", "csv")
    check("run reads the counters", differences(by_driver, read_csv(text)))


def test_replay():
    """Rows as CQL, executed on a table of the same columns; with a row of empty values, which no literal can write."""
    empty = [column for column in VALUES if column[2:] in
             ("bigint", "boolean", "decimal", "double", "float", "inet", "int", "text", "timestamp", "uuid", "varint")]
    values = ", ".join(f"blobAs{column[2:]}(0x)" for column in empty)
    cqlraw("query", f"INSERT INTO {KEYSPACE}.alltypes (id, {', '.join(empty)}) VALUES ({ROWS + 2}, {values})")
    select = f"SELECT * FROM {KEYSPACE}.%s WHERE id = ?", "-P", f"id=1..{ROWS + 2}", "--format"
    rows = cqlraw("run", select[0] % "alltypes", *select[1:], "cql")
    with tempfile.NamedTemporaryFile("w", newline="", suffix=".cql", encoding="utf-8") as file:
        file.write(rows.replace(f"INTO {KEYSPACE}.alltypes ", f"INTO {KEYSPACE}.replayed "))
        file.flush()
        cqlraw("query", "-f", file.name)
    was, now = (cqlraw("run", select[0] % table, *select[1:], "ndjson") for table in ("alltypes", "replayed"))
    check("rows as CQL write the same rows again", differences(read_json(was), read_json(now)))
    last = read_json(was).get(str(ROWS + 2), {})
    check("empty values are among them", [c for c in empty if last.get(c) != ""])


def main():
    create()
    with tempfile.TemporaryDirectory() as folder:
        fill(folder)
    test_values()
    test_null_is_not_empty()
    test_counters()
    test_replay()


try:
    main()
except Exception as error:  # any kind: what could not be tested has failed
    failed += 1
    print(f"FAIL  the test ended early: {type(error).__name__}: {error}")
except SystemExit as end:
    failed += 1
    print(f"FAIL  the test ended early: {end}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
