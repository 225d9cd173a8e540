/*
 * answer.c - a table from opcodes to functions that write the body of the answer.
 *
 * Each function writes to a frame that was begun and returns the answer's opcode, or FAILED with
 * the error to send instead; what it wrote is then dropped.
 */
#include <strings.h>

#include "answer.h"

#define FAILED (-1)

struct request {
    struct stub_session *s;
    cqlr_link *link;
    struct cqlr_rd r; /* the body */
    struct cqlr_err err;
    struct stub_failure failure;
    struct cqlr_bytes unknown_id; /* of UNPREPARED */
};

static int fail(struct request *q, int32_t code, const char *why)
{
    stub_fail(&q->failure, code, "%s", why);
    return FAILED;
}

static int fail_read(struct request *q)
{
    return fail(q, CQLR_SERVER_PROTOCOL_ERROR, q->err.text);
}

static bool text_is(struct cqlr_str s, const char *t)
{
    return s.n == strlen(t) && memcmp(s.p, t, s.n) == 0;
}

/* ---- OPTIONS, STARTUP, AUTH_RESPONSE, REGISTER ---- */

static void write_string(struct cqlr_wr *w, const char *s)
{
    cqlr_wr_string(w, cqlr_cstr(s));
}

static int answer_options(struct request *q, struct cqlr_wr *w)
{
    (void)q;
    cqlr_wr_u16(w, 3); /* a string multimap */
    write_string(w, "PROTOCOL_VERSIONS");
    cqlr_wr_u16(w, 1);
    write_string(w, "4/v4");
    write_string(w, "COMPRESSION");
    cqlr_wr_u16(w, cqlr_lz4_built());
    if (cqlr_lz4_built())
        write_string(w, "lz4");
    write_string(w, "CQL_VERSION");
    cqlr_wr_u16(w, 1);
    write_string(w, "3.4.7");
    return CQLR_OP_SUPPORTED;
}

/* In any case, as Cassandra takes it. */
static bool is_lz4(struct cqlr_str s)
{
    return cqlr_lz4_built() && s.n == 3 && strncasecmp(s.p, "lz4", 3) == 0;
}

static int answer_startup(struct request *q, struct cqlr_wr *w)
{
    struct cqlr_startup m;
    struct cqlr_str k, v;
    bool has_version = false, lz4 = false;
    if (cqlr_startup_read(&q->r, &m))
        return fail_read(q);
    if (q->s->started)
        return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: a second STARTUP");
    while (cqlr_string_map_next(&m.options, &k, &v)) {
        if (text_is(k, "COMPRESSION") && !(lz4 = is_lz4(v)))
            return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: unknown compression algorithm");
        if (text_is(k, "CQL_VERSION"))
            has_version = v.n > 2 && v.p[0] == '3' && v.p[1] == '.';
    }
    if (!has_version)
        return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: STARTUP needs a CQL_VERSION of 3.x");
    if (lz4 && cqlr_link_compress(q->link, CQLR_COMPRESSION_LZ4))
        return fail(q, CQLR_SERVER_SERVER_ERROR, "stub: no compression here");
    if (q->s->store->user.p) {
        q->s->asked = true;
        write_string(w, "org.apache.cassandra.auth.PasswordAuthenticator");
        return CQLR_OP_AUTHENTICATE;
    }
    q->s->started = true;
    return CQLR_OP_READY;
}

/* SASL PLAIN: [who to act as] NUL user NUL password, taken from the end as Cassandra does. */
static bool read_plain(struct cqlr_value token, struct cqlr_str *user, struct cqlr_str *password)
{
    const char *p = (const char *)token.p;
    const char *end = token.n > 0 ? p + token.n : p;
    const char *second = token.n > 0 ? memrchr(p, 0, (size_t)(end - p)) : NULL;
    const char *first = second ? memrchr(p, 0, (size_t)(second - p)) : NULL;
    if (!first)
        return false;
    *user = (struct cqlr_str){first + 1, (size_t)(second - first - 1)};
    *password = (struct cqlr_str){second + 1, (size_t)(end - second - 1)};
    return user->n && password->n;
}

static int answer_auth_response(struct request *q, struct cqlr_wr *w)
{
    const struct cqlr_auth_success success = {.token = {NULL, CQLR_NULL}};
    const struct stub_store *store = q->s->store;
    struct cqlr_auth_response m;
    struct cqlr_str user, password;
    if (!q->s->asked)
        return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: nobody asked for AUTH_RESPONSE");
    if (cqlr_auth_response_read(&q->r, &m))
        return fail_read(q);
    if (!read_plain(m.token, &user, &password))
        return fail(q, CQLR_SERVER_BAD_CREDENTIALS, "stub: a token of SASL PLAIN was expected");
    if (!cqlr_str_equal(user, store->user) || !cqlr_str_equal(password, store->password)) {
        stub_fail(&q->failure, CQLR_SERVER_BAD_CREDENTIALS,
                  "Provided username %.*s and/or password are incorrect", CQLR_STR(user));
        return FAILED;
    }
    q->s->asked = false;
    q->s->started = true;
    return cqlr_auth_success_write(w, &success) ? FAILED : CQLR_OP_AUTH_SUCCESS;
}

