"""The types without sub types: their values, drawn at random; their text and JSON as other programs write
them; and what cqlraw writes, read by Python's own means.

A value is what norm() makes of it: two values are the same when these are equal. read() is given the bare
text of a value, its quotes taken off, and raises ValueError when it is not as cqlraw/value.h says.
"""

import decimal
import io
import json
import socket
import struct
import uuid

from cassandra.protocol import ResultMessage

decimal.getcontext().prec = 1300  # every double has fewer digits, and the middle between two has

MARSHAL = "org.apache.cassandra.db.marshal."


class Number(str):
    """A number in JSON, as the text it is: no digit is lost."""


def string(data):
    """A [string] of the protocol."""
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">H", len(data)) + data


def expect(found, wanted):
    if found != wanted:
        raise ValueError(f"{found!r} instead of {wanted!r}")


def integer(rng, low, high):
    """Anywhere, of any length, or at an edge."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randint(low, high)
    if kind == 1:
        return rng.choice([low, low + 1, high - 1, high] + [n for n in (-1, 0, 1) if low <= n <= high])
    bits = rng.getrandbits(rng.randint(0, max(high.bit_length(), low.bit_length())))
    return min(max(low, rng.choice((bits, -bits, -bits - 1))), high)


def json_string(rng, text):
    """As other programs write it: as it is, with escapes where there must be some, or nothing but escapes."""
    kind = rng.randrange(4)
    if kind == 0:
        digits, encoded = rng.choice("xX"), text.encode("utf-16-be")
        units = struct.unpack(f">{len(encoded) // 2}H", encoded)
        return '"' + "".join([f"\\u{unit:04{digits}}" for unit in units]) + '"'
    return json.dumps(text, ensure_ascii=kind == 1).replace("/", rng.choice(("/", "\\/")))


drivers = {}


def driver_type(option):
    """The driver's type of an [option], as it reads it out of a message."""
    if option not in drivers:
        drivers[option] = ResultMessage.read_type(io.BytesIO(option), {})
    return drivers[option]


class Type:
    """What all types have. `option` is how the protocol says it, `class_name` how the name of a class does."""

    only_printed = False  # there is no text of it that is read

    def __init__(self, name, option, class_name):
        self.name, self.option, self.class_name = name, option, MARSHAL + class_name

    def json_key(self, rng, value):
        """As the key of an object: strings stay, of all else it is the JSON in a string."""
        text = self.json(rng, value)
        return text if text.startswith('"') else json_string(rng, text)

    def encode(self, value):
        """The bytes that the driver writes, and that text and JSON shall become."""
        return driver_type(self.option).serialize(self.to_driver(value), 4)

    def wire(self, value, written):
        """Bytes that a server may send: another form than is written, where there are several."""
        return written

    def decode(self, data):
        return self.from_driver(driver_type(self.option).from_binary(data, 4))


class Scalar(Type):
    bare_json = False  # JSON has it as a number, true or false

    def __init__(self, name, option, class_name):
        super().__init__(name, option if isinstance(option, bytes) else struct.pack(">H", option), class_name)

    def text(self, rng, value):
        """The bare text, as another program may write it."""
        raise NotImplementedError

    def literal(self, rng, value):
        """As CQL has it in a statement."""
        return self.text(rng, value)

    def top(self, rng, value):
        """As it stands alone."""
        return rng.choice((self.literal, self.text))(rng, value)

    def json(self, rng, value):
        text = self.text(rng, value)
        return text if self.bare_json and rng.randrange(8) else json_string(rng, text)

    def read(self, text):
        raise NotImplementedError

    def read_top(self, text):
        return self.read(text)

    def read_literal(self, cursor):
        return self.read(cursor.bare())

    def read_json(self, found):
        expect(type(found), Number if self.bare_json else str)
        return self.read(found)

    def read_key(self, text):
        return self.read(text)

    def to_driver(self, value):
        return value

    def from_driver(self, value):
        return value

    def norm(self, value):
        return value


class Quoted(Scalar):
    """Its literal stands in single quotes."""

    def literal(self, rng, value):
        return "'" + self.text(rng, value).replace("'", "''") + "'"

    def read_literal(self, cursor):
        return self.read(cursor.quoted())


class Integer(Scalar):
    bare_json = True

    def __init__(self, name, option, class_name, bits):
        super().__init__(name, option, class_name)
        self.bits = bits

    def random(self, rng):
        bits = self.bits if self.bits else rng.choice((8, 16, 64, 65, 128, 2400))
        return integer(rng, -(1 << bits - 1), (1 << bits - 1) - 1)

    def text(self, rng, value):
        return str(value)

    def read(self, text):
        expect(text, str(int(text)))
        return int(text)


