/*
 * tables.c - the rows of the stub's tables: one node that is alone, and the schema of exactly the
 * tables that are served (schema.c).
 *
 * system.local has 256 tokens, so that its row is as large as a real node's (about 6.2 KB of
 * values). Everything is fixed but what follows from the address the stub listens on, so two runs
 * answer the same bytes.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "tables.h"

#define TOKENS     256
#define TOKEN_TEXT 24 /* "-9223372036854775808" fits */

void stub_hash(uint8_t out[16], const void *p, size_t n, const void *more, size_t m)
{
    const unsigned __int128 prime = ((unsigned __int128)1 << 88) | 0x13b;
    unsigned __int128 h =
        ((unsigned __int128)0x6c62272e07bb0142u << 64) | 0x62b821756295c58du; /* the FNV basis */
    for (size_t i = 0; i < n + m; i++)
        h = (h ^ (i < n ? ((const uint8_t *)p)[i] : ((const uint8_t *)more)[i - n])) * prime;
    cqlr_put64(out, (uint64_t)(h >> 64));
    cqlr_put64(out + 8, (uint64_t)h);
}

/* ---- filling: a row is begun, then its cells are put by the name of their column; the rest stay
 * null ---- */

struct fill {
    struct stub_tables *ts;
    const struct stub_table *t;
    struct stub_row *row; /* NULL when memory ran out */
};

static struct fill row_begin(struct stub_tables *ts, enum stub_table_id id)
{
    struct stub_table *t = &ts->table[id];
    uint32_t n = t->def->columns;
    struct fill f = {ts, t, cqlr_arena_get(&ts->arena, sizeof *f.row + n * sizeof *f.row->cell)};
    if (!f.row) {
        ts->rc = CQLR_E_NOMEM;
        return f;
    }
    for (uint32_t i = 0; i < n; i++)
        f.row->cell[i].n = CQLR_NULL;
    *t->last = f.row;
    t->last = &f.row->next;
    return f;
}

static void put(struct fill *f, const char *column, const void *p, size_t n)
{
    uint8_t *copy = cqlr_arena_get(&f->ts->arena, n + 1); /* an empty value has an address too */
    uint32_t i = 0;
    if (!f->row || !copy) {
        f->ts->rc = CQLR_E_NOMEM;
        return;
    }
    while (strcmp(f->t->def->column[i].name, column) != 0)
        i++;
    memcpy(copy, p, n);
    f->row->cell[i] = (struct cqlr_value){copy, (int32_t)n};
}

static void put_text(struct fill *f, const char *column, const char *text)
{
    put(f, column, text, strlen(text));
}

static void put_int(struct fill *f, const char *column, int32_t v)
{
    uint8_t be[4];
    cqlr_put32(be, (uint32_t)v);
    put(f, column, be, sizeof be);
}

/* A uuid that follows from two texts; marked as version 3, "from a name". */
static void put_uuid(struct fill *f, const char *column, const char *a, const char *b)
{
    uint8_t id[16];
    stub_hash(id, a, strlen(a), b, strlen(b));
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x30);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    put(f, column, id, sizeof id);
}

/* A collection cell: `n` elements that stand in the writer already, each with its length. */
static void put_collection(struct fill *f, const char *column, struct cqlr_wr *elements, uint32_t n)
{
    struct cqlr_wr w;
    cqlr_wr_init(&w, f->ts->arena.mem, 0);
    cqlr_wr_i32(&w, (int32_t)n);
    cqlr_wr_raw(&w, elements->p, elements->n);
    if (w.rc || elements->rc)
        f->ts->rc = CQLR_E_NOMEM;
    else
        put(f, column, w.p, w.n);
    cqlr_wr_fini(&w);
    cqlr_wr_fini(elements);
}

static void add_text(struct cqlr_wr *w, const char *text)
{
    cqlr_wr_value(w, (struct cqlr_value){(const uint8_t *)text, (int32_t)strlen(text)});
}

/* ---- system.local ---- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Tokens that look as random as real ones (splitmix64 of a counter), ordered as the texts they are.
 */
static void put_tokens(struct fill *f)
{
    char text[TOKENS][TOKEN_TEXT];
    struct cqlr_wr w;
    for (uint64_t i = 0; i < TOKENS; i++) {
        uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        snprintf(text[i], sizeof text[i], "%lld", (long long)(z ^ (z >> 31)));
    }
    qsort(text, TOKENS, sizeof text[0], compare_text);
    cqlr_wr_init(&w, f->ts->arena.mem, 0);
    for (uint32_t i = 0; i < TOKENS; i++)
        add_text(&w, text[i]);
    put_collection(f, "tokens", &w, TOKENS);
}

/* One entry, as a node that has once been started has it: table id → commit log position and time.
 */
static void put_truncated_at(struct fill *f)
{
    static const uint8_t position_and_time[20] = {0};
    uint8_t id[16];
    struct cqlr_wr w;
    stub_hash(id, "system", 6, "peers", 5);
    cqlr_wr_init(&w, f->ts->arena.mem, 0);
    cqlr_wr_value(&w, (struct cqlr_value){id, sizeof id});
    cqlr_wr_value(&w, (struct cqlr_value){position_and_time, sizeof position_and_time});
    put_collection(f, "truncated_at", &w, 1);
}

static void put_addresses(struct fill *f, const struct sockaddr *addr)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
    bool is_v4 = addr->sa_family == AF_INET;
    const void *p = is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr;
    size_t n = is_v4 ? sizeof v4->sin_addr : sizeof v6->sin6_addr;
    put(f, "broadcast_address", p, n);
    put(f, "listen_address", p, n);
    put(f, "rpc_address", p, n);
    put_int(f, "rpc_port", ntohs(is_v4 ? v4->sin_port : v6->sin6_port));
}

