/*
 * A server that lies, and what the client makes of it: an error with the place, an end of that
 * connection, little memory. And what of statements and values must be exact on the wire.
 */
#include "tests/unit/client_help.h"

/* ---- answers ---- */

/* What the server sends as the answer to the first request behind the handshake. */
struct attack {
    bool prepare; /* to PREPARE, else to QUERY */
    const char *body;
    size_t n;
    unsigned times;     /* the body is followed by as many "\0\x20" */
    uint32_t announced; /* the length in the header; 0: the true one */
    const char *says;
};

#define BODY(text) text, sizeof(text) - 1

static const struct attack attacks[] = {
    {false, BODY(""), 0, 0xFFFFFFFF, "frame header: body of 4294967295 bytes"},
    {false, BODY("\0\0\0\2"), 0, 0x7FFFFFFF, "frame header: body of 2147483647 bytes"},
    {false, BODY("\0\0\0\2\0\0\0\1\x7F\xFF\xFF\xFF\0\1a\0\1b"), 0, 0,
     "RESULT: column specs: need 8589934588 bytes, 6 left"},
    {false, BODY("\0\0\0\2\0\0\0\1\0\0\0\1\0\1k\0\1t\0\1c"), 300000, 0, "nested too deep"},
    {true, BODY("\0\0\0\4\0\2id\0\0\0\0\0\0\0\1\x80\0\0\1\0\0"), 0, 0,
     "RESULT: partition key count: negative count"},
    {true, BODY("\0\0\0\4\0\2id\0\0\0\0\0\0\0\1\xFF\xFF\xFF\xFF\0\0"), 0, 0,
     "RESULT: partition key count: negative count"},
    {true, BODY("\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\0"), 0, 0,
     "Prepared: the statement id is empty"},
    {true, BODY("\0\0\0\4\0\2id\0\0\0\0\0\0\0\0\0\0\0\0"), 0, 0, "metadata flags: need 4 bytes"},
    {true, BODY("\0\0\0\1"), 0, 0, "PREPARE was not answered by Prepared"},
    {false, BODY("\0\0\0\4\0\2id\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\0"), 0, 0,
     "Prepared, but nothing was to be prepared"},
};

static const struct attack *attack; /* set before the server's process is made */

static void attacks_once(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    struct cqlr_wr *w = cqlr_link_begin(l);
    const uint8_t *header;
    (void)shared;
    cqlr_wr_raw(w, attack->body, attack->n);
    for (unsigned i = 0; i < attack->times; i++)
        cqlr_wr_raw(w, "\0\x20", 2);
    respond(l, CQLR_OP_RESULT, ev);
    if (attack->announced && cqlr_link_out(l, &header))
        cqlr_put32((uint8_t *)header + 5, attack->announced);
}

/* What is allocated now and was at most. */
struct counted {
    struct cqlr_mem mem;
    size_t live, peak;
};

static void *counted_resize(void *arg, void *p, size_t old, size_t n)
{
    const struct cqlr_mem *heap = cqlr_mem_default();
    struct counted *c = arg;
    c->live = c->live - old + n;
    if (c->live > c->peak)
        c->peak = c->live;
    return heap->resize(heap->arg, p, old, n);
}

static void suffer(const struct attack *a)
{
    const size_t may = 1024 * 1024 + 2 * (size_t)a->times;
    struct counted c = {.mem = {counted_resize, &c}};
    struct fixture f;
    attack = a;
    f.server = scripted_server_start(attacks_once);
    f.cl = new_client(&f, 5000 * MS, &c.mem);
    assert_int_equal(cqlr_sync_connect(f.cl), 0);
    if (a->prepare)
        assert_null(cqlr_sync_prepare(f.cl, cqlr_cstr("SELECT")));
    else
        assert_null(cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL));
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_PROTO);
    if (!strstr(cqlr_client_err(f.cl)->text, a->says))
        fail_msg("\"%s\" is not in: %s", a->says, cqlr_client_err(f.cl)->text);
    if (c.peak > may)
        fail_msg("%s: %zu bytes", a->says, c.peak);
    assert_null(cqlr_sync_query(f.cl, cqlr_cstr("SELECT"), NULL)); /* not on this connection */
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_STATE);
    assert_int_equal(cqlr_sync_connect(f.cl), 0); /* but on the next */
    finish(&f);
    assert_int_equal(c.live, 0);
}

static void an_answer_that_lies_ends_its_connection_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
        suffer(&attacks[i]);
}

/* ---- what goes on the wire ---- */

