/*
 * schema_change.c - what was changed in the schema: RESULT/Schema_change, and the same fields in
 * EVENT (native_protocol_v4.spec sections 4.2.5.5 and 4.2.6).
 *
 * The target tells which fields follow. A target that is not known is kept and nothing behind it is
 * read: the statement has succeeded all the same.
 */
#include "proto/msg/meta.h"

static bool is(struct cqlr_str s, const char *word)
{
    return cqlr_str_equal(s, cqlr_cstr(word));
}

/* Which fields follow the target: a keyspace; its name; its argument types. 0 for a target that is
 * not known. */
static int fields_of(struct cqlr_str target)
{
    if (is(target, "KEYSPACE"))
        return 1;
    if (is(target, "TABLE") || is(target, "TYPE"))
        return 2;
    return is(target, "FUNCTION") || is(target, "AGGREGATE") ? 3 : 0;
}

void cqlr__schema_change_read(struct cqlr_rd *r, struct cqlr_schema_change *m)
{
    memset(m, 0, sizeof *m);
    m->change = cqlr_rd_string(r, "schema change");
    m->target = cqlr_rd_string(r, "schema change target");
    int fields = r->rc ? 0 : fields_of(m->target);
    if (fields >= 1)
        m->keyspace = cqlr_rd_string(r, "schema change keyspace");
    if (fields >= 2)
        m->name = cqlr_rd_string(r, "schema change name");
    if (fields >= 3)
        m->arguments = cqlr_rd_string_list(r, "schema change arguments");
}

void cqlr__schema_change_write(struct cqlr_wr *w, const struct cqlr_schema_change *m)
{
    int fields = fields_of(m->target);
    if (!fields && !w->rc)
        w->rc = CQLR_E_RANGE;
    cqlr_wr_string(w, m->change);
    cqlr_wr_string(w, m->target);
    cqlr_wr_string(w, m->keyspace);
    if (fields >= 2)
        cqlr_wr_string(w, m->name);
    if (fields >= 3)
        cqlr_wr_span(w, m->arguments);
}

int cqlr_schema_change_write(struct cqlr_wr *w, const struct cqlr_schema_change *m)
{
    cqlr_wr_i32(w, CQLR_RESULT_SCHEMA_CHANGE);
    cqlr__schema_change_write(w, m);
    return w->rc;
}
