/*
 * frame_encode.c - `frame encode`: the arguments → a request, as hex or as its bytes. What no
 * server accepts is refused by the codec, except where only the server can know.
 */
#include <stdio.h>
#include <string.h>

#include <cqlraw/msg.h>

#include "frame.h"
#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/args/numbers.h"
#include "tools/cqlraw/args/suggest.h"
#include "tools/cqlraw/io/out.h"

struct encoder {
    const struct args *a;
    const char **word; /* behind the name of the message */
    size_t words;
    struct cqlr_wr body;
    struct cqlr_wr values;  /* or entries of a map or list, in wire form */
    struct cqlr_wr state;   /* the paging state */
    struct cqlr_wr scratch; /* one value */
};

static int usage(const char *fmt, const char *arg)
{
    char text[300];
    snprintf(text, sizeof text, fmt, arg);
    say(FRAME, "%s", text);
    return EXIT_USAGE;
}

/* ---- texts → bytes ---- */

static int digit_of(char c)
{
    const char *all = "0123456789abcdef", *at = c ? strchr(all, c | 0x20) : NULL;
    return c >= '0' && c <= '9' ? c - '0' : at ? (int)(at - all) : -1;
}

/* Hex digits, with or without 0x. */
static bool put_hex(struct cqlr_wr *w, const char *text)
{
    text += strncmp(text, "0x", 2) == 0 ? 2 : 0;
    for (; *text; text += 2) {
        int high = digit_of(text[0]), low = high < 0 ? -1 : digit_of(text[1]);
        if (low < 0)
            return false;
        cqlr_wr_u8(w, (uint8_t)(high << 4 | low));
    }
    return true;
}

/* A type without parts, by the name that CQL has for it. */
static bool type_find(struct cqlr_str name, struct cqlr_wr *scratch, struct cqlr_type *t)
{
    for (int id = CQLR_TYPE_ASCII; id <= CQLR_TYPE_DURATION; id++) {
        *t = (struct cqlr_type){.id = (enum cqlr_type_id)id};
        cqlr_wr_reset(scratch);
        cqlr_type_print(scratch, t);
        if (cqlr_str_equal((struct cqlr_str){(const char *)scratch->p, scratch->n}, name))
            return true;
    }
    return false;
}

/* null, unset, 0xHEX, TYPE:TEXT → [value]. */
static int put_value(struct encoder *e, struct cqlr_wr *w, const char *text)
{
    const char *colon = strchr(text, ':');
    struct cqlr_type t;
    struct cqlr_err err = {0};
    struct cqlr_value v = {NULL, strcmp(text, "null") == 0    ? CQLR_NULL
                                 : strcmp(text, "unset") == 0 ? CQLR_UNSET
                                                              : 0};
    if (v.n < 0) {
        cqlr_wr_value(w, v);
        return 0;
    }
    if (strncmp(text, "0x", 2) == 0) {
        cqlr_wr_reset(&e->scratch);
        if (!put_hex(&e->scratch, text))
            return usage("\"%s\" is not 0x and pairs of hex digits", text);
    } else {
        if (!colon || !type_find((struct cqlr_str){text, (size_t)(colon - text)}, &e->scratch, &t))
            return usage("\"%s\" is no value: null, unset, 0xHEX, or TYPE:TEXT such as int:7",
                         text);
        cqlr_wr_reset(&e->scratch);
        if (cqlr_value_parse(&e->scratch, &t, cqlr_cstr(colon + 1), &err)) {
            say(FRAME, "\"%s\": %s", text, err.text);
            return EXIT_USAGE;
        }
    }
    v = (struct cqlr_value){e->scratch.p, (int32_t)e->scratch.n};
    cqlr_wr_value(w, v);
    return 0;
}

/* Where the name of -P NAME=VALUE ends: names have no colon. 0 = there is none. */
static size_t name_length(const char *param)
{
    size_t n = strcspn(param, ":=");
    return param[n] == '=' ? n : 0;
}

/* ---- parameters of QUERY and EXECUTE ---- */