class Decimal(Scalar):
    """A value is (unscaled, scale). Scales of -1 to -100 are written out as zeros: they come back as 0."""

    bare_json = True

    def __init__(self):
        super().__init__("decimal", 0x06, "DecimalType")

    def random(self, rng):
        bits = rng.choice((8, 64, 128, 1000))
        scale = integer(rng, *rng.choice(((-5, 30), (-110, 110), (-(2**31), 2**31 - 1))))
        return integer(rng, -(1 << bits - 1), (1 << bits - 1) - 1), scale

    def text(self, rng, value):
        unscaled, scale = value
        if 0 <= scale <= 200 and rng.randrange(2):
            return f"{self.to_driver(value):f}"
        return f"{unscaled}{rng.choice('eE')}{rng.choice(('+', '')) if scale <= 0 else ''}{-scale}"

    def read(self, text):
        value = decimal.Decimal(text)
        expect("E" not in text, abs(value.as_tuple().exponent) <= 100)
        return self.from_driver(value)

    def to_driver(self, value):
        unscaled, scale = value
        return decimal.Decimal((unscaled < 0, tuple(map(int, str(abs(unscaled)))), -scale))

    def from_driver(self, value):
        sign, digits, exponent = value.as_tuple()
        unscaled = int("".join(map(str, digits)))
        return -unscaled if sign else unscaled, -exponent

    def norm(self, value):
        unscaled, scale = value
        return value if scale >= 0 or scale < -100 else (unscaled * 10**-scale, 0)


