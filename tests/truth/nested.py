"""The types with sub types, in the way of scalars.py, and the reader of the literals that cqlraw writes."""

import json
import re
import struct

from cassandra import cqltypes

from scalars import MARSHAL, Number, Type, expect, json_string, string

cqltypes.SetType.adapter = list  # the driver's own reorders a set, and takes 0.0 and -0.0 for one

BLANKS = ("", "", "", " ", "\n\t ")  # where there may be some
RESERVED = ("from", "null", "nan", "select")  # some of the words that are no name without quotes
FIELDS = ("a", "b_2", "some_field", "Name", "x y", 'q"q', "it's", "1st", "_under", "a:b,c}", *RESERVED)
BEYOND_ASCII = ("größe", "名前", "😀")  # which the driver can't read in a class name


class Cursor:
    """A place in a literal that is read from its front. Blanks stand nowhere but behind ',' and ':'."""

    bare_text = re.compile(r"[^\s,:()\[\]{}'\"]+")
    quoted_text = re.compile(r"'((?:[^']|'')*)'")
    name_text = re.compile(r'([a-z][a-z0-9_]*)|"((?:[^"]|"")*)"')

    def __init__(self, text):
        self.text, self.at = text, 0

    def take(self, text):
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def skip(self, text):
        expect(self.text[self.at : self.at + len(text)], text)
        self.at += len(text)

    def match(self, pattern):
        found = pattern.match(self.text, self.at)
        if not found:
            raise ValueError(f"{self.text[self.at :]!r} does not begin with {pattern.pattern}")
        self.at = found.end()
        return found

    def bare(self):
        return self.match(self.bare_text)[0]

    def quoted(self):
        return self.match(self.quoted_text)[1].replace("''", "'")

    def name(self):
        plain, quoted = self.match(self.name_text).groups()
        expect(plain in RESERVED, False)
        return plain or quoted.replace('""', '"')

    def nullable(self, type_):
        return None if self.take("null") else type_.read_literal(self)

    def items(self, brackets, read):
        """What read() gives for all that stands between the brackets."""
        self.skip(brackets[0])
        found = []
        while not self.take(brackets[1]):
            if found:
                self.skip(", ")
            found.append(read())
        return found


def read_literal_text(type_, text):
    cursor = Cursor(text)
    value = type_.read_literal(cursor)
    expect(text[cursor.at :], "")
    return value


class Pairs(list):
    """The entries of a map, for the driver, or of an object of JSON."""

    def items(self):
        return self


def no_constant(word):
    raise ValueError(f"{word} is no JSON")


def read_json_text(text):
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=no_constant, object_pairs_hook=Pairs)


def joined(rng, brackets, items):
    before, behind = rng.choice(BLANKS), rng.choice(BLANKS)
    return brackets[0] + before + f"{behind},{before}".join(items) + behind + brackets[1]


def entry(rng, key, value):
    return key + rng.choice(BLANKS) + ":" + rng.choice(BLANKS) + value


def literal_or_null(rng, type_, value):
    return rng.choice(("null", "NULL")) if value is None else type_.literal(rng, value)


def json_or_null(rng, type_, value):
    return "null" if value is None else type_.json(rng, value)


def distinct(type_, values):
    return list({repr(type_.norm(value)): value for value in values}.values())


class Nested(Type):
    """A value is a list; with_types() says of what."""

    literal_brackets, json_brackets = "[]", "[]"

    def __init__(self, name, option, class_name, subs, front=b""):
        self.subs = subs
        super().__init__(f"{name}<{', '.join(sub.name for sub in subs)}>",
                         struct.pack(">H", option) + front + b"".join(sub.option for sub in subs),
                         f"FrozenType({MARSHAL}{class_name}({','.join(sub.class_name for sub in subs)}))")

    def with_types(self, value):
        return zip(self.subs, value)

    def top(self, rng, value):
        return rng.choice(BLANKS) + self.literal(rng, value) + rng.choice(BLANKS)

    def literal(self, rng, value):
        return joined(rng, self.literal_brackets, [literal_or_null(rng, t, v) for t, v in self.with_types(value)])

    def json(self, rng, value):
        return joined(rng, self.json_brackets, [json_or_null(rng, t, v) for t, v in self.with_types(value)])

    def read_top(self, text):
        return read_literal_text(self, text)

    def read_key(self, text):
        return self.read_json(read_json_text(text))

    def to_driver(self, value):
        return [v if v is None else t.to_driver(v) for t, v in self.with_types(value)]

    def from_driver(self, value):
        return [v if v is None else t.from_driver(v) for t, v in self.with_types(value)]

    def norm(self, value):
        return [v if v is None else t.norm(v) for t, v in self.with_types(value)]


class List(Nested):
    def __init__(self, sub, name="list", option=0x20, class_name="ListType"):
        super().__init__(name, option, class_name, [sub])

    def with_types(self, value):
        return ((self.subs[0], v) for v in value)

    def random(self, rng):
        return [self.subs[0].random(rng) for _ in range(rng.randrange(4))]

    def read_literal(self, cursor):
        return cursor.items(self.literal_brackets, lambda: self.subs[0].read_literal(cursor))

    def read_json(self, found):
        expect(type(found), list)
        return [self.subs[0].read_json(item) for item in found]


class Set(List):
    literal_brackets = "{}"

    def __init__(self, sub):
        super().__init__(sub, "set", 0x22, "SetType")

    def random(self, rng):
        return distinct(self.subs[0], super().random(rng))


