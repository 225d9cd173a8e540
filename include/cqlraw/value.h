/*
 * value.h - CQL types, and values between their bytes on the wire, C and text.
 *
 * A type is a tree of nodes that lives in the object it came with (columns of a result, markers of
 * a prepared statement). A value is a view of bytes (struct cqlr_value): NULL, empty (0 bytes) and
 * a value of some length are three different things for every type (native_protocol_v4.spec section
 * 6).
 */
#ifndef CQLRAW_VALUE_H
#define CQLRAW_VALUE_H

#include <cqlraw/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Option ids of native_protocol_v4.spec section 4.2.5.2. TEXT (0x0A, a legacy id) is read as
 * VARCHAR. DURATION has no id in v4: it arrives as a custom class, and as 0x15 from others; both
 * are read as DURATION. VECTOR has none in any version and always arrives as a custom class; its
 * number is this library's own.
 */
enum cqlr_type_id {
    CQLR_TYPE_CUSTOM = 0x00,
    CQLR_TYPE_ASCII = 0x01,
    CQLR_TYPE_BIGINT = 0x02,
    CQLR_TYPE_BLOB = 0x03,
    CQLR_TYPE_BOOLEAN = 0x04,
    CQLR_TYPE_COUNTER = 0x05,
    CQLR_TYPE_DECIMAL = 0x06,
    CQLR_TYPE_DOUBLE = 0x07,
    CQLR_TYPE_FLOAT = 0x08,
    CQLR_TYPE_INT = 0x09,
    CQLR_TYPE_TIMESTAMP = 0x0B,
    CQLR_TYPE_UUID = 0x0C,
    CQLR_TYPE_VARCHAR = 0x0D,
    CQLR_TYPE_VARINT = 0x0E,
    CQLR_TYPE_TIMEUUID = 0x0F,
    CQLR_TYPE_INET = 0x10,
    CQLR_TYPE_DATE = 0x11,
    CQLR_TYPE_TIME = 0x12,
    CQLR_TYPE_SMALLINT = 0x13,
    CQLR_TYPE_TINYINT = 0x14,
    CQLR_TYPE_DURATION = 0x15,
    CQLR_TYPE_LIST = 0x20,
    CQLR_TYPE_MAP = 0x21,
    CQLR_TYPE_SET = 0x22,
    CQLR_TYPE_UDT = 0x30,
    CQLR_TYPE_TUPLE = 0x31,
    CQLR_TYPE_VECTOR = 0x10000
};

#define CQLR_TYPE_DEPTH 64 /* deeper nesting is refused */

/* A node of a type. Everything it points to lives as long as the object the type came with. */
struct cqlr_type {
    enum cqlr_type_id id;
    uint32_t count; /* sub types: list, set and vector 1, map 2 (key, value), tuple and UDT n, else
                       0 */
    uint32_t dimension;           /* VECTOR: elements of each value, at least 1 */
    const struct cqlr_type *sub;  /* count of them */
    const struct cqlr_str *field; /* UDT: the names of the fields, count of them; else NULL */
    struct cqlr_str keyspace;     /* UDT */
    struct cqlr_str name;         /* UDT: its name; CUSTOM: the class name with its parameters */
};

/*
 * [option]: reads a type; nodes and copies of its names come from the arena. Unknown option ids are
 * an error (their length is unknown). Returns 0 or r->rc. With a NULL arena the option is only
 * walked and checked, *t is left as it was.
 *
 * The class name of a custom type is read too: the server's own classes, with and without their
 * package, become the types that they are, FrozenType and ReversedType what they wrap. Everything
 * else is kept as CUSTOM, whose values are bytes: classes of others, what is no class name, what
 * nests too deep, vectors of no dimension or of more bytes than a value can have. An unknown class
 * within a known one is a sub type CUSTOM, but in a vector, whose layout it hides: the vector is
 * CUSTOM then. CompositeType and DynamicCompositeType are CUSTOM as well: CQL has no name for them,
 * and as 0x, which servers read too, they come back byte for byte, end-of-component bytes included.
 */
CQLR_API CQLR_MUST_USE int cqlr_type_read(struct cqlr_rd *r, struct cqlr_arena *a,
                                          struct cqlr_type *t);
/* The same as [option]; DURATION and VECTOR are written as v4 servers do, as custom class. */
CQLR_API void cqlr_type_write(struct cqlr_wr *w, const struct cqlr_type *t);

/* The type as CQL writes it, without frozen: "map<text, list<int>>", "vector<float, 3>", a UDT's
 * name without its keyspace, a custom class in single quotes. */
