/*
 * scalar.c - the table of the types without sub types: name, how it is printed and read, how its
 * text is dressed. To add a type, write its pair and add a row.
 *
 * empty_ok is what Cassandra's own validation says of a value of 0 bytes. fixed is what its classes
 * say of their length: tinyint, smallint, date, time and counter have one width too, but their
 * classes do not tell.
 */
#include <string.h>

#include "proto/val/val.h"

#define ROW(name, class_name, pair, quoted, number, empty_ok, fixed)                               \
    {                                                                                              \
        name, class_name, cqlr__##pair##_print, cqlr__##pair##_parse, quoted, number, empty_ok,    \
            fixed                                                                                  \
    }

static const struct cqlr__scalar rows[] = {
    /* name, class, pair, quoted, number, empty_ok, fixed */
    [CQLR_TYPE_CUSTOM] = ROW("custom", NULL, blob, false, false, true, 0),
    [CQLR_TYPE_ASCII] = ROW("ascii", "AsciiType", ascii, true, false, true, 0),
    [CQLR_TYPE_BIGINT] = ROW("bigint", "LongType", bigint, false, true, true, 8),
    [CQLR_TYPE_BLOB] = ROW("blob", "BytesType", blob, false, false, true, 0),
    [CQLR_TYPE_BOOLEAN] = ROW("boolean", "BooleanType", boolean, false, true, true, 1),
    [CQLR_TYPE_COUNTER] = ROW("counter", "CounterColumnType", bigint, false, true, true, 0),
    [CQLR_TYPE_DECIMAL] = ROW("decimal", "DecimalType", decimal, false, true, true, 0),
    [CQLR_TYPE_DOUBLE] = ROW("double", "DoubleType", double, false, true, true, 8),
    [CQLR_TYPE_FLOAT] = ROW("float", "FloatType", float, false, true, true, 4),
    [CQLR_TYPE_INT] = ROW("int", "Int32Type", int, false, true, true, 4),
    [CQLR_TYPE_TIMESTAMP] = ROW("timestamp", "TimestampType", timestamp, true, false, true, 8),
    [CQLR_TYPE_UUID] = ROW("uuid", "UUIDType", uuid, false, false, true, 16),
    [CQLR_TYPE_VARCHAR] = ROW("text", "UTF8Type", varchar, true, false, true, 0),
    [CQLR_TYPE_VARINT] = ROW("varint", "IntegerType", varint, false, true, true, 0),
    [CQLR_TYPE_TIMEUUID] = ROW("timeuuid", "TimeUUIDType", timeuuid, false, false, true, 16),
    [CQLR_TYPE_INET] = ROW("inet", "InetAddressType", inet, true, false, true, 0),
    [CQLR_TYPE_DATE] = ROW("date", "SimpleDateType", date, true, false, false, 0),
    [CQLR_TYPE_TIME] = ROW("time", "TimeType", time, true, false, false, 0),
    [CQLR_TYPE_SMALLINT] = ROW("smallint", "ShortType", smallint, false, true, false, 0),
    [CQLR_TYPE_TINYINT] = ROW("tinyint", "ByteType", tinyint, false, true, false, 0),
    [CQLR_TYPE_DURATION] = ROW("duration", "DurationType", duration, false, false, false, 0),
};

const struct cqlr__scalar *cqlr__scalar_get(enum cqlr_type_id id)
{
    unsigned i = (unsigned)id;
    return i < sizeof rows / sizeof rows[0] && rows[i].name ? &rows[i] : NULL;
}

enum cqlr_type_id cqlr__scalar_find(struct cqlr_str class_name)
{
    for (unsigned i = 1; i < sizeof rows / sizeof rows[0]; i++) /* CUSTOM has no class of its own */
        if (rows[i].name && cqlr_str_equal(class_name, cqlr_cstr(rows[i].class_name)))
            return (enum cqlr_type_id)i;
    return CQLR_TYPE_CUSTOM;
}

bool cqlr__is_text(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_VARCHAR || t->id == CQLR_TYPE_ASCII;
}
