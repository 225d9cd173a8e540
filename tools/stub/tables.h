/*
 * tables.h - what the stub has to show: a fixed set of system tables, their columns (schema.c) and
 * their rows (tables.c), built once and read-only from then on.
 */
#ifndef STUB_TABLES_H
#define STUB_TABLES_H

#include <sys/socket.h>

#include <cqlraw/msg.h>

enum stub_table_id {
    STUB_LOCAL,
    STUB_PEERS,
    STUB_PEERS_V2,
    STUB_KEYSPACES,
    STUB_TABLES,
    STUB_COLUMNS,
    STUB_TYPES,
    STUB_FUNCTIONS,
    STUB_AGGREGATES,
    STUB_INDEXES,
    STUB_VIEWS,
    STUB_TRIGGERS,
    STUB_DROPPED_COLUMNS,
    STUB_VIRTUAL_KEYSPACES,
    STUB_VIRTUAL_TABLES,
    STUB_VIRTUAL_COLUMNS,
    STUB_TABLE_COUNT
};

#define STUB_COLUMNS_MAX 20 /* of one table */

struct stub_column_def {
    const char *name;
    const struct stub_type *type;
};

struct stub_type {
    struct cqlr_type type;
    const char *cql; /* as system_schema.columns spells it */
};

/* Columns stand as a server sends them: partition key, clustering columns, then the rest by name.
 */
struct stub_table_def {
    const char *keyspace;
    const char *name;
    const char *comment;
    uint32_t partition_key; /* columns of it */
    uint32_t clustering;
    uint32_t columns;
    const struct stub_column_def *column;
};
extern const struct stub_table_def stub_table_defs[STUB_TABLE_COUNT];

struct stub_row {
    struct stub_row *next;
    struct cqlr_value cell[]; /* def->columns of them */
};

struct stub_table {
    const struct stub_table_def *def;
    struct cqlr_column column[STUB_COLUMNS_MAX];
    struct stub_row *first;
    struct stub_row **last;
};

struct stub_tables {
    struct stub_table table[STUB_TABLE_COUNT];
    struct cqlr_arena arena; /* rows and cells */
    int rc;                  /* while it is filled: 0 or CQLR_E_NOMEM */
};

/* Fills all tables; `addr` is where the stub listens. 0 or CQLR_E_NOMEM; call stub_tables_fini in
 * either case. */
int stub_tables_init(struct stub_tables *ts, const struct sockaddr *addr,
                     const struct cqlr_mem *mem);
void stub_tables_fini(struct stub_tables *ts);

/* 128 bits of n bytes, for ids (FNV-1a): spreads well, resists nobody. */
void stub_hash(uint8_t out[16], const void *p, size_t n, const void *more, size_t m);

#endif