static int put_params_values(struct encoder *e, struct cqlr_params *p)
{
    const struct args *a = e->a;
    for (size_t i = 0; i < a->params_n; i++) {
        size_t n = name_length(a->params[i]);
        if (i && (n > 0) != ((p->flags & CQLR_PARAM_NAMES) > 0))
            return usage("-P %s: all values have a name, or none", a->params[i]);
        if (n) {
            p->flags |= CQLR_PARAM_NAMES;
            cqlr_wr_string(&e->values, (struct cqlr_str){a->params[i], n});
        }
        p->flags |= CQLR_PARAM_VALUES;
        int rc = put_value(e, &e->values, a->params[i] + n + (n > 0));
        if (rc)
            return rc;
    }
    p->values = (struct cqlr_span){(uint32_t)a->params_n, e->values.p, e->values.n};
    return 0;
}

static int timestamp_read(const struct args *a, uint8_t *flags, int64_t *timestamp)
{
    const char *text = a->v[OPT_TIMESTAMP].text;
    if (!a->v[OPT_TIMESTAMP].given)
        return 0;
    *flags |= CQLR_PARAM_TIMESTAMP;
    return number_parse(cqlr_cstr(text), timestamp)
               ? usage("--timestamp: \"%s\" is no number of microseconds", text)
               : 0;
}

static void serial_read(const struct args *a, uint8_t *flags, uint16_t *serial)
{
    if (!a->v[OPT_SCL].given)
        return;
    *flags |= CQLR_PARAM_SERIAL;
    *serial = args_is(a, OPT_SCL, "SERIAL") ? CQLR_CL_SERIAL : CQLR_CL_LOCAL_SERIAL;
}

static int params_read(struct encoder *e, struct cqlr_params *p)
{
    const struct args *a = e->a;
    *p = (struct cqlr_params){.consistency = (uint16_t)a->v[OPT_CL].n};
    int rc = put_params_values(e, p);
    if (a->v[OPT_SKIP].given)
        p->flags |= CQLR_PARAM_SKIP_METADATA;
    if (a->v[OPT_PAGE_SIZE].given) {
        p->flags |= CQLR_PARAM_PAGE_SIZE;
        p->page_size = (int32_t)a->v[OPT_PAGE_SIZE].n;
    }
    if (!rc && a->v[OPT_PAGING_STATE].given) {
        p->flags |= CQLR_PARAM_PAGING_STATE;
        if (!put_hex(&e->state, a->v[OPT_PAGING_STATE].text))
            rc = usage("--paging-state: \"%s\" is not hex", a->v[OPT_PAGING_STATE].text);
        p->paging_state = (struct cqlr_value){e->state.p, (int32_t)e->state.n};
    }
    serial_read(a, &p->flags, &p->serial);
    return rc ? rc : timestamp_read(a, &p->flags, &p->timestamp);
}

/* ---- messages: 0, or the exit code after one line ---- */

/* What a writer says at the end. */
static int wrote(int rc)
{
    if (!rc)
        return 0;
    say(FRAME, "encode: %s",
        rc == CQLR_E_RANGE ? "a text is too long, or no server accepts this"
                           : cqlr_errcode_text(rc));
    return rc == CQLR_E_NOMEM ? EXIT_INTERNAL : EXIT_USAGE;
}

/* e->values gets a map of strings. */
static int put_pair(struct encoder *e, const char *pair)
{
    size_t n = strcspn(pair, "=");
    if (!pair[n])
        return usage("STARTUP takes KEY=VALUE, not \"%s\"", pair);
    cqlr_wr_string(&e->values, (struct cqlr_str){pair, n});
    cqlr_wr_string(&e->values, cqlr_cstr(pair + n + 1));
    return 0;
}

static int encode_startup(struct encoder *e)
{
    struct cqlr_startup m = {{(uint32_t)e->words, NULL, 0}};
    bool version = false;
    int rc = 0;
    for (size_t i = 0; i < e->words; i++)
        version = version || strncmp(e->word[i], "CQL_VERSION=", 12) == 0;
    if (!version) {
        m.options.count++;
        rc = put_pair(e, "CQL_VERSION=3.0.0");
    }
    for (size_t i = 0; !rc && i < e->words; i++)
        rc = put_pair(e, e->word[i]);
    m.options.p = e->values.p;
    m.options.n = e->values.n;
    return rc ? rc : wrote(e->values.rc ? e->values.rc : cqlr_startup_write(&e->body, &m));
}

static int encode_options(struct encoder *e)
{
    (void)e; /* the body is empty */
    return 0;
}