static const struct cqlr_type udt_type = {
    .id = CQLR_TYPE_UDT,
    .count = 3,
    .sub = (const struct cqlr_type[]){{.id = CQLR_TYPE_INT},
                                      {.id = CQLR_TYPE_INT},
                                      {.id = CQLR_TYPE_INT}},
    .field = (const struct cqlr_str[]){{"a", 1}, {"b", 1}, {"c", 1}},
    .name = {"u", 1},
};

enum { NOTED = 3, NOTED_BYTES = 4 }; /* shared: how many bytes the last EXECUTE had, and they */

static void note(const struct cqlr_event *ev, volatile unsigned *shared)
{
    shared[NOTED] = (unsigned)ev->body.n;
    for (size_t i = 0; i < ev->body.n && i < 1000; i++)
        shared[NOTED_BYTES + i] = ev->body.p[i];
}

/* Prepares with markers a int, b text, c u; notes EXECUTE and answers with Void. */
static void notes_values(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    static const struct cqlr_type text = {.id = CQLR_TYPE_VARCHAR};
    struct cqlr_column col[3] = {key_column, key_column, key_column};
    struct cqlr_wr *w = cqlr_link_begin(l);
    int rc;
    col[1].type = &text;
    col[2].type = &udt_type;
    if (ev->opcode == CQLR_OP_PREPARE) {
        rc = cqlr_prepared_write(w, (struct cqlr_bytes){(const uint8_t *)"id", 2}, col, 3, NULL, 0,
                                 NULL, 0);
    } else {
        note(ev, shared);
        rc = cqlr_void_write(w);
    }
    if (rc < 0)
        _exit(3);
    respond(l, CQLR_OP_RESULT, ev);
}

/* id "id", LOCAL_ONE, values, and a page size behind them. */
static void assert_sent(const struct fixture *f, const char *values, size_t n)
{
    uint8_t want[200] = "\0\2id\0\x0A\x05\0\3";
    assert_true(9 + n + 4 <= sizeof want);
    memcpy(want + 9, values, n);
    memcpy(want + 9 + n, "\0\0\x13\x88", 4);
    assert_int_equal(f->server.shared[NOTED], 9 + n + 4);
    for (size_t i = 0; i < 9 + n + 4; i++)
        assert_int_equal(f->server.shared[NOTED_BYTES + i], want[i]);
}

static void executes(struct fixture *f, cqlr_bound *b)
{
    cqlr_reply *r = cqlr_sync_execute(f->cl, b);
    if (!r)
        fail_msg("%s", cqlr_client_err(f->cl)->text);
    cqlr_reply_free(r);
}

static void null_unset_and_empty_are_three_things_on_the_wire(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, notes_values, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_null(b, 0), 0);
    assert_int_equal(cqlr_bound_text(b, 1, cqlr_cstr("")), 0);
    assert_int_equal(cqlr_bound_unset(b, 2), 0);
    executes(&f, b);
    assert_sent(&f, BODY("\xFF\xFF\xFF\xFF\0\0\0\0\xFF\xFF\xFF\xFE"));
    assert_int_equal(cqlr_bound_bytes(b, 2, "", 0), 0); /* set again, and out of turn */
    assert_int_equal(cqlr_bound_unset(b, 0), 0);
    assert_int_equal(cqlr_bound_null(b, 1), 0);
    executes(&f, b);
    assert_sent(&f, BODY("\xFF\xFF\xFF\xFE\xFF\xFF\xFF\xFF\0\0\0\0"));
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void a_field_that_is_missing_is_null_in_its_place(void **state)
{
    static const char value[] = "\0\0\0\x10\xFF\xFF\xFF\xFF\0\0\0\4\0\0\0\7\xFF\xFF\xFF\xFF";
    struct fixture f;
    (void)state;
    start(&f, notes_values, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_null(b, 0), 0);
    assert_int_equal(cqlr_bound_null(b, 1), 0);
    assert_int_equal(cqlr_bound_text(b, 2, cqlr_cstr("{b: 7}")), 0);
    executes(&f, b);
    char all[8 + sizeof value - 1] = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    memcpy(all + 8, value, sizeof value - 1);
    assert_sent(&f, all, sizeof all);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

static void as_many_values_as_markers_are_sent_or_none(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, notes_values, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 1), 0);
    assert_int_equal(cqlr_bound_null(b, 2), 0);
    assert_null(cqlr_sync_execute(f.cl, b)); /* b has none */
    assert_int_equal(cqlr_client_err(f.cl)->code, CQLR_E_USAGE);
    assert_int_equal(cqlr_bound_null(b, 3), CQLR_E_RANGE);
    assert_int_equal(cqlr_bound_unset(b, 3), CQLR_E_RANGE);
    assert_int_equal(cqlr_bound_bytes(b, 3, "x", 1), CQLR_E_RANGE);
    assert_int_equal(f.server.shared[NOTED], 0);
    assert_int_equal(cqlr_bound_null(b, 1), 0); /* the connection is as good as before */
    executes(&f, b);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

