"""Prints every row of a table as another driver reads it: the truth that cqlraw is compared with.

    reader.py --host 127.0.0.1 --port P --keyspace K --table T [--protocol 4]

One line of JSON a row, {column: text, ...}, rows ordered by the column `id` (an int). The text is
the one `cqlraw --format csv` has in the cell, its CSV quoting taken off:

null        the empty text
text ascii  as it is
integers    decimal (tinyint smallint int bigint varint counter)
double      the shortest text that reads back equal, laid out as Python's repr: 1.5 1e+100 -0.0
            NaN Infinity -Infinity
float       likewise, where "reads back" is as a 32-bit float: 0.1, 16777216.0, 3.4028235e+38
decimal     1.23 1200 -0.050, with every digit of its scale; |scale| > 100: 1.23E+105
boolean     true false
blob        0x00ff, also 0x
uuid        lower-case, also timeuuid
timestamp   2024-02-29T12:34:56.789Z; a year outside 0..9999 has a sign: +12345-01-01T..., -0001-...
date        2024-02-29, years likewise
time        12:34:56.000000000
duration    1y2mo3d1h30m5s1ms2us3ns, parts that are 0 left out, one - in front of it all; 0ns
inet        10.0.0.1, 2001:db8::1
list        [1, 2], also vector
set         {1, 2} in the server's order
map         {'a': 1} in the server's order
tuple       (1, null)
UDT         {field: 1, other: 'x'}; a name other than [a-z][a-z0-9_]* stands in double quotes

Inside a collection, tuple or UDT a value is the CQL literal: null is null, and text, ascii,
timestamp, date, time and inet stand in single quotes, which are doubled within.
"""

import argparse
import json
import re
import struct
import sys

from cassandra import cqltypes
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import RoundRobinPolicy
from cassandra.protocol import _ProtocolHandler
from cassandra.query import tuple_factory

NANOSECONDS = (
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
)
DAY_MS = 86_400_000
ERA_DAYS, ERA_YEARS = 146_097, 400  # the Gregorian calendar repeats itself after an era
EPOCH_SHIFT = 719_468  # days from 0000-03-01 to 1970-01-01


def keep_what_the_server_sent():
    """The driver's own types can't hold every timestamp, and put sets into an order of their own."""
    cqltypes.DateType.deserialize = staticmethod(lambda b, _version: struct.unpack(">q", b)[0])
    cqltypes.SetType.adapter = list


def text(value, t):
    """What a CSV cell has."""
    if value is None:
        return ""
    if t.typename in FORMATS:
        return FORMATS[t.typename](value)
    return composite(value, t)


def literal(value, t):
    """What a collection, tuple or UDT has of the same value."""
    if value is None:
        return "null"
    if t.typename in QUOTED:
        return "'" + text(value, t).replace("'", "''") + "'"
    return text(value, t)


def composite(value, t):
    if issubclass(t, cqltypes.FrozenType):  # as which it comes within a vector
        return composite(value, t.subtypes[0])
    if issubclass(t, cqltypes.UserType):
        pairs = zip(t.fieldnames, value, t.subtypes)
        return "{" + ", ".join(f"{name_text(n)}: {literal(v, s)}" for n, v, s in pairs) + "}"
    if issubclass(t, cqltypes.TupleType):
        return "(" + ", ".join(literal(v, s) for v, s in zip(value, t.subtypes)) + ")"
    if issubclass(t, cqltypes.MapType):
        key, val = t.subtypes
        pairs = value.items()
        return "{" + ", ".join(f"{literal(k, key)}: {literal(v, val)}" for k, v in pairs) + "}"
    if issubclass(t, cqltypes.VectorType):
        return "[" + ", ".join(literal(v, t.subtype) for v in value) + "]"
    if issubclass(t, (cqltypes.ListType, cqltypes.SetType)):
        left, right = "[]" if issubclass(t, cqltypes.ListType) else "{}"
        return left + ", ".join(literal(v, t.subtypes[0]) for v in value) + right
    raise SystemExit(f"error: no text is defined for a {t.cql_parameterized_type()}")


