/*
 * class_name.c - a custom type's class name ⇄ type: names of the server's own classes, nested as
 * its TypeParser nests them: "VectorType(FrozenType(ListType(Int32Type)) , 3)". What is frozen is
 * not kept and not written.
 *
 * v4 has no option id for vectors and durations, so they arrive under such a name. One pass over
 * the text with a stack of its own, no recursion; time and memory are bounded by the length of the
 * text: it can name no more types than it has '(' and ',' with a name behind, and one. What can't
 * be read is no error but an opaque type, as an unknown class is: its values still pass through.
 *
 *     class  := name [ '(' params ')' ]
 *     params := class {',' class}             of List-, Set-, Map-, Tuple-, Frozen-, ReversedType
 *     params := keyspace ',' hex {',' hex ':' class}   of UserType: names in hex
 *     params := class ',' number              of VectorType
 */
#include <string.h>

#include "proto/val/val.h"

static const char package[] = "org.apache.cassandra.db.marshal.";

static const struct class
{
    const char *name;
    enum cqlr_type_id id;
} classes[] = {
    {"ListType", CQLR_TYPE_LIST},   {"SetType", CQLR_TYPE_SET},  {"MapType", CQLR_TYPE_MAP},
    {"TupleType", CQLR_TYPE_TUPLE}, {"UserType", CQLR_TYPE_UDT}, {"VectorType", CQLR_TYPE_VECTOR},
};
#define CLASSES (sizeof classes / sizeof classes[0])

/* A class whose end has not come yet. */
struct level {
    struct cqlr_type type; /* what is known of it */
    struct cqlr_str field; /* UDT: name of the field whose type comes next or is being read */
    const char *from;      /* where its name begins, behind wrappers */
    uint32_t wrappers;     /* around it, to be closed with it */
    uint32_t first;        /* its first parameter in node[] */
    bool open;             /* its parameters are types, and more may come */
};

struct parser {
    struct cqlr_str s; /* what is left */
    struct cqlr_arena *arena;
    /* node[0, waiting): parameters whose class has not ended; node[settled, end): those whose class
     * has; field[i] is the name of node[i] in a UDT */
    struct cqlr_type *node;
    struct cqlr_str *field;
    uint32_t waiting, settled;
    struct cqlr_type root;
    struct level level[CQLR_TYPE_DEPTH];
    unsigned depth, depth_max;
    bool bad; /* this is no class name; it is read no further */
    bool no_memory;
};

static bool fail(struct parser *p)
{
    p->bad = true;
    return false;
}

static bool take(struct parser *p, char c)
{
    cqlr__skip_blanks(&p->s);
    return cqlr__take(&p->s, c);
}

static struct cqlr_str take_name(struct parser *p)
{
    struct cqlr_str name;
    cqlr__skip_blanks(&p->s);
    name = (struct cqlr_str){p->s.p, 0};
    for (; p->s.n; p->s.p++, p->s.n--, name.n++) {
        char c = p->s.p[0], lower = cqlr__lower(c);
        bool letter = lower >= 'a' && lower <= 'z';
        if (!letter && !cqlr__is_digit(c) && (!c || !strchr("-+._&", c)))
            break;
    }
    return name;
}