/* ---- ids and columns ---- */

enum { LONGEST = 65535 };

static void has_the_longest_id(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    static uint8_t id[LONGEST];
    struct cqlr_execute m;
    struct cqlr_err err;
    struct cqlr_rd r;
    memset(id, 0xA5, sizeof id);
    if (ev->opcode == CQLR_OP_PREPARE) {
        if (cqlr_prepared_write(cqlr_link_begin(l), (struct cqlr_bytes){id, LONGEST}, NULL, 0, NULL,
                                0, NULL, 0) < 0)
            _exit(3);
        respond(l, CQLR_OP_RESULT, ev);
        return;
    }
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (cqlr_execute_read(&r, &m) < 0)
        _exit(4);
    shared[EXECUTES] += m.id.n == LONGEST && memcmp(m.id.p, id, LONGEST) == 0;
    if (cqlr_void_write(cqlr_link_begin(l)) < 0)
        _exit(3);
    respond(l, CQLR_OP_RESULT, ev);
}

static void an_id_may_be_as_long_as_an_id_can_be(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, has_the_longest_id, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    executes(&f, b);
    assert_int_equal(f.server.shared[EXECUTES], 1);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

/* The first EXECUTE is answered with the column of Prepared, later ones with one more in front, as
 * after ALTER TABLE. shared[NOTED] counts requests to leave the metadata out. */
static void changes_columns(cqlr_link *l, const struct cqlr_event *ev, volatile unsigned *shared)
{
    static const struct cqlr_type text = {.id = CQLR_TYPE_VARCHAR};
    struct cqlr_column col[2] = {key_column, key_column};
    struct cqlr_execute m;
    struct cqlr_err err;
    struct cqlr_rd r;
    if (ev->opcode == CQLR_OP_PREPARE) {
        answer_prepared(l, ev, first_id);
        return;
    }
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &err);
    if (cqlr_execute_read(&r, &m) < 0)
        _exit(4);
    shared[NOTED] += (m.params.flags & CQLR_PARAM_SKIP_METADATA) != 0;
    if (shared[EXECUTES]++ == 0) {
        answer_rows(l, ev, 7, 1, NULL);
        return;
    }
    struct cqlr_wr *w = cqlr_link_begin(l);
    col[0].name = cqlr_cstr("new");
    col[0].type = &text;
    rows(w, col, 2, 1);
    put(w, "hey", 3);
    put(w, "\0\0\0\7", 4);
    respond(l, CQLR_OP_RESULT, ev);
}

static void columns_that_have_changed_are_those_of_the_answer(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, changes_columns, 5000 * MS);
    cqlr_prepared *ps = prepare(&f);
    cqlr_bound *b = cqlr_bound_new(ps);
    assert_int_equal(cqlr_bound_int(b, 0, 7), 0);
    for (uint32_t i = 0; i < 3; i++) {
        struct cqlr_row row;
        uint32_t extra = i > 0;
        cqlr_reply *r = cqlr_sync_execute(f.cl, b);
        assert_non_null(r);
        assert_int_equal(cqlr_reply_columns(r)->count, 1 + extra);
        assert_int_equal(cqlr_reply_columns(r)->col[extra].type->id, CQLR_TYPE_INT);
        assert_int_equal(cqlr_reply_next(r, &row), 1);
        assert_int_equal(cqlr_row_int(&row, extra), 7);
        if (extra)
            assert_memory_equal(cqlr_row_text(&row, 0).p, "hey", 3);
        cqlr_reply_free(r);
    }
    assert_int_equal(f.server.shared[NOTED], 0);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_lies_ends_its_connection_and_nothing_else),
        cmocka_unit_test(null_unset_and_empty_are_three_things_on_the_wire),
        cmocka_unit_test(a_field_that_is_missing_is_null_in_its_place),
        cmocka_unit_test(as_many_values_as_markers_are_sent_or_none),
        cmocka_unit_test(an_id_may_be_as_long_as_an_id_can_be),
        cmocka_unit_test(columns_that_have_changed_are_those_of_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
