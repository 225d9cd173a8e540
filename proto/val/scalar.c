/*
 * scalar.c - the table of the types without sub types: name, how it is printed and read, how its
 * text is dressed. To add a type, write its pair and add a row.
 *
 * empty_ok is what Cassandra's own validation says of a value of 0 bytes.
 */
#include "proto/val/val.h"

#define ROW(name, pair, quoted, number, empty_ok)                                                  \
    {                                                                                              \
        name, cqlr__##pair##_print, cqlr__##pair##_parse, quoted, number, empty_ok                 \
    }

static const struct cqlr__scalar rows[] = {
    /*                            name         pair       quoted number empty_ok */
    [CQLR_TYPE_CUSTOM] = ROW("custom", blob, false, false, true),
    [CQLR_TYPE_ASCII] = ROW("ascii", ascii, true, false, true),
    [CQLR_TYPE_BIGINT] = ROW("bigint", bigint, false, true, true),
    [CQLR_TYPE_BLOB] = ROW("blob", blob, false, false, true),
    [CQLR_TYPE_BOOLEAN] = ROW("boolean", boolean, false, true, true),
    [CQLR_TYPE_COUNTER] = ROW("counter", bigint, false, true, true),
    [CQLR_TYPE_DECIMAL] = ROW("decimal", decimal, false, true, true),
    [CQLR_TYPE_DOUBLE] = ROW("double", double, false, true, true),
    [CQLR_TYPE_FLOAT] = ROW("float", float, false, true, true),
    [CQLR_TYPE_INT] = ROW("int", int, false, true, true),
    [CQLR_TYPE_TIMESTAMP] = ROW("timestamp", timestamp, true, false, true),
    [CQLR_TYPE_UUID] = ROW("uuid", uuid, false, false, true),
    [CQLR_TYPE_VARCHAR] = ROW("text", varchar, true, false, true),
    [CQLR_TYPE_VARINT] = ROW("varint", varint, false, true, true),
    [CQLR_TYPE_TIMEUUID] = ROW("timeuuid", timeuuid, false, false, true),
    [CQLR_TYPE_INET] = ROW("inet", inet, true, false, true),
    [CQLR_TYPE_DATE] = ROW("date", date, true, false, false),
    [CQLR_TYPE_TIME] = ROW("time", time, true, false, false),
    [CQLR_TYPE_SMALLINT] = ROW("smallint", smallint, false, true, false),
    [CQLR_TYPE_TINYINT] = ROW("tinyint", tinyint, false, true, false),
    [CQLR_TYPE_DURATION] = ROW("duration", duration, false, false, false),
};

const struct cqlr__scalar *cqlr__scalar_get(enum cqlr_type_id id)
{
    unsigned i = (unsigned)id;
    return i < sizeof rows / sizeof rows[0] && rows[i].name ? &rows[i] : NULL;
}

bool cqlr__is_text(const struct cqlr_type *t)
{
    return t->id == CQLR_TYPE_VARCHAR || t->id == CQLR_TYPE_ASCII;
}

const char *cqlr__article(const char *name)
{
    return name[0] == 'a' || name[0] == 'i' ? "an" : "a";
}