CQLR_API void cqlr_type_print(struct cqlr_wr *w, const struct cqlr_type *t);

/*
 * Value → C. 0, or CQLR_E_TYPE when the value is null, empty or of the wrong width; *out is then
 * untouched. No conversion between types is made: ask for what the column is.
 */
CQLR_API CQLR_MUST_USE int cqlr_value_tinyint(struct cqlr_value v, int8_t *out);
CQLR_API CQLR_MUST_USE int cqlr_value_smallint(struct cqlr_value v, int16_t *out);
CQLR_API CQLR_MUST_USE int cqlr_value_int(struct cqlr_value v, int32_t *out);
CQLR_API CQLR_MUST_USE int
cqlr_value_bigint(struct cqlr_value v, int64_t *out); /* also counter, timestamp (ms), time (ns) */
CQLR_API CQLR_MUST_USE int cqlr_value_boolean(struct cqlr_value v, bool *out);
CQLR_API CQLR_MUST_USE int cqlr_value_float(struct cqlr_value v, float *out);
CQLR_API CQLR_MUST_USE int cqlr_value_double(struct cqlr_value v, double *out);
CQLR_API CQLR_MUST_USE int cqlr_value_date(struct cqlr_value v,
                                           int64_t *days); /* days since 1970-01-01 */

/* Duration: three vints and nothing behind them. Months, days and nanoseconds have one sign. */
struct cqlr_duration {
    int32_t months;
    int32_t days;
    int64_t nanos;
};
CQLR_API CQLR_MUST_USE int cqlr_value_duration(struct cqlr_value v, struct cqlr_duration *out);

/*
 * The elements of a list, set, map (2 per entry: key, value), tuple, UDT or vector. Start with
 * cqlr_elements_init, then cqlr_elements_next gives 1 and an element with its type, 0 at the end,
 * or a negative code with the reason in err. A tuple or UDT may carry fewer values than its type
 * has: the rest are given as null; more are an error. A vector has as many elements as its type
 * says and no nulls: of boolean, int, bigint, float, double, timestamp, uuid, timeuuid and vectors
 * of them one behind the other, of other types each behind its length as an unsigned vint.
 */
struct cqlr_elements {
    struct cqlr_rd rd;
    const struct cqlr_type *type;
    uint32_t count; /* elements in all */
    uint32_t i;     /* next one */
    uint32_t width; /* bytes of each, when no length stands in front of it; else 0 */
};
CQLR_API CQLR_MUST_USE int cqlr_elements_init(struct cqlr_elements *e, const struct cqlr_type *t,
                                              struct cqlr_value v, struct cqlr_err *err);
CQLR_API CQLR_MUST_USE int cqlr_elements_next(struct cqlr_elements *e, struct cqlr_value *v,
                                              const struct cqlr_type **t);

/* How a value is written as text. */
enum cqlr_text_style {
    CQLR_TEXT,    /* as cqlsh shows it: text as it is, dates and numbers bare; inside collections as
                     literals */
    CQLR_LITERAL, /* a CQL literal that can stand in a statement: text, dates, times, inet quoted
                     with ' */
    CQLR_JSON /* JSON: numbers bare (NaN and infinities as strings), blob "0x…", collections as
                 arrays and objects, text escaped, always valid UTF-8 */
};

/*
 * Value → text, appended to w. Numbers are exact, and nothing depends on the locale.
 *
 * - null is "null"; for CQLR_TEXT at top level nothing is written, the caller decides how it looks.
 * - Empty (0 bytes) is nothing in CQLR_TEXT, '' in CQLR_LITERAL and "" in JSON; a blob is 0x then.
 * - float and double: the fewest digits that read back equal, in the layout of Python's repr: 1.5,
 *   1e+100, -0.0; NaN, Infinity, -Infinity, which are strings in JSON.
 * - decimal: every digit of its scale, 1.20, 0.001, 1200; with an exponent when |scale| > 100:
 *   1.23E+105. A varint, or the integer of a decimal, of more than 16,384 bytes is 0x and the
 *   bytes of the value, a string in JSON: changing the base would take too long.
 * - timestamp 2024-02-29T12:34:56.789Z, date 2024-02-29; years outside 0..9999 carry a sign. time
 *   12:34:56.000000000; one outside the day, which servers let through, is its number.
 * - duration 1y2mo3d1h30m5s1ms2us3ns: parts that are 0 left out, one - in front of it all; 0ns.
 * - inet as RFC 5952 says, with ::ffff:1.2.3.4 and ::1.2.3.4.
 *   uuid in lower case. blob and CUSTOM 0x00ff.
 * - sets {1, 2}, maps {'a': 1}, lists and vectors [1, 2], tuples (1, null), UDTs {field: 1}; a
 *   name that is reserved or not [a-z][a-z0-9_]* stands in double quotes.
 * - JSON: lists, sets, vectors and tuples are arrays, maps and UDTs objects in the order of the
 *   value; a key that is no string is its JSON text as a string, and counts as 8 levels of nesting,
 *   so that no value of a few bytes has a text of gigabytes. What is not UTF-8 becomes U+FFFD.
 *
 * Text and ascii are not checked here in the other styles: they are the bytes that the server sent.
 * Returns 0, or CQLR_E_TYPE or CQLR_E_PROTO when the bytes don't fit the type, or w's error; the
 * reason is in err, and w->n is as before the call.
 */
