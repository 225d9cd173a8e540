"""Dates, times and durations, in the way of scalars.py; their years may be those that Python has no dates for."""

import datetime
import re
import struct

from cassandra import util

from scalars import MARSHAL, Quoted, Scalar, expect, integer, string

DAY_MS = 86_400_000
DAY_NS = 86_400_000_000_000
EPOCH = datetime.datetime(1970, 1, 1)
EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()
ERA_DAYS, ERA_YEARS = 146_097, 400  # the Gregorian calendar repeats itself after an era
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999  # of the years 1 to 9999, which the driver has


def date_text(days):
    """Python's dates are those of the years 1 to 9999: its first 400 are asked for all of them."""
    eras, day = divmod(days + EPOCH_ORDINAL - 1, ERA_DAYS)
    date = datetime.date.fromordinal(day + 1)
    return f"{year_text(date.year + eras * ERA_YEARS)}-{date.month:02}-{date.day:02}"


def year_text(year):
    return f"{year:04}" if 0 <= year <= 9999 else f"{'-' if year < 0 else '+'}{abs(year):04}"


def read_date(text):
    year, month, day = re.fullmatch(r"([+-]?\d{4,})-(\d\d)-(\d\d)", text).groups()
    expect(year, year_text(int(year)))
    eras, year = divmod(int(year) - 1, ERA_YEARS)
    return datetime.date(year + 1, int(month), int(day)).toordinal() - EPOCH_ORDINAL + eras * ERA_DAYS


def clock_text(ns, digits):
    """With at least as many digits of a second as are asked for, and all that count."""
    seconds, rest = divmod(ns, 10**9)
    fraction = f"{rest:09}".rstrip("0").ljust(digits, "0")
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + ("." + fraction if fraction else "")


def read_clock(text, digits):
    hours, minutes, seconds, fraction = re.fullmatch(r"(\d\d):(\d\d):(\d\d)\.(\d+)", text).groups()
    expect((len(fraction), int(hours) < 24, int(minutes) < 60, int(seconds) < 60), (digits, True, True, True))
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 10**9 + int(fraction.ljust(9, "0"))


class Date(Quoted):
    """A value is the number of days since 1970-01-01."""

    def __init__(self):
        super().__init__("date", 0x11, "SimpleDateType")

    def random(self, rng):
        if rng.randrange(4) == 0:  # where the rule of leap years shows
            year = integer(rng, -58774, 58814) * 100
            return read_date(f"{year_text(year)}-{rng.choice(('02-28', '03-01', '12-31', '01-01'))}")
        return integer(rng, *rng.choice(((-(2**31), 2**31 - 1), (-800_000, 3_000_000), (-40_000, 40_000))))

    def text(self, rng, value):
        return date_text(value)

    def read(self, text):
        return read_date(text)

    def to_driver(self, value):
        return util.Date(value)

    def from_driver(self, value):
        return value.days_from_epoch