static int encode_register(struct encoder *e)
{
    static const char *all[] = {"TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE"};
    const char **event = e->words ? e->word : all;
    struct cqlr_register m = {{(uint32_t)(e->words ? e->words : 3), NULL, 0}};
    for (size_t i = 0; i < m.events.count; i++)
        cqlr_wr_string(&e->values, cqlr_cstr(event[i]));
    m.events.p = e->values.p;
    m.events.n = e->values.n;
    return wrote(e->values.rc ? e->values.rc : cqlr_register_write(&e->body, &m));
}

static int encode_prepare(struct encoder *e)
{
    struct cqlr_prepare m = {cqlr_cstr(e->word[0])};
    return wrote(cqlr_prepare_write(&e->body, &m));
}

static int encode_query(struct encoder *e)
{
    struct cqlr_query m = {.cql = cqlr_cstr(e->word[0])};
    int rc = params_read(e, &m.params);
    return rc ? rc : wrote(e->values.rc ? e->values.rc : cqlr_query_write(&e->body, &m));
}

static int encode_execute(struct encoder *e)
{
    struct cqlr_execute m;
    struct cqlr_wr id;
    cqlr_wr_init(&id, NULL, 0);
    int rc = params_read(e, &m.params);
    const char *hex = e->a->v[OPT_ID].text;
    if (!rc && !hex)
        rc = usage("%s needs --id HEX", "EXECUTE");
    else if (!rc && !put_hex(&id, hex))
        rc = usage("--id: \"%s\" is not hex", hex);
    m.id = (struct cqlr_bytes){id.p, id.n};
    if (!rc)
        rc = wrote(e->values.rc ? e->values.rc : cqlr_execute_write(&e->body, &m));
    cqlr_wr_fini(&id);
    return rc;
}

static int encode_auth_response(struct encoder *e)
{
    return put_value(e, &e->body, e->word[0]);
}

/* ---- BATCH: statements are arguments, and the name of a -P is the number of its statement ---- */

static int batch_values(struct encoder *e, size_t number, struct cqlr_span *values)
{
    cqlr_wr_reset(&e->values);
    values->count = 0;
    for (size_t i = 0; i < e->a->params_n; i++) {
        const char *text = e->a->params[i];
        size_t n = name_length(text);
        int64_t of;
        if (!n || number_parse((struct cqlr_str){text, n}, &of) || of < 1 ||
            (uint64_t)of > e->words)
            return usage("-P %s: in a BATCH it is N=VALUE, for statement N", text);
        if ((size_t)of != number)
            continue;
        int rc = put_value(e, &e->values, text + n + 1);
        if (rc)
            return rc;
        values->count++;
    }
    values->p = e->values.p;
    values->n = e->values.n;
    return 0;
}

/* "id:HEX", or a text. */
static int batch_statement(struct encoder *e, size_t i, struct cqlr_wr *all)
{
    struct cqlr_batch_statement s = {.cql = cqlr_cstr(e->word[i])};
    struct cqlr_wr id;
    cqlr_wr_init(&id, NULL, 0);
    int rc = batch_values(e, i + 1, &s.values);
    s.prepared = strncmp(e->word[i], "id:", 3) == 0;
    if (!rc && s.prepared && !put_hex(&id, e->word[i] + 3))
        rc = usage("\"%s\" is not id: and pairs of hex digits", e->word[i]);
    s.id = (struct cqlr_bytes){id.p, id.n};
    if (!rc)
        cqlr_batch_statement_write(all, &s);
    cqlr_wr_fini(&id);
    return rc;
}

static int encode_batch(struct encoder *e)
{
    const struct args *a = e->a;
    struct cqlr_batch m = {.consistency = (uint16_t)a->v[OPT_CL].n,
                           .type = args_is(a, OPT_BATCH_TYPE, "unlogged")  ? CQLR_BATCH_UNLOGGED
                                   : args_is(a, OPT_BATCH_TYPE, "counter") ? CQLR_BATCH_COUNTER
                                                                           : CQLR_BATCH_LOGGED};
    struct cqlr_wr all;
    cqlr_wr_init(&all, NULL, 0);
    int rc = timestamp_read(a, &m.flags, &m.timestamp);
    serial_read(a, &m.flags, &m.serial);
    for (size_t i = 0; !rc && i < e->words; i++)
        rc = batch_statement(e, i, &all);
    m.statements = (struct cqlr_span){(uint32_t)e->words, all.p, all.n};
    if (!rc)
        rc = wrote(all.rc ? all.rc : cqlr_batch_write(&e->body, &m));
    cqlr_wr_fini(&all);
    return rc;
}