class Map(Nested):
    """A value is a list of pairs."""

    def __init__(self, key, value):
        super().__init__("map", 0x21, "MapType", [key, value])

    def random(self, rng):
        key, val = self.subs
        return [(k, val.random(rng)) for k in distinct(key, [key.random(rng) for _ in range(rng.randrange(4))])]

    def literal(self, rng, value):
        key, val = self.subs
        return joined(rng, "{}", [entry(rng, key.literal(rng, k), val.literal(rng, v)) for k, v in value])

    def json(self, rng, value):
        key, val = self.subs
        return joined(rng, "{}", [entry(rng, key.json_key(rng, k), val.json(rng, v)) for k, v in value])

    def read_literal(self, cursor):
        def pair():
            key = self.subs[0].read_literal(cursor)
            cursor.skip(": ")
            return key, self.subs[1].read_literal(cursor)

        return cursor.items("{}", pair)

    def read_json(self, found):
        expect(type(found), Pairs)
        return [(self.subs[0].read_key(k), self.subs[1].read_json(v)) for k, v in found]

    def to_driver(self, value):
        return Pairs((self.subs[0].to_driver(k), self.subs[1].to_driver(v)) for k, v in value)

    def from_driver(self, value):
        # Its items() looks each key up by the bytes it would write itself, which those of a short tuple are not.
        return [(self.subs[0].from_driver(k), self.subs[1].from_driver(v)) for k, v in value._items]

    def norm(self, value):
        return [(self.subs[0].norm(k), self.subs[1].norm(v)) for k, v in value]


class Tuple(Nested):
    """A value may be short, and has None where it is null. What is read has all that the type has."""

    literal_brackets = "()"

    def __init__(self, subs):
        super().__init__("tuple", 0x31, "TupleType", subs, struct.pack(">H", len(subs)))

    def random(self, rng):
        count = rng.choice((len(self.subs), len(self.subs), rng.randint(1, len(self.subs))))
        return [sub.random(rng) if rng.randrange(5) else None for sub in self.subs[:count]]

    def read_literal(self, cursor):
        subs = iter(self.subs)
        return self.whole(cursor.items("()", lambda: cursor.nullable(next(subs))))

    def read_json(self, found):
        expect(type(found), list)
        return self.whole([v if v is None else t.read_json(v) for t, v in self.with_types(found)])

    def whole(self, value):
        expect(len(value), len(self.subs))
        return value

    def norm(self, value):
        return super().norm(value) + [None] * (len(self.subs) - len(value))


class Udt(Tuple):
    """Written with its fields in any order, and those that are null left out or not."""

    def __init__(self, fields, subs):
        # The driver takes a name whose hex has no letter for a number, so this one's has some.
        name, keyspace = "some_type", "some_keyspace"
        pairs = list(zip(fields, subs))
        self.fields, self.subs = fields, subs
        hexed = "".join(f",{field.encode().hex()}:{sub.class_name}" for field, sub in pairs)
        Type.__init__(self, f"{name}<{', '.join(f'{field!r}: {sub.name}' for field, sub in pairs)}>",
                      struct.pack(">H", 0x30) + string(keyspace) + string(name) + struct.pack(">H", len(subs))
                      + b"".join(string(field) + sub.option for field, sub in pairs),
                      f"FrozenType({MARSHAL}UserType({keyspace},{name.encode().hex()}{hexed}))")

    def shuffled(self, rng, value):
        found = [(field, sub, v) for field, sub, v in zip(self.fields, self.subs, value)
                 if v is not None or rng.randrange(2)]
        return rng.sample(found, len(found)) if rng.randrange(2) else found

    def literal(self, rng, value):
        return joined(rng, "{}", [entry(rng, name_literal(rng, field), literal_or_null(rng, sub, v))
                                  for field, sub, v in self.shuffled(rng, value)])

    def json(self, rng, value):
        return joined(rng, "{}", [entry(rng, json_string(rng, field), json_or_null(rng, sub, v))
                                  for field, sub, v in self.shuffled(rng, value)])

    def read_literal(self, cursor):
        subs = iter(self.subs)

        def field():
            name = cursor.name()
            cursor.skip(": ")
            return name, cursor.nullable(next(subs))

        return self.of_fields(cursor.items("{}", field))

    def read_json(self, found):
        expect(type(found), Pairs)
        return self.of_fields([(k, v if v is None else t.read_json(v)) for t, (k, v) in zip(self.subs, found)])

    def of_fields(self, found):
        expect([name for name, _ in found], list(self.fields))
        return [value for _, value in found]

    def wire(self, value, written):
        missing = len(self.subs) - len(value)  # the driver writes all fields
        return written[: -4 * missing or None]

    def to_driver(self, value):
        return super().to_driver(value) + [None] * (len(self.subs) - len(value))


class Vector(List):
    """It has no option of its own in v4: it comes as the name of a class."""

    def __init__(self, sub, count):
        class_name = f"VectorType({sub.class_name} , {count})"
        Type.__init__(self, f"vector<{sub.name}, {count}>", b"\0\0" + string(MARSHAL + class_name), class_name)
        self.subs, self.count = [sub], count

    def random(self, rng):
        return [self.subs[0].random(rng) for _ in range(self.count)]

    def read_literal(self, cursor):
        return self.whole(super().read_literal(cursor))

    def read_json(self, found):
        return self.whole(super().read_json(found))

    def whole(self, value):
        expect(len(value), self.count)
        return value


def name_literal(rng, name):
    if re.fullmatch("[a-z][a-z0-9_]*", name) and name not in RESERVED and rng.randrange(4):
        return rng.choice((name, name.upper()))
    return '"' + name.replace('"', '""') + '"'