class Time(Quoted):
    """A value is ns since midnight."""

    def __init__(self):
        super().__init__("time", 0x12, "TimeType")

    def random(self, rng):
        step = rng.choice((1, 1000, 10**6, 10**9, 60 * 10**9))
        return integer(rng, 0, DAY_NS // step - 1) * step

    def text(self, rng, value):
        return str(value) if rng.randrange(8) == 0 else clock_text(value, rng.choice((0, 3, 9)))

    def read(self, text):
        return read_clock(text, 9)

    def to_driver(self, value):
        return util.Time(value)

    def from_driver(self, value):
        return value.nanosecond_time


class TimeOutsideTheDay(Time):
    """Which servers let through. The driver has no such value, and no text is read as one."""

    only_printed = True

    def random(self, rng):
        return rng.choice((integer(rng, DAY_NS, 2**63 - 1), integer(rng, -(2**63), -1)))

    def read(self, text):
        expect(text, str(int(text)))
        return int(text)

    def encode(self, value):
        return struct.pack(">q", value)


class Timestamp(Quoted):
    """A value is ms since 1970. The driver reads those of the years 1 to 9999."""

    def __init__(self, low=FIRST_MS, high=LAST_MS):
        super().__init__("timestamp", 0x0B, "TimestampType")
        self.low, self.high = low, high

    def random(self, rng):
        step = rng.choice((1, 1, 1000, 60_000, DAY_MS))
        return integer(rng, -(-self.low // step), self.high // step) * step

    def text(self, rng, value):
        if rng.randrange(8) == 0:
            return str(value)
        minutes = rng.choice((0, 0, 60, -60, 330, -1080, 1080))
        days, rest = divmod(value + minutes * 60_000, DAY_MS)
        zone = ("-" if minutes < 0 else "+") + f"{abs(minutes) // 60:02}{rng.choice((':', ''))}{abs(minutes) % 60:02}"
        zone = zone if minutes else rng.choice(("Z", "z", "+0000", "-00:00", "UTC", "GMT"))
        clock = clock_text(rest * 10**6, rng.choice((0, 3)))
        return date_text(days) + rng.choice("T ") + (clock.removesuffix(":00") or clock) + zone

    def json(self, rng, value):
        return str(value) if rng.randrange(8) == 0 else super().json(rng, value)

    def read(self, text):
        date, clock = re.fullmatch(r"(.*)T(.*)Z", text).groups()
        return read_date(date) * DAY_MS + read_clock(clock, 3) // 10**6

    def decode(self, data):
        value, = struct.unpack(">q", data)
        return super().decode(data) if FIRST_MS <= value <= LAST_MS else value

    def from_driver(self, value):
        return round((value - EPOCH) / datetime.timedelta(milliseconds=1))  # it has a float of seconds in between


class Duration(Scalar):
    """A value is (months, days, ns) of one sign. It has no option of its own in v4, but some servers use one."""

    units = (("y", 0, 12), ("mo", 0, 1), ("w", 1, 7), ("d", 1, 1), ("h", 2, 3600 * 10**9), ("m", 2, 60 * 10**9),
             ("s", 2, 10**9), ("ms", 2, 10**6), ("us", 2, 1000), ("ns", 2, 1))
    pattern = re.compile("(-?)" + "".join(f"(?:([0-9]+){unit[0]})?" for unit in units))

    def __init__(self, option=b"\0\0" + string(MARSHAL + "DurationType")):
        super().__init__("duration", option, "DurationType")

    def random(self, rng):
        sizes = (rng.choice((0, integer(rng, 0, 2**31 - 1))), rng.choice((0, integer(rng, 0, 2**31 - 1))),
                 rng.choice((0, integer(rng, 0, 2**63 - 1))))
        edges = (2**31, 2**31, 2**63)  # which only the negative ones have
        if rng.randrange(2):
            return sizes
        return tuple(-rng.choice((size, edge) if rng.randrange(8) == 0 else (size,)) for size, edge in zip(sizes, edges))

    def text(self, rng, value):
        sign = "-" if min(value) < 0 else ""
        months, days, ns = map(abs, value)
        if ns % 10**9 == 0 and rng.randrange(2):
            seconds = ns // 10**9
            time = f"T{seconds // 3600}H{seconds // 60 % 60}M{seconds % 60}S" if seconds else ""
            return f"{sign}P{months // 12}Y{months % 12}M{days}D{time}"
        left, parts, weeks = [months, days, ns], [], rng.randrange(2)
        for name, part, size in self.units:
            count, rest = divmod(left[part], size)
            if count and (name != "w" or weeks):
                parts.append(f"{count}{rng.choice((str.lower, str.upper))(name)}")
                left[part] = rest
        return sign + "".join(parts) if parts else rng.choice(("0ns", "0s", "0d", "P0D"))

    def read(self, text):
        sign, *counts = self.pattern.fullmatch(text).groups()
        parts, limits = [0, 0, 0], {"mo": 12, "w": 1, "m": 60, "s": 60, "ms": 1000, "us": 1000, "ns": 1000}
        for count, (name, part, size) in zip(counts, self.units):
            expect(count is None or text == "0ns" or 0 < int(count) < limits.get(name, 2**64), True)
            parts[part] += int(count or 0) * size
        return tuple(-part if sign else part for part in parts)

    def to_driver(self, value):
        return util.Duration(*value)

    def from_driver(self, value):
        return value.months, value.days, value.nanoseconds
