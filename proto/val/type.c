/*
 * type.c - [option] of a result's metadata ⇄ a tree of struct cqlr_type, and its CQL name
 * (native_protocol_v4.spec section 4.2.5.2).
 *
 * A peer can't make the tree larger than the bytes it sends: every type that is still to come needs
 * at least two of them, also those of the types around it (`owed`), and nesting ends at
 * CQLR_TYPE_DEPTH. What a class name can name has a bound of its own (class_name.c).
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/val/val.h"

#define OPTION_MIN 2 /* bytes of the shortest [option] */
#define FIELD_MIN  4 /* bytes of the shortest field of a UDT: [string] and [option] */
#define ID_TEXT    0x0A

static int no_memory(struct cqlr_rd *r)
{
    r->rc = cqlr__err_set(r->err, CQLR_E_NOMEM, "no memory for a column type");
    r->p = r->end;
    return r->rc;
}

/* The bytes of s copied into the arena; with no arena s itself. */
static struct cqlr_str keep(struct cqlr_rd *r, struct cqlr_arena *a, struct cqlr_str s)
{
    if (!a || !s.n || r->rc)
        return s;
    char *p = cqlr_arena_get(a, s.n);
    if (!p) {
        struct cqlr_str none = {NULL, 0};
        no_memory(r);
        return none;
    }
    memcpy(p, s.p, s.n);
    s.p = p;
    return s;
}

static void read_option(struct cqlr_rd *r, struct cqlr_arena *a, struct cqlr_type *t,
                        unsigned depth, size_t owed);

/* t->count sub types, each behind its name in a UDT. `t` is on the caller's stack or in the arena;
 * without an arena the sub types are read into nothing. */
static void read_subs(struct cqlr_rd *r, struct cqlr_arena *a, struct cqlr_type *t, unsigned depth,
                      size_t owed)
{
    bool named = t->id == CQLR_TYPE_UDT;
    size_t each = named ? FIELD_MIN : OPTION_MIN;
    struct cqlr_type *sub = NULL;
    struct cqlr_str *field = NULL;

    if (owed + t->count * each > cqlr_rd_left(r)) {
        cqlr_rd_short(r, owed + t->count * each, "type: sub types");
        return;
    }
    if (a && t->count) {
        t->sub = sub = cqlr_arena_get(a, t->count * sizeof *sub);
        t->field = field = named ? cqlr_arena_get(a, t->count * sizeof *field) : NULL;
        if (!sub || (named && !field)) {
            no_memory(r);
            return;
        }
    }
    for (uint32_t i = 0; i < t->count && !r->rc; i++) {
        struct cqlr_type walked;
        if (named) {
            struct cqlr_str name = keep(r, a, cqlr_rd_string(r, "type: field name"));
            if (field)
                field[i] = name;
        }
        read_option(r, a, sub ? &sub[i] : &walked, depth + 1, owed + (t->count - i - 1) * each);
    }
}

/* A class name can't be wrong, so nothing is lost when it is only walked. */
static void read_custom(struct cqlr_rd *r, struct cqlr_arena *a, struct cqlr_type *t,
                        unsigned depth)
{
    struct cqlr_str name = keep(r, a, cqlr_rd_string(r, "type: class name"));
    if (a && !r->rc && cqlr__class_read(a, name, depth, t))
        no_memory(r);
}

/* owed: bytes that the types behind this one need at least. */
static void read_option(struct cqlr_rd *r, struct cqlr_arena *a, struct cqlr_type *t,
                        unsigned depth, size_t owed)
{
    uint16_t id = cqlr_rd_u16(r, "type: option id");
    memset(t, 0, sizeof *t);
    if (r->rc)
        return;
    if (depth > CQLR_TYPE_DEPTH) {
        cqlr_rd_bad(r, "type", "nested too deep");
        return;
    }
    t->id = id == ID_TEXT ? CQLR_TYPE_VARCHAR : (enum cqlr_type_id)id;
    switch (t->id) {
    case CQLR_TYPE_CUSTOM:
        read_custom(r, a, t, depth);
        return;
    case CQLR_TYPE_LIST:
    case CQLR_TYPE_SET:
        t->count = 1;
        break;
    case CQLR_TYPE_MAP:
        t->count = 2;
        break;
    case CQLR_TYPE_UDT:
        t->keyspace = keep(r, a, cqlr_rd_string(r, "type: keyspace"));
        t->name = keep(r, a, cqlr_rd_string(r, "type: UDT name"));
        t->count = cqlr_rd_u16(r, "type: field count");
        break;
    case CQLR_TYPE_TUPLE:
        t->count = cqlr_rd_u16(r, "type: tuple size");
        break;
    default:
        if (!cqlr__scalar_get(t->id))
            cqlr_rd_bad(r, "type", "unknown option id");
        return;
    }
    if (!r->rc)
        read_subs(r, a, t, depth, owed);
}