def name_text(name):
    if re.fullmatch("[a-z][a-z0-9_]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def double_text(value):
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value))


def float_text(value):
    """Python has no 32-bit repr: the fewest digits that read back, laid out like those of a double."""
    for digits in range(1, 10):
        shortest = float(f"{value:.{digits}g}")
        if abs(shortest) <= 3.4028235677973366e38:  # what still rounds to a finite float
            if struct.pack(">f", shortest) == struct.pack(">f", value):
                return double_text(shortest)
    return double_text(value)


def decimal_text(value):
    exponent = value.as_tuple().exponent
    if abs(exponent) > 100:
        return f"{value:E}"
    return "0" if value.is_zero() and exponent > 0 else f"{value:f}"


def date_text(days):
    """The proleptic Gregorian date of a day counted from 1970-01-01; Python's own ends at year 9999."""
    era, day_of_era = divmod(days + EPOCH_SHIFT, ERA_DAYS)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)  # years begin in March here
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    year += era * ERA_YEARS + (month >= 10)
    month = month + 3 if month < 10 else month - 9
    sign = "" if 0 <= year <= 9999 else "-" if year < 0 else "+"
    return f"{sign}{abs(year):04}-{month:02}-{day:02}"


def clock_text(seconds):
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def timestamp_text(ms):
    days, ms = divmod(ms, DAY_MS)
    return f"{date_text(days)}T{clock_text(ms // 1000)}.{ms % 1000:03}Z"


def time_text(value):
    seconds, ns = divmod(value.nanosecond_time, 1_000_000_000)
    return f"{clock_text(seconds)}.{ns:09}"


def duration_text(value):
    years, months = divmod(abs(value.months), 12)
    parts = [(years, "y"), (months, "mo"), (abs(value.days), "d")]
    rest = abs(value.nanoseconds)
    for unit, size in NANOSECONDS:
        count, rest = divmod(rest, size)
        parts.append((count, unit))
    sign = "-" if min(value.months, value.days, value.nanoseconds) < 0 else ""
    return sign + "".join(f"{count}{unit}" for count, unit in parts if count) or "0ns"


FORMATS = {
    "ascii": str,
    "bigint": str,
    "blob": lambda value: "0x" + value.hex(),
    "boolean": lambda value: "true" if value else "false",
    "counter": str,
    "date": lambda value: date_text(value.days_from_epoch),
    "decimal": decimal_text,
    "double": double_text,
    "duration": duration_text,
    "float": float_text,
    "inet": str,
    "int": str,
    "smallint": str,
    "text": str,
    "time": time_text,
    "timestamp": timestamp_text,
    "timeuuid": str,
    "tinyint": str,
    "uuid": str,
    "varchar": str,
    "varint": str,
}
QUOTED = {"ascii", "date", "inet", "text", "time", "timestamp", "varchar"}


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9042)
    parser.add_argument("--keyspace", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--protocol", type=int, default=4)
    return parser.parse_args()


def main():
    args = parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    keep_what_the_server_sent()
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), row_factory=tuple_factory)
    with Cluster(
        [args.host],
        port=args.port,
        protocol_version=args.protocol,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
    ) as cluster:
        session = cluster.connect()
        session.client_protocol_handler = _ProtocolHandler  # the one that asks cqltypes for each value
        keyspace, table = (name.replace('"', '""') for name in (args.keyspace, args.table))
        result = session.execute(f'SELECT * FROM "{keyspace}"."{table}"')
        names, types = result.column_names, result.column_types
        key = names.index("id")
        for row in sorted(result, key=lambda row: row[key]):
            cells = {n: text(v, t) for n, v, t in zip(names, row, types)}
            print(json.dumps(cells, ensure_ascii=False))


if __name__ == "__main__":
    main()