/* Hex off the front as the bytes that it stands for. */
static bool take_hex(struct parser *p, struct cqlr_str *out)
{
    struct cqlr_str hex = take_name(p);
    *out = (struct cqlr_str){NULL, 0};
    if (hex.n % 2)
        return fail(p);
    char *bytes = hex.n ? cqlr_arena_get(p->arena, hex.n / 2) : NULL;
    if (hex.n && !bytes) {
        p->no_memory = true;
        return fail(p);
    }
    for (size_t i = 0; i < hex.n; i += 2) {
        int high = cqlr__hex_digit(hex.p[i]), low = cqlr__hex_digit(hex.p[i + 1]);
        if (high < 0 || low < 0)
            return fail(p);
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *out = (struct cqlr_str){bytes, hex.n / 2};
    return true;
}

/* A class name without the package of the server's own classes, if it has that. */
static struct cqlr_str bare_name(struct cqlr_str name)
{
    size_t n = sizeof package - 1;
    if (name.n > n && memcmp(name.p, package, n) == 0)
        return (struct cqlr_str){name.p + n, name.n - n};
    return name;
}

static enum cqlr_type_id find_class(struct cqlr_str name)
{
    for (size_t i = 0; i < CLASSES; i++)
        if (cqlr_str_equal(name, cqlr_cstr(classes[i].name)))
            return classes[i].id;
    if (cqlr_str_equal(name, cqlr_cstr("DateType"))) /* a date of old, with its time */
        return CQLR_TYPE_TIMESTAMP;
    return cqlr__scalar_find(name);
}

/* What says only how a value is stored. */
static bool is_wrapper(struct cqlr_str name)
{
    name = bare_name(name);
    return cqlr_str_equal(name, cqlr_cstr("FrozenType")) ||
           cqlr_str_equal(name, cqlr_cstr("ReversedType"));
}

/* "(...)", whatever is in it. */
static bool skip_params(struct parser *p)
{
    size_t open = 0;
    do {
        if (take(p, '('))
            open++;
        else if (take(p, ')'))
            open--;
        else if (p->s.n)
            cqlr__take(&p->s, p->s.p[0]);
    } while (open && p->s.n);
    return open ? fail(p) : true;
}

/* Room for all types that the rest can name: each stands behind a '(' or ',', and has a name. */
static bool get_nodes(struct parser *p)
{
    bool begins = false;
    for (size_t i = 0; i < p->s.n; i++) {
        char c = p->s.p[i];
        if (c == '(' || c == ',') {
            begins = true;
        } else if (!cqlr__is_blank(c)) {
            p->settled += begins;
            begins = false;
        }
    }
    p->node = cqlr_arena_get(p->arena, p->settled * sizeof *p->node);
    p->field = cqlr_arena_get(p->arena, p->settled * sizeof *p->field);
    p->no_memory = !p->node || !p->field;
    return !p->no_memory;
}

/* What follows a name: parameters that are types, or anything that makes it an unknown class. */
static bool open_params(struct parser *p, struct level *l)
{
    struct cqlr_str rest = p->s;
    bool types = !cqlr__scalar_get(l->type.id);
    cqlr__skip_blanks(&rest);
    bool any = rest.n && rest.p[0] == '(';
    l->open = any && types;
    if (any != types)
        l->type.id = CQLR_TYPE_CUSTOM;
    if (!any)
        return true;
    if (!types)
        return skip_params(p);
    if (!p->node && !get_nodes(p))
        return fail(p);
    take(p, '(');
    if (l->type.id != CQLR_TYPE_UDT)
        return true;
    l->type.keyspace = take_name(p);
    return take(p, ',') ? take_hex(p, &l->type.name) : fail(p);
}

/* The name of a class, with what wraps it and the beginning of its parameters. */
static bool open_class(struct parser *p)
{
    if (p->depth == p->depth_max)
        return fail(p);
    struct level *l = &p->level[p->depth++];
    struct cqlr_str name;
    memset(l, 0, sizeof *l);
    l->first = p->waiting;
    while (is_wrapper(name = take_name(p)) && take(p, '('))
        l->wrappers++;
    if (!name.n)
        return fail(p);
    l->from = name.p;
    l->type.id = find_class(bare_name(name));
    return open_params(p, l);
}

/* ", number" behind the type of a vector's elements; the end must follow. */
static void take_dimension(struct parser *p, struct level *l)
{
    uint64_t n = 0;
    cqlr__skip_blanks(&p->s);
    if (!cqlr__take_u64(&p->s, &n) || n > INT32_MAX || !take(p, ')'))
        fail(p);
    l->type.dimension = (uint32_t)n;
}

/* Whether a type comes next in the innermost class. If not, its end was taken, or it is bad. */
static bool more_params(struct parser *p)
{
    struct level *l = &p->level[p->depth - 1];
    bool first = p->waiting == l->first;
    if (!l->open || take(p, ')'))
        return false;
    if (first && l->type.id != CQLR_TYPE_UDT)
        return true;
    if (!take(p, ','))
        return fail(p);
    if (l->type.id == CQLR_TYPE_VECTOR) {
        take_dimension(p, l);
        return false;
    }
    if (l->type.id == CQLR_TYPE_UDT)
        return take_hex(p, &l->field) && (take(p, ':') || fail(p));
    return true;
}

/* Whether a class can have these parameters. How an unknown class stands in a vector, nobody knows;
 * and one that no value can fill is none. */
static bool is_sound(const struct cqlr_type *t, const struct cqlr_type *param, uint32_t params)
{
    uint64_t width;
    switch (t->id) {
    case CQLR_TYPE_LIST:
    case CQLR_TYPE_SET:
        return params == 1;
    case CQLR_TYPE_MAP:
        return params == 2;
    case CQLR_TYPE_VECTOR:
        if (params != 1 || !t->dimension || param->id == CQLR_TYPE_CUSTOM)
            return false;
        width = cqlr__fixed_width(param);
        return t->dimension * (width ? width : 1) <= INT32_MAX;
    default:
        return params <= UINT16_MAX;
    }
}

/* The innermost class has ended: its parameters settle, and it waits for the end of its parent. */
static bool close_class(struct parser *p)
{
    struct level *l = &p->level[--p->depth];
    uint32_t n = p->waiting - l->first;
    struct cqlr_type t = l->type;
    p->waiting = l->first;
    if (t.id == CQLR_TYPE_CUSTOM || !is_sound(&t, n ? p->node + l->first : NULL, n)) {
        t = (struct cqlr_type){.id = CQLR_TYPE_CUSTOM};
        t.name = (struct cqlr_str){l->from, (size_t)(p->s.p - l->from)};
    } else if (n) {
        p->settled -= n;
        t.count = n;
        t.sub = memmove(p->node + p->settled, p->node + l->first, n * sizeof *p->node);
        memmove(p->field + p->settled, p->field + l->first, n * sizeof *p->field);
        t.field = t.id == CQLR_TYPE_UDT ? p->field + p->settled : NULL;
    }
    for (; l->wrappers; l->wrappers--)
        if (!take(p, ')'))
            return fail(p);
    if (!p->depth) {
        p->root = t;
    } else {
        p->field[p->waiting] = p->level[p->depth - 1].field;
        p->node[p->waiting++] = t;
    }
    return true;
}

static bool read_class(struct parser *p)
{
    while (open_class(p)) {
        while (!more_params(p)) {
            if (p->bad || !close_class(p))
                return false;
            if (!p->depth) {
                cqlr__skip_blanks(&p->s);
                return !p->s.n;
            }
        }
    }
    return false;
}

int cqlr__class_read(struct cqlr_arena *a, struct cqlr_str text, unsigned depth,
                     struct cqlr_type *t)
{
    struct parser p;
    memset(&p, 0, sizeof p);
    p.s = text;
    p.arena = a;
    p.depth_max = CQLR_TYPE_DEPTH + 1 - depth;
    *t = (struct cqlr_type){.id = CQLR_TYPE_CUSTOM, .name = text};
    if (read_class(&p) && p.root.id != CQLR_TYPE_CUSTOM)
        *t = p.root;
    return p.no_memory ? CQLR_E_NOMEM : 0;
}

static const char *class_of(enum cqlr_type_id id)
{
    const struct cqlr__scalar *scalar = cqlr__scalar_get(id);
    for (size_t i = 0; i < CLASSES; i++)
        if (classes[i].id == id)
            return classes[i].name;
    return scalar && scalar->class_name ? scalar->class_name : "";
}

void cqlr__class_write(struct cqlr_wr *w, const struct cqlr_type *t, unsigned depth)
{
    bool udt = t->id == CQLR_TYPE_UDT, known = t->id != CQLR_TYPE_CUSTOM;
    if (depth > CQLR_TYPE_DEPTH) {
        w->rc = w->rc ? w->rc : CQLR_E_RANGE;
        return;
    }
    if (!known)
        cqlr_wr_raw(w, t->name.p, t->name.n);
    cqlr__out(w, known ? package : "");
    cqlr__out(w, class_of(t->id));
    if (cqlr__scalar_get(t->id))
        return;
    cqlr__out(w, "(");
    if (udt) {
        cqlr_wr_raw(w, t->keyspace.p, t->keyspace.n);
        cqlr__out(w, ",");
        cqlr__out_hex(w, (const uint8_t *)t->name.p, t->name.n);
    }
    for (uint32_t i = 0; i < t->count && !w->rc; i++) {
        cqlr__out(w, i || udt ? "," : "");
        if (udt) {
            cqlr__out_hex(w, (const uint8_t *)t->field[i].p, t->field[i].n);
            cqlr__out(w, ":");
        }
        cqlr__class_write(w, &t->sub[i], depth + 1);
    }
    if (t->id == CQLR_TYPE_VECTOR) {
        cqlr__out(w, " , ");
        cqlr__out_u64(w, t->dimension, 1);
    }
    cqlr__out(w, ")");
}