/* ---- the frame ---- */

static const struct message {
    uint8_t opcode;
    int (*encode)(struct encoder *e);
    int words; /* how many arguments it takes; -1 = any number */
} messages[] = {
    {CQLR_OP_STARTUP, encode_startup, -1},   {CQLR_OP_OPTIONS, encode_options, 0},
    {CQLR_OP_QUERY, encode_query, 1},        {CQLR_OP_PREPARE, encode_prepare, 1},
    {CQLR_OP_EXECUTE, encode_execute, 0},    {CQLR_OP_BATCH, encode_batch, -1},
    {CQLR_OP_REGISTER, encode_register, -1}, {CQLR_OP_AUTH_RESPONSE, encode_auth_response, 1},
};

static const struct message *message_find(const char *name)
{
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (name_equal(name, strlen(name), cqlr_opcode_name(messages[i].opcode)))
            return &messages[i];
    return NULL;
}

/* Header and body into w; the body compressed when that is asked for. */
static int frame_put(struct encoder *e, uint8_t opcode, struct cqlr_wr *w)
{
    struct cqlr_frame f = {
        .version = 4, .stream = (int16_t)e->a->v[OPT_STREAM].n, .opcode = opcode};
    struct cqlr_bytes body = {e->body.p, e->body.n};
    f.flags |= e->a->v[OPT_TRACE].given ? CQLR_FLAG_TRACING : 0;
    cqlr_wr_room(w, CQLR_FRAME_HEADER);
    if (e->a->v[OPT_LZ4].given) {
        f.flags |= CQLR_FLAG_COMPRESSED;
        if (cqlr_lz4_write(w, body) && !w->rc)
            w->rc = CQLR_E_STATE;
    } else {
        cqlr_wr_raw(w, body.p, body.n);
    }
    if (w->rc)
        return wrote(w->rc);
    f.length = (uint32_t)(w->n - CQLR_FRAME_HEADER);
    cqlr_frame_write(w->p, &f);
    return 0;
}

static int frame_give(const struct args *a, const struct cqlr_wr *w)
{
    static const char digit[] = "0123456789abcdef";
    struct cqlr_wr hex;
    if (a->v[OPT_BINARY].given)
        return out_stdout(FRAME, (const char *)w->p, w->n);
    cqlr_wr_init(&hex, NULL, TEXT_LIMIT);
    for (size_t i = 0; i < w->n; i++) {
        cqlr_wr_u8(&hex, (uint8_t)digit[w->p[i] >> 4]);
        cqlr_wr_u8(&hex, (uint8_t)digit[w->p[i] & 15]);
    }
    cqlr_wr_u8(&hex, '\n');
    int rc = hex.rc ? wrote(hex.rc) : out_stdout(FRAME, (const char *)hex.p, hex.n);
    cqlr_wr_fini(&hex);
    return rc;
}

int frame_encode(const struct args *a)
{
    const struct message *m = a->rest_n > 1 ? message_find(a->rest[1]) : NULL;
    if (!m)
        return usage(a->rest_n > 1 ? "encode: there is no request \"%s\"" : "encode needs %s",
                     a->rest_n > 1 ? a->rest[1] : "the name of a request");
    struct encoder e = {.a = a, .word = a->rest + 2, .words = a->rest_n - 2};
    struct cqlr_wr frame;
    if (m->words >= 0 && e.words != (size_t)m->words)
        return usage(m->words ? "%s takes one argument" : "%s takes no argument",
                     cqlr_opcode_name(m->opcode));
    struct cqlr_wr *const writers[] = {&e.body, &e.values, &e.scratch, &e.state, &frame};
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        cqlr_wr_init(writers[i], NULL, 0);
    int rc = m->encode(&e);
    if (!rc)
        rc = frame_put(&e, m->opcode, &frame);
    if (!rc)
        rc = frame_give(a, &frame);
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        cqlr_wr_fini(writers[i]);
    return rc;
}