CQLR_API CQLR_MUST_USE int cqlr_value_print(struct cqlr_wr *w, const struct cqlr_type *t,
                                            struct cqlr_value v, enum cqlr_text_style style,
                                            struct cqlr_err *err);

/*
 * Text → value, the bytes without a length in front, appended to w. For text, varchar and ascii
 * every byte counts as it stands, and must be UTF-8 or ASCII. For the others blanks around the text
 * don't count, a scalar may stand in single quotes, and what cqlr_value_print writes in CQLR_TEXT
 * and CQLR_LITERAL is read back, but for a time outside the day. Also:
 *
 * - timestamp: [+-]YYYY-M-D, then [T or blank]H:M[:S[.fraction]], then Z, UTC, GMT, +HH, +HHMM or
 *   +HH:MM; without a zone it is UTC. Or a whole number of ms. time: H:M[:S[.fraction]], or ns.
 * - duration: 1y2mo3w4d5h6m7s8ms9us10ns, each unit once and in this order, or P1Y2M3W4DT5H6M7S.
 * - float, double: also inf; decimal: 1.5, .5, 15E-1; varint up to 39,457 digits.
 * - tuples may be short. Fields of a UDT stand in any order, those that are not there are null.
 *   Within tuples and UDTs null is null, within lists, sets, maps and vectors it is refused.
 * - A vector has exactly the elements that its type says.
 * - "" and '' are the empty value of types that have one.
 *
 * What would lose something is refused: a fraction finer than the type, a number too large for it.
 * Returns 0, or CQLR_E_TYPE with one line in err ("'4x' is not an int"), or w's error; w->n is then
 * as before the call.
 */
CQLR_API CQLR_MUST_USE int cqlr_value_parse(struct cqlr_wr *w, const struct cqlr_type *t,
                                            struct cqlr_str text, struct cqlr_err *err);

/*
 * JSON → value, the bytes without a length in front, appended to w: what cqlr_value_print writes in
 * CQLR_JSON is read back, but for a time outside the day, and what a person would write: numbers
 * for numeric types and for timestamp in ms (as the text they are, so no digit is lost), strings
 * for every scalar type by cqlr_value_parse (blob "0x...", dates, uuids, numbers too), true and
 * false, arrays for lists, sets, vectors, and tuples, which may be short, objects for maps (keys as
 * JSON text in strings when they are no strings) and UDTs, whose fields stand in any order, once;
 * those that are not there are null. "" is the empty value of types that have one. `json` is one
 * value with nothing but blanks around; null is for the caller to look for before, and refused
 * here. Returns 0, or CQLR_E_TYPE with one line in err, or w's error; w->n is then as before the
 * call.
 */
CQLR_API CQLR_MUST_USE int cqlr_value_from_json(struct cqlr_wr *w, const struct cqlr_type *t,
                                                struct cqlr_str json, struct cqlr_err *err);

/*
 * An integer as a value of a type that holds one (tinyint … bigint, varint, counter, and float,
 * double, decimal where exact; varchar and ascii as decimal text; date as days, timestamp as ms,
 * time as ns), appended to w without a length. Returns 0 or CQLR_E_TYPE with the reason in err (out
 * of range, or no such conversion).
 */
CQLR_API CQLR_MUST_USE int cqlr_value_from_int(struct cqlr_wr *w, const struct cqlr_type *t,
                                               int64_t n, struct cqlr_err *err);

/* Proleptic Gregorian calendar without libc: days since 1970-01-01 of a date, and back; any int64
 * year that fits. */
CQLR_API int64_t cqlr_days_from_date(int64_t year, unsigned month, unsigned day);
CQLR_API void cqlr_date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#ifdef __cplusplus
}
#endif
#endif
