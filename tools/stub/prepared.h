/*
 * prepared.h - the statements that were prepared, and the answer each gave last, ready to be
 * copied.
 *
 * A server forgets: past STUB_PREPARED_MAX statements the one not used for longest goes, and its
 * EXECUTE gets UNPREPARED, as on a real server.
 */
#ifndef STUB_PREPARED_H
#define STUB_PREPARED_H

#include "select.h"

#define STUB_PREPARED_MAX 256

struct stub_prepared {
    struct stub_prepared *next;
    uint8_t id[16];
    struct stub_statement statement; /* borrows from cql */
    struct cqlr_wr cql;
    struct cqlr_wr key;  /* the values the answer below was made for, in wire form */
    struct cqlr_wr body; /* RESULT body of all rows; empty = none yet */
    uint32_t rows;       /* in that answer */
};

struct stub_prepared_list {
    struct stub_prepared *first; /* the one used last */
    uint32_t count;
    const struct cqlr_mem *mem;
};

void stub_prepared_init(struct stub_prepared_list *l, const struct cqlr_mem *mem);
void stub_prepared_fini(struct stub_prepared_list *l);

/* The id of a text in a keyspace (NULL = none). */
void stub_prepared_id(uint8_t id[16], const char *keyspace, struct cqlr_str cql);

/* Reads and keeps the statement; gives the one there is when it is known. NULL with the reason in
 * f. */
struct stub_prepared *stub_prepare(struct stub_prepared_list *l, const struct stub_tables *ts,
                                   const char *keyspace, struct cqlr_str cql,
                                   struct stub_failure *f);

/* NULL = no such id. The pointer is good until the next stub_prepare. */
struct stub_prepared *stub_prepared_find(struct stub_prepared_list *l, struct cqlr_bytes id);

/* Appends the answer to an EXECUTE: a copy when these values were asked for last time, too. False
 * with the reason in f; what was written is then worth nothing. */
bool stub_prepared_rows(struct stub_prepared *ps, struct cqlr_wr *w, const struct cqlr_params *p,
                        struct stub_failure *f);

#endif
