/*
 * error_print.c - ERROR as one line for people: "Read timeout (0x1200): MESSAGE [LOCAL_ONE, 0 of 1
 * answered, no data]".
 *
 * The brackets hold what the code's own fields tell (native_protocol_v4.spec section 9). All texts
 * are the server's: control characters become spaces.
 */
#include <stdio.h>

#include <cqlraw/msg.h>

#include "proto/base/err.h"

const char *cqlr_server_error_name(int32_t code)
{
    switch (code) {
#define ROW(name, number, text)                                                                    \
    case number:                                                                                   \
        return text;
        CQLR_SERVER_ERROR_MAP(ROW)
#undef ROW
    default:
        return NULL;
    }
}

static void put(struct cqlr_wr *w, struct cqlr_str s)
{
    cqlr_wr_raw(w, s.p, s.n);
}

static void put_text(struct cqlr_wr *w, const char *s)
{
    put(w, cqlr_cstr(s));
}

static void put_int(struct cqlr_wr *w, int32_t n)
{
    char s[16];
    snprintf(s, sizeof s, "%d", (int)n);
    put_text(w, s);
}

static void put_consistency(struct cqlr_wr *w, uint16_t code)
{
    const char *name = cqlr_consistency_name(code);
    char s[32];
    snprintf(s, sizeof s, "consistency 0x%04x", code);
    put_text(w, name ? name : s);
}

static void put_function(struct cqlr_wr *w, const struct cqlr_error *m)
{
    struct cqlr_span it = m->arguments;
    struct cqlr_str argument;
    const char *before = "(";
    put(w, m->keyspace);
    put_text(w, ".");
    put(w, m->name);
    while (cqlr_string_list_next(&it, &argument)) {
        put_text(w, before);
        put(w, argument);
        before = ", ";
    }
    put_text(w, m->arguments.count ? ")" : "()");
}

static void put_table(struct cqlr_wr *w, const struct cqlr_error *m)
{
    put(w, m->keyspace);
    if (m->name.n)
        put_text(w, ".");
    put(w, m->name);
}

static void put_hex(struct cqlr_wr *w, struct cqlr_bytes b)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < b.n; i++) {
        cqlr_wr_u8(w, (uint8_t)digit[b.p[i] >> 4]);
        cqlr_wr_u8(w, (uint8_t)digit[b.p[i] & 15]);
    }
}

/* What the codes about replicas have in common, then what each adds. */
static void put_replicas(struct cqlr_wr *w, const struct cqlr_error *m, unsigned has)
{
    put_consistency(w, m->consistency);
    put_text(w, ", ");
    if (m->code == CQLR_SERVER_UNAVAILABLE) {
        put_int(w, m->required);
        put_text(w, " required, ");
        put_int(w, m->received);
        put_text(w, " alive");
    } else {
        put_int(w, m->received);
        put_text(w, " of ");
        put_int(w, m->required);
        put_text(w, " answered");
    }
    if (has & CQLR_ERROR_FAILURES) {
        put_text(w, ", ");
        put_int(w, m->failures);
        put_text(w, " failed");
    }
    if (has & CQLR_ERROR_DATA_PRESENT)
        put_text(w, m->data_present ? ", data present" : ", no data");
    if (m->write_type.n) {
        put_text(w, ", ");
        put(w, m->write_type);
    }
}

static void put_fields(struct cqlr_wr *w, const struct cqlr_error *m)
{
    unsigned has = cqlr_error_fields(m->code);
    if (has & CQLR_ERROR_REPLICAS)
        put_replicas(w, m, has);
    if (has & CQLR_ERROR_ARGUMENTS)
        put_function(w, m);
    else if (has & CQLR_ERROR_NAMES)
        put_table(w, m);
    if (has & CQLR_ERROR_ID)
        put_hex(w, m->id);
}

void cqlr_error_print(struct cqlr_wr *w, const struct cqlr_error *m)
{
    const char *name = cqlr_server_error_name(m->code);
    char code[32];
    size_t from = w->n;
    snprintf(code, sizeof code, " (0x%04x): ", (unsigned)m->code);
    put_text(w, name ? name : "Unknown error");
    put_text(w, code);
    put(w, m->message);

    size_t end = w->n;
    put_text(w, " [");
    put_fields(w, m);
    if (w->n == end + 2)
        w->n = end; /* no fields, no brackets */
    else
        put_text(w, "]");
    if (w->n > from)
        cqlr__text_one_line((char *)w->p + from, w->n - from);
}
