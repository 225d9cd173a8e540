/*
 * statement.h - the CQL the stub understands, from text to "which columns of which table, where
 * which key":
 *
 *     SELECT * | COLUMN, ...  FROM [KEYSPACE.]TABLE  [WHERE COLUMN = ? | :name | LITERAL  [AND
 * ...]]  [;] USE KEYSPACE [;]
 *
 * A WHERE names the whole partition key, and then clustering columns from the first on. There is no
 * grammar behind it: what does not look like this is "unknown statement".
 */
#ifndef STUB_STATEMENT_H
#define STUB_STATEMENT_H

#include "tables.h"

#define STUB_CONDITIONS_MAX 4
#define STUB_SELECTED_MAX   64

/* An ERROR answer to be. */
struct stub_failure {
    int32_t code; /* enum cqlr_server_error */
    char text[200];
};

/* Writes down the failure; returns false, so that a caller can say `return stub_fail(...)`. */
__attribute__((format(printf, 3, 4))) bool stub_fail(struct stub_failure *f, int32_t code,
                                                     const char *format, ...);

struct stub_condition {
    uint32_t column;
    bool bound;              /* the value comes with the request, else it is the literal */
    struct cqlr_str marker;  /* :name; empty: ?, which has the column's name */
    struct cqlr_str literal; /* of the statement's text, quotes included */
};

struct stub_statement {
    const char *use; /* USE: the keyspace; NULL = a SELECT, and all below is valid */
    const struct stub_table *table;
    uint32_t columns;
    uint8_t column[STUB_SELECTED_MAX];
    uint32_t conditions;
    struct stub_condition condition[STUB_CONDITIONS_MAX];
    uint32_t markers; /* conditions that are bound, in their order */
};

/* Borrows from `cql`. `keyspace` is where a table without one is looked for, or NULL. False with
 * the reason in f. */
bool stub_statement_read(const struct stub_tables *ts, const char *keyspace, struct cqlr_str cql,
                         struct stub_statement *st, struct stub_failure *f);

#endif