int cqlr_type_read(struct cqlr_rd *r, struct cqlr_arena *a, struct cqlr_type *t)
{
    struct cqlr_type read;
    read_option(r, a, &read, 1, 0);
    if (a && !r->rc)
        *t = read;
    return r->rc;
}

static void fail(struct cqlr_wr *w, int code)
{
    if (!w->rc)
        w->rc = code;
}

/* As custom class: what v4 has no option id for. */
static void write_as_class(struct cqlr_wr *w, const struct cqlr_type *t, unsigned depth)
{
    cqlr_wr_u16(w, CQLR_TYPE_CUSTOM);
    cqlr_wr_u16(w, 0);
    size_t from = w->n;
    cqlr__class_write(w, t, depth);
    if (w->n - from > UINT16_MAX)
        fail(w, CQLR_E_RANGE);
    if (!w->rc)
        cqlr_put16(w->p + from - 2, (uint16_t)(w->n - from));
}

static void write_option(struct cqlr_wr *w, const struct cqlr_type *t, unsigned depth)
{
    if (depth > CQLR_TYPE_DEPTH || t->count > UINT16_MAX) {
        fail(w, CQLR_E_RANGE);
        return;
    }
    if (t->id == CQLR_TYPE_DURATION || t->id == CQLR_TYPE_VECTOR) {
        write_as_class(w, t, depth);
        return;
    }
    cqlr_wr_u16(w, (uint16_t)t->id);
    if (t->id == CQLR_TYPE_CUSTOM)
        cqlr_wr_string(w, t->name);
    if (t->id == CQLR_TYPE_UDT) {
        cqlr_wr_string(w, t->keyspace);
        cqlr_wr_string(w, t->name);
    }
    if (t->id == CQLR_TYPE_UDT || t->id == CQLR_TYPE_TUPLE)
        cqlr_wr_u16(w, (uint16_t)t->count);
    for (uint32_t i = 0; i < t->count && !w->rc; i++) {
        if (t->id == CQLR_TYPE_UDT)
            cqlr_wr_string(w, t->field[i]);
        write_option(w, &t->sub[i], depth + 1);
    }
}

void cqlr_type_write(struct cqlr_wr *w, const struct cqlr_type *t)
{
    write_option(w, t, 1);
}

static void print_type(struct cqlr_wr *w, const struct cqlr_type *t, unsigned depth)
{
    const struct cqlr__scalar *scalar = cqlr__scalar_get(t->id);
    if (depth > CQLR_TYPE_DEPTH) {
        fail(w, CQLR_E_RANGE);
        return;
    }
    if (t->id == CQLR_TYPE_CUSTOM) {
        cqlr__out_quoted(w, t->name.p, t->name.n, '\'');
        return;
    }
    if (t->id == CQLR_TYPE_UDT) {
        cqlr__ident_print(w, t->name);
        return;
    }
    if (scalar) {
        cqlr__out(w, scalar->name);
        return;
    }
    cqlr__out(w, t->id == CQLR_TYPE_LIST     ? "list<"
                 : t->id == CQLR_TYPE_SET    ? "set<"
                 : t->id == CQLR_TYPE_MAP    ? "map<"
                 : t->id == CQLR_TYPE_VECTOR ? "vector<"
                                             : "tuple<");
    for (uint32_t i = 0; i < t->count && !w->rc; i++) {
        if (i)
            cqlr__out(w, ", ");
        print_type(w, &t->sub[i], depth + 1);
    }
    if (t->id == CQLR_TYPE_VECTOR) {
        cqlr__out(w, ", ");
        cqlr__out_u64(w, t->dimension, 1);
    }
    cqlr__out(w, ">");
}

void cqlr_type_print(struct cqlr_wr *w, const struct cqlr_type *t)
{
    print_type(w, t, 1);
}