static void fill_local(struct stub_tables *ts, const struct sockaddr *addr)
{
    struct fill f = row_begin(ts, STUB_LOCAL);
    put_text(&f, "key", "local");
    put_text(&f, "bootstrapped", "COMPLETED");
    put_text(&f, "cluster_name", "cqlraw stub");
    put_text(&f, "cql_version", "3.4.7");
    put_text(&f, "data_center", "datacenter1");
    put_text(&f, "native_protocol_version", "4");
    put_text(&f, "partitioner", "org.apache.cassandra.dht.Murmur3Partitioner");
    put_text(&f, "rack", "rack1");
    put_text(&f, "release_version", "5.0.6-stub");
    put_int(&f, "gossip_generation", 1);
    put_int(&f, "broadcast_port", 7000);
    put_int(&f, "listen_port", 7000);
    put_uuid(&f, "host_id", "cqlraw stub", "host");
    put_uuid(&f, "schema_version", "cqlraw stub", "schema");
    put_addresses(&f, addr);
    put_tokens(&f);
    put_truncated_at(&f);
}

/* ---- the schema ---- */

/* The column whose name comes next in alphabetical order; NULL prev = the first; NULL = no more. */
static const struct stub_column_def *column_after(const struct stub_table_def *d,
                                                  const struct stub_column_def *prev)
{
    const struct stub_column_def *best = NULL;
    for (uint32_t i = 0; i < d->columns; i++) {
        const struct stub_column_def *c = &d->column[i];
        if ((!prev || strcmp(c->name, prev->name) > 0) &&
            (!best || strcmp(c->name, best->name) < 0))
            best = c;
    }
    return best;
}

static void fill_column(struct stub_tables *ts, enum stub_table_id into,
                        const struct stub_table_def *d, const struct stub_column_def *c)
{
    struct fill f = row_begin(ts, into);
    uint32_t i = (uint32_t)(c - d->column);
    bool partition = i < d->partition_key;
    bool clustering = !partition && i < d->partition_key + d->clustering;
    put_text(&f, "keyspace_name", d->keyspace);
    put_text(&f, "table_name", d->name);
    put_text(&f, "column_name", c->name);
    put_text(&f, "column_name_bytes", c->name);
    put_text(&f, "clustering_order", clustering ? "asc" : "none");
    put_text(&f, "kind", partition ? "partition_key" : clustering ? "clustering" : "regular");
    put_int(&f, "position",
            partition    ? (int32_t)i
            : clustering ? (int32_t)(i - d->partition_key)
                         : -1);
    put_text(&f, "type", c->type->cql);
}

static void fill_table(struct stub_tables *ts, bool is_virtual, const struct stub_table_def *d)
{
    struct fill f = row_begin(ts, is_virtual ? STUB_VIRTUAL_TABLES : STUB_TABLES);
    const struct stub_column_def *c = NULL;
    put_text(&f, "keyspace_name", d->keyspace);
    put_text(&f, "table_name", d->name);
    put_text(&f, "comment", d->comment);
    if (!is_virtual) {
        struct cqlr_wr w;
        cqlr_wr_init(&w, ts->arena.mem, 0);
        add_text(&w, "compound");
        put_collection(&f, "flags", &w, 1);
        put_uuid(&f, "id", d->keyspace, d->name);
    }
    while ((c = column_after(d, c)))
        fill_column(ts, is_virtual ? STUB_VIRTUAL_COLUMNS : STUB_COLUMNS, d, c);
}

static void fill_keyspace(struct stub_tables *ts, bool is_virtual, const char *name)
{
    struct fill f = row_begin(ts, is_virtual ? STUB_VIRTUAL_KEYSPACES : STUB_KEYSPACES);
    struct cqlr_wr w;
    put_text(&f, "keyspace_name", name);
    if (is_virtual)
        return;
    put(&f, "durable_writes", "\1", 1);
    cqlr_wr_init(&w, ts->arena.mem, 0);
    add_text(&w, "class");
    add_text(&w, "org.apache.cassandra.locator.LocalStrategy");
    put_collection(&f, "replication", &w, 1);
}

static void fill_schema(struct stub_tables *ts)
{
    for (uint32_t i = 0; i < STUB_TABLE_COUNT; i++) {
        const struct stub_table_def *d = &stub_table_defs[i];
        bool is_virtual = i >= STUB_VIRTUAL_KEYSPACES;
        if (i == 0 || strcmp(d->keyspace, d[-1].keyspace) != 0)
            fill_keyspace(ts, is_virtual, d->keyspace);
        fill_table(ts, is_virtual, d);
    }
}

int stub_tables_init(struct stub_tables *ts, const struct sockaddr *addr,
                     const struct cqlr_mem *mem)
{
    memset(ts, 0, sizeof *ts);
    cqlr_arena_init(&ts->arena, mem);
    for (uint32_t i = 0; i < STUB_TABLE_COUNT; i++) {
        struct stub_table *t = &ts->table[i];
        t->def = &stub_table_defs[i];
        t->last = &t->first;
        for (uint32_t c = 0; c < t->def->columns; c++)
            t->column[c] = (struct cqlr_column){
                cqlr_cstr(t->def->keyspace), cqlr_cstr(t->def->name),
                cqlr_cstr(t->def->column[c].name), &t->def->column[c].type->type};
    }
    fill_local(ts, addr);
    fill_schema(ts);
    return ts->rc;
}

void stub_tables_fini(struct stub_tables *ts)
{
    cqlr_arena_fini(&ts->arena);
}
