"""The families of types that test_values.py tries: each is asked for the type of its next value."""

from nested import BEYOND_ASCII, FIELDS, List, Map, Set, Tuple, Udt, Vector
from scalars import MARSHAL, Blob, Boolean, Decimal, Float, Inet, Integer, Text, Uuid, string
from times import Date, Duration, Time, TimeOutsideTheDay, Timestamp

TINYINT = Integer("tinyint", 0x14, "ByteType", 8)
SMALLINT = Integer("smallint", 0x13, "ShortType", 16)
INT = Integer("int", 0x09, "Int32Type", 32)
BIGINT = Integer("bigint", 0x02, "LongType", 64)
COUNTER = Integer("counter", 0x05, "CounterColumnType", 64)
VARINT = Integer("varint", 0x0E, "IntegerType", None)
FLOAT = Float("float", 0x08, "FloatType", (">f", ">I"), 32)
DOUBLE = Float("double", 0x07, "DoubleType", (">d", ">Q"), 64)
TEXT = Text("text", 0x0D, "UTF8Type", 0x10FFFF)
ASCII = Text("ascii", 0x01, "AsciiType", 0x7F)
UUID = Uuid("uuid", 0x0C, "UUIDType")
TIMEUUID = Uuid("timeuuid", 0x0F, "TimeUUIDType")
DURATION = Duration(b"\0\0" + string(MARSHAL + "DurationType"))  # as Cassandra says it in v4

# The widths of their values are known, so that the elements of a vector have no lengths in front. (Others are
# of one width, too, but not to Cassandra: tinyint, smallint, date and time.)
FIXED = (INT, BIGINT, FLOAT, DOUBLE, Boolean(), UUID, TIMEUUID, Timestamp())
VARIABLE = (TINYINT, SMALLINT, VARINT, Decimal(), TEXT, ASCII, Blob(), Inet(), Date(), Time(), DURATION)
SCALARS = FIXED + VARIABLE

POOL = 500  # types that a family of nested ones has


def any_of(rng, depth):
    return rng.choice(SCALARS) if depth == 0 or rng.randrange(2) else nested(rng, depth)


def collection(rng, depth):
    return rng.choice((lambda: List(any_of(rng, depth - 1)), lambda: Set(any_of(rng, depth - 1)),
                       lambda: Map(any_of(rng, depth - 1), any_of(rng, depth - 1))))()


def tuple_(rng, depth):
    return Tuple([any_of(rng, depth - 1) for _ in range(rng.randint(1, 4))])


def udt(rng, depth, names=FIELDS + BEYOND_ASCII):
    fields = rng.sample(names, rng.randint(1, 4))
    return Udt(fields, [any_of(rng, depth - 1) for _ in fields])


def nested(rng, depth):
    return rng.choice((collection, collection, tuple_, udt))(rng, depth)


def deep(rng):
    """Four deep at one place at least."""
    made = nested(rng, 1)
    for _ in range(3):
        made = rng.choice((List, Set, lambda t: Map(TEXT, t), lambda t: Map(t, INT), lambda t: Tuple([INT, t]),
                           lambda t: Udt(("a", "Name"), [t, any_of(rng, 1)])))(made)
    return made


def fixed_vector(rng):
    inner = rng.choice(FIXED)
    return Vector(Vector(inner, rng.randint(1, 3)) if rng.randrange(4) == 0 else inner, rng.randint(1, 8))


def variable_vector(rng):
    at_steps = Blob(sizes=(0, 1, 126, 127, 128, 129, 16382, 16383, 16384))  # where a length gets a byte more
    kind = rng.randrange(4)
    if kind == 0:
        return Vector(rng.choice((at_steps, *VARIABLE)), rng.randint(1, 8))
    inner = rng.choice((lambda: List(rng.choice(SCALARS)), lambda: Map(rng.choice(SCALARS), rng.choice(SCALARS)),
                        lambda: Tuple([rng.choice(SCALARS), TEXT]), lambda: Udt(rng.sample(FIELDS, 2), [TEXT, INT]),
                        lambda: Vector(rng.choice(VARIABLE), 2)))()
    return Vector(inner, rng.randint(1, 3)) if kind < 3 else List(Vector(inner, 2))


def of(*types):
    """A family of a few types: its values are of each in turn."""
    return lambda rng: types


def pool(make):
    return lambda rng: [make(rng) for _ in range(POOL)]


FAMILIES = {
    "nested collections, tuples and UDTs": pool(deep),
    "collections of scalars": pool(lambda rng: collection(rng, 1)),
    "tuples": pool(lambda rng: tuple_(rng, 2)),
    "UDTs": pool(lambda rng: udt(rng, 2)),
    "vectors of fixed elements": pool(fixed_vector),
    "vectors of variable elements": pool(variable_vector),
    "float": of(FLOAT),
    "double": of(DOUBLE),
    "varint": of(VARINT),
    "decimal": of(Decimal()),
    "integers": of(TINYINT, SMALLINT, INT, BIGINT, COUNTER),
    "boolean": of(Boolean()),
    "text": of(TEXT, Text("text", 0x0A, "UTF8Type", 0x10FFFF)),
    "ascii": of(ASCII),
    "blob and classes unknown": of(Blob(), Blob("custom", b"\0\0" + string("org.example.SomeType"))),
    "uuid and timeuuid": of(UUID, TIMEUUID),
    "inet": of(Inet()),
    "date": of(Date()),
    "time": of(Time()),
    "time outside the day": of(TimeOutsideTheDay()),
    "timestamp": of(Timestamp(), Timestamp(-(2**63), 2**63 - 1)),
    "duration": of(DURATION, Duration(0x15)),
}