static int answer_register(struct request *q, struct cqlr_wr *w)
{
    struct cqlr_register m;
    struct cqlr_str name;
    (void)w;
    if (cqlr_register_read(&q->r, &m))
        return fail_read(q);
    while (cqlr_string_list_next(&m.events, &name))
        if (!text_is(name, "TOPOLOGY_CHANGE") && !text_is(name, "STATUS_CHANGE") &&
            !text_is(name, "SCHEMA_CHANGE"))
            return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: unknown event type");
    return CQLR_OP_READY;
}

/* ---- QUERY, PREPARE, EXECUTE ---- */

static bool consistency_is_known(struct request *q, const struct cqlr_params *p)
{
    return cqlr_consistency_name(p->consistency) ||
           stub_fail(&q->failure, CQLR_SERVER_PROTOCOL_ERROR, "stub: unknown consistency %u",
                     (unsigned)p->consistency);
}

static int answer_query(struct request *q, struct cqlr_wr *w)
{
    struct stub_session *s = q->s;
    struct cqlr_query m;
    struct stub_statement st;
    uint8_t id[16];
    uint32_t rows;
    if (cqlr_query_read(&q->r, &m))
        return fail_read(q);
    if (!consistency_is_known(q, &m.params) ||
        !stub_statement_read(&s->store->tables, s->keyspace, m.cql, &st, &q->failure))
        return FAILED;
    if (st.use) {
        s->keyspace = st.use;
        return cqlr_set_keyspace_write(w, cqlr_cstr(st.use)) ? FAILED : CQLR_OP_RESULT;
    }
    stub_prepared_id(id, s->keyspace, m.cql);
    return stub_select_rows(w, &st, id, &m.params, &rows, &q->failure) ? CQLR_OP_RESULT : FAILED;
}

static int answer_prepare(struct request *q, struct cqlr_wr *w)
{
    struct stub_session *s = q->s;
    struct cqlr_prepare m;
    if (cqlr_prepare_read(&q->r, &m))
        return fail_read(q);
    const struct stub_prepared *ps =
        stub_prepare(&s->store->prepared, &s->store->tables, s->keyspace, m.cql, &q->failure);
    return ps && stub_select_prepared(w, &ps->statement, ps->id) ? CQLR_OP_RESULT : FAILED;
}

static int answer_execute(struct request *q, struct cqlr_wr *w)
{
    struct cqlr_execute m;
    if (cqlr_execute_read(&q->r, &m))
        return fail_read(q);
    struct stub_prepared *ps = stub_prepared_find(&q->s->store->prepared, m.id);
    if (!ps) {
        q->unknown_id = m.id;
        return fail(q, CQLR_SERVER_UNPREPARED, "stub: no prepared statement with this id");
    }
    if (!consistency_is_known(q, &m.params))
        return FAILED;
    return stub_prepared_rows(ps, w, &m.params, &q->failure) ? CQLR_OP_RESULT : FAILED;
}

static int answer_batch(struct request *q, struct cqlr_wr *w)
{
    (void)w;
    return fail(q, CQLR_SERVER_SYNTAX_ERROR, "stub: unknown statement");
}

/* ---- the table ---- */

static int (*const answers[])(struct request *, struct cqlr_wr *) = {
    [CQLR_OP_STARTUP] = answer_startup, [CQLR_OP_OPTIONS] = answer_options,
    [CQLR_OP_QUERY] = answer_query,     [CQLR_OP_PREPARE] = answer_prepare,
    [CQLR_OP_EXECUTE] = answer_execute, [CQLR_OP_REGISTER] = answer_register,
    [CQLR_OP_BATCH] = answer_batch,     [CQLR_OP_AUTH_RESPONSE] = answer_auth_response,
};

static int answer_body(struct request *q, uint8_t opcode, struct cqlr_wr *w)
{
    if (opcode >= sizeof answers / sizeof *answers || !answers[opcode])
        return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: unsupported message");
    if (q->s->asked && opcode != CQLR_OP_AUTH_RESPONSE)
        return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: expected AUTH_RESPONSE");
    if (!q->s->started && !q->s->asked && opcode != CQLR_OP_STARTUP && opcode != CQLR_OP_OPTIONS)
        return fail(q, CQLR_SERVER_PROTOCOL_ERROR, "stub: expected STARTUP or OPTIONS");
    return answers[opcode](q, w);
}

static int answer_error(const struct request *q, cqlr_link *l, int16_t stream)
{
    struct cqlr_error m = {.code = q->failure.code, .message = cqlr_cstr(q->failure.text)};
    struct cqlr_wr *w = cqlr_link_begin(l);
    m.id = q->unknown_id;
    if (!w)
        return CQLR_E_STATE;
    int rc = cqlr_error_write(w, &m);
    return rc ? rc : cqlr_link_respond(l, CQLR_OP_ERROR, 0, stream);
}

int stub_answer(struct stub_session *s, cqlr_link *l, const struct cqlr_event *request)
{
    struct request q = {
        .s = s, .link = l, .failure = {CQLR_SERVER_SERVER_ERROR, "stub: out of memory"}};
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (!w)
        return CQLR_E_STATE;
    cqlr_rd_init(&q.r, request->body.p, request->body.n, &q.err);
    int opcode = answer_body(&q, request->opcode, w);
    if (opcode != FAILED)
        return cqlr_link_respond(l, (uint8_t)opcode, 0, request->stream);
    cqlr_link_drop(l);
    return answer_error(&q, l, request->stream);
}