class Float(Scalar):
    """A value is a float that the type has; norm() tells 0.0 from -0.0, and has one NaN."""

    bare_json = True
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

    def __init__(self, name, option, class_name, pack, bits):
        super().__init__(name, option, class_name)
        self.pack, self.bits = pack, bits

    def from_bits(self, bits):
        return struct.unpack(self.pack[0], struct.pack(self.pack[1], bits))[0]

    def to_bits(self, value):
        return struct.unpack(self.pack[1], struct.pack(self.pack[0], value))[0]

    def random(self, rng):
        kind = rng.randrange(8)
        top = 1 << self.bits - 1  # the bit of the sign
        infinite = self.to_bits(float("inf"))
        if kind == 0:  # the edges: zeros, smallest, largest, infinite, NaN
            return rng.choice((1, -1)) * self.from_bits(
                rng.choice((0, 1, 2, infinite - 1, infinite, infinite | infinite >> 1)))
        if kind == 1:  # denormals
            return self.from_bits(rng.getrandbits(rng.randint(1, self.bits // 2 - 1)) | rng.choice((0, top)))
        if kind == 2:  # powers of two, below which values lie closer than above
            return self.from_bits(rng.randrange(infinite) & infinite) * rng.choice((1, -1))
        if kind == 3:  # what people write
            return self.from_bits(self.to_bits(rng.randint(-99999, 99999) / 10 ** rng.randint(0, 5)))
        return self.from_bits(rng.getrandbits(self.bits))

    def interval(self, value):
        """The texts between these, and these when `even`, are read as this value, which is above 0."""
        bits = self.to_bits(value)
        exact = decimal.Decimal(value)
        below = decimal.Decimal(self.from_bits(bits - 1))
        above = decimal.Decimal(self.from_bits(bits + 1))
        if above.is_infinite():
            above = exact + (exact - below)
        return (below + exact) / 2, (exact + above) / 2, bits % 2 == 0

    def text(self, rng, value):
        if value != value or abs(value) == float("inf"):
            return self.names[repr(value)]
        kind = rng.randrange(5)
        if kind == 0 and value:  # as near to the next value as it can be
            low, high, even = self.interval(abs(value))
            nudge = 0 if even else decimal.Decimal((0, (1,), high.adjusted() - 19 * self.bits))
            return ("-" if value < 0 else "") + str(rng.choice((low + nudge, high - nudge)))
        if kind == 1:
            return str(decimal.Decimal(value))  # every digit it has
        if kind == 2:
            return f"{value:.{rng.randint(16, 30)}{rng.choice('eE')}}"
        if kind == 3 and value.is_integer() and 0 < abs(value) < 1e15:
            return str(int(value))
        return repr(value)

    def read(self, text):
        if text in self.names.values():
            return float(text)
        value = self.from_bits(self.to_bits(float(text)))
        expect(text, repr(float(text)))  # its layout, and for a double that it is the shortest
        if self.bits == 32 and value:
            self.expect_shortest(text, abs(value))
        return value

    def expect_shortest(self, text, value):
        """Python has no repr of 32 bits: no text of fewer digits means this value, and none of as many is nearer."""
        exact, (low, high, even) = decimal.Decimal(value), self.interval(value)
        found = abs(decimal.Decimal(text))

        def neighbours(digits):
            step = decimal.Decimal((0, (1,), exact.adjusted() - digits + 1))
            down = exact.quantize(step, decimal.ROUND_FLOOR)
            return [d for d in (down, down + step) if low < d < high or (even and d in (low, high))]

        digits = len(found.normalize().as_tuple().digits)
        if digits > 1:
            expect(neighbours(digits - 1), [])
        expect(abs(found - exact), min(abs(d - exact) for d in neighbours(digits)))

    def json(self, rng, value):
        text = self.text(rng, value)
        return f'"{text}"' if text in self.names.values() or rng.randrange(8) == 0 else text

    def read_json(self, found):
        expect(type(found), str if found in self.names.values() else Number)
        return self.read(found)

    def wire(self, value, written):
        return struct.pack(self.pack[0], value)  # of the NaNs not only the one

    def to_driver(self, value):
        return float("nan") if value != value else value

    def norm(self, value):
        return repr(value)


class Boolean(Scalar):
    bare_json = True

    def __init__(self):
        super().__init__("boolean", 0x04, "BooleanType")

    def random(self, rng):
        return rng.random() < 0.5

    def text(self, rng, value):
        return str(value).lower()

    def literal(self, rng, value):
        return rng.choice((str.lower, str.upper, str.title))(str(value))

    def read(self, text):
        return {"true": True, "false": False}[text]

    def read_json(self, found):
        expect(type(found), bool)
        return found


class Text(Quoted):
    """Alone its text is as it stands, with quotes or without."""

    def __init__(self, name, option, class_name, last):
        super().__init__(name, option, class_name)
        self.last = last

    def random(self, rng):
        return "".join(self.character(rng) for _ in range(rng.choice((0, 1, 3, 10, 40))))

    def character(self, rng):
        kind = rng.randrange(4)
        if kind == 0:
            return rng.choice("'\"\\/,:;()[]{} \0\n\r\t\b\f\x1b\x7f")
        if kind == 1 or self.last < 0x80:
            return chr(rng.randrange(0x80))
        code = rng.randrange(rng.choice((0x800, 0x10000, self.last + 1)))
        return chr(code - 0x800 if 0xD800 <= code < 0xE000 else code)

    def text(self, rng, value):
        return value

    def top(self, rng, value):
        return value

    def read(self, text):
        return text


class Blob(Scalar):
    def __init__(self, name="blob", option=0x03, sizes=(0, 1, 2, 16, 100)):
        super().__init__(name, option, "BytesType")
        self.sizes = sizes

    def random(self, rng):
        return rng.randbytes(rng.choice(self.sizes))

    def text(self, rng, value):
        return "0x" + rng.choice((str.lower, str.upper))(value.hex())

    def read(self, text):
        expect(text, "0x" + bytes.fromhex(text[2:]).hex())
        return bytes.fromhex(text[2:])

    def from_driver(self, value):
        return value or b""  # of a class that it doesn't know, the driver gives no bytes as None


class Uuid(Scalar):
    def random(self, rng):
        return uuid.UUID(bytes=rng.randbytes(16), version=1 if self.name == "timeuuid" else rng.choice((None, 4, 5)))

    def text(self, rng, value):
        return rng.choice((str.lower, str.upper))(str(value))

    def read(self, text):
        expect(text, str(uuid.UUID(text)))
        return uuid.UUID(text)


class Inet(Quoted):
    """A value is the bytes of an address."""

    def __init__(self):
        super().__init__("inet", 0x10, "InetAddressType")

    def random(self, rng):
        kind = rng.randrange(4)
        if kind == 0:
            return rng.randbytes(4)
        if kind == 1:
            return rng.choice((bytes(12), bytes(10) + b"\xff\xff", b"\0d\xff\x9b" + bytes(8))) + rng.randbytes(4)
        return b"".join(rng.choice((bytes(2), rng.randbytes(2), b"\0" + rng.randbytes(1))) for _ in range(8))

    def text(self, rng, value):
        if len(value) == 4:
            return ".".join(map(str, value))
        groups = [f"{group:{rng.choice(('x', 'X', '04x'))}}" for group in struct.unpack(">8H", value)]
        kind = rng.randrange(4)
        if kind == 0:
            return ":".join(groups)
        if kind == 1:
            return ":".join(groups[:6]) + ":" + ".".join(map(str, value[12:]))
        return str(socket.inet_ntop(socket.AF_INET6, value))

    def read(self, text):
        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        expect(text, socket.inet_ntop(family, socket.inet_pton(family, text)))
        return socket.inet_pton(family, text)

    def to_driver(self, value):
        return socket.inet_ntop(socket.AF_INET if len(value) == 4 else socket.AF_INET6, value)

    def from_driver(self, value):
        return socket.inet_pton(socket.AF_INET6 if ":" in value else socket.AF_INET, value)
