/*
 * test_stub.c - what the stub server answers: statements, prepared ids, pages, the handshake.
 */
#include "tests/unit/stub_help.h"

#define ALL_OF    "SELECT column_name FROM system_schema.columns"
#define NO_SYNTAX CQLR_SERVER_SYNTAX_ERROR
#define INVALID   CQLR_SERVER_INVALID

/* ---- what it answers ---- */

static void statements_are_matched_or_refused(void **state)
{
    static const struct {
        const char *cql;
        int32_t code;
        uint32_t rows;
    } table[] = {
        {"SELECT * FROM system.local", 0, 1},
        {"SELECT key FROM system.local", 0, 1},
        {"select KEY, Tokens,key from SYSTEM.Local ;", 0, 1},
        {"\n SELECT\t\"key\" FROM \"system\" . \"local\" WHERE \"key\"='local'", 0, 1},
        {"SELECT key FROM system.local WHERE key = 'lo''cal'", 0, 0},
        {"SELECT key FROM system.local WHERE key='LOCAL'", 0, 0},
        {"SELECT * FROM system.peers", 0, 0},
        {"SELECT * FROM system.peers_v2 WHERE peer='10.0.0.1' AND peer_port=7000", 0, 0},
        {"SELECT * FROM system_schema.keyspaces", 0, 2},
        {"SELECT type FROM system_schema.columns WHERE keyspace_name='system' AND "
         "table_name='local' AND column_name='tokens'",
         0, 1},
        {"SELECT * from system_virtual_schema.keyspaces", 0, 1},
        {"SELECT column_name FROM system_schema.columns WHERE table_name='local' AND "
         "keyspace_name='system'",
         0, 20},
        {"", NO_SYNTAX, 0},
        {";", NO_SYNTAX, 0},
        {"SELECT", NO_SYNTAX, 0},
        {"SELECT key FROM", NO_SYNTAX, 0},
        {"SELECT key, FROM system.local", NO_SYNTAX, 0},
        {"SELECT count(*) FROM system.local", NO_SYNTAX, 0},
        {"SELECT key AS k FROM system.local", NO_SYNTAX, 0},
        {"SELECT key FROM system.local LIMIT 1", NO_SYNTAX, 0},
        {"SELECT key FROM system.local; SELECT key FROM system.local", NO_SYNTAX, 0},
        {"SELECT key FROM system.local WHERE key='local", NO_SYNTAX, 0},
        {"SELECT key FROM system.local WHERE key", NO_SYNTAX, 0},
        {"SELECT key FROM system.local WHERE key IN ('local')", NO_SYNTAX, 0},
        {"INSERT INTO system.local (key) VALUES ('x')", NO_SYNTAX, 0},
        {"SELECT \"KEY\" FROM system.local", INVALID, 0},
        {"SELECT nope FROM system.local", INVALID, 0},
        {"SELECT key FROM system.nope", INVALID, 0},
        {"SELECT key FROM nope.local", INVALID, 0},
        {"SELECT key FROM local", INVALID, 0},
        {"SELECT key FROM system.local WHERE rack='rack1'", INVALID, 0},
        {"SELECT key FROM system.local WHERE key='local' AND key='local'", INVALID, 0},
        {"SELECT key FROM system.local WHERE key=local", INVALID, 0},
        {"SELECT * FROM system.peers_v2 WHERE peer_port=7000", INVALID, 0},
        {"SELECT * FROM system.peers WHERE peer='x'", INVALID, 0},
        {"SELECT * FROM system.local WHERE key=?", INVALID, 0}, /* no value comes with it */
        {"USE nope", INVALID, 0},
    };
    struct fixture *f = start(0);
    struct client c;
    (void)state;
    client_start(&c, f);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int32_t code = query(&c, table[i].cql, NULL);
        if (code != table[i].code)
            print_message("%s\n", table[i].cql);
        assert_int_equal(code, table[i].code);
        if (code == 0)
            assert_int_equal(row_count(&c), table[i].rows);
    }
    client_close(&c);
    stop(f);
}

static void use_gives_unqualified_tables_their_keyspace(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    (void)state;
    client_start(&c, f);
    assert_int_equal(query(&c, "use System;", NULL), 0);
    assert_int_equal(result(&c).kind, CQLR_RESULT_SET_KEYSPACE);
    assert_memory_equal(result(&c).u.keyspace.p, "system", 6);
    assert_int_equal(query(&c, "SELECT key FROM local", NULL), 0);
    client_close(&c);
    stop(f);
}

static void the_row_of_local_is_that_of_a_real_server(void **state)
{
    static const char *const want =
        "key text,bootstrapped text,broadcast_address inet,broadcast_port int,cluster_name text,"
        "cql_version text,data_center text,gossip_generation int,host_id uuid,listen_address inet,"
        "listen_port int,native_protocol_version text,partitioner text,rack text,"
        "release_version text,rpc_address inet,rpc_port int,schema_version uuid,tokens set<text>,"
        "truncated_at map<uuid, blob>,";
    struct fixture *f = start(0);
    struct cqlr_value key = text_value("local"), cell[20];
    struct cqlr_wr got;
    struct client c;
    uint8_t id[16];
    size_t bytes = 0;
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    struct cqlr_result m = result(&c);
    assert_int_equal(m.u.prepared.markers.count, 1);
    assert_int_equal(m.u.prepared.pk.count, 1);
    assert_int_equal(m.u.prepared.result.count, 20);
    for (int i = 0; i < 3; i++) { /* made, kept, kept */
        assert_int_equal(execute(&c, id, &key, 1), 0);
        m = result(&c);
        assert_int_equal(m.u.rows.count, 1);
        struct cqlr_columns *col = cqlr_columns_new(&m.u.rows.spec, NULL, &c.err);
        assert_non_null(col);
        cqlr_wr_init(&got, NULL, 0);
        for (uint32_t k = 0; k < col->count; k++) {
            cqlr_wr_raw(&got, col->col[k].name.p, col->col[k].name.n);
            cqlr_wr_u8(&got, ' ');
            cqlr_type_print(&got, col->col[k].type);
            cqlr_wr_u8(&got, ',');
        }
        assert_int_equal(got.n, strlen(want));
        assert_memory_equal(got.p, want, got.n);
        cqlr_wr_fini(&got);
        cqlr_columns_free(col);
        assert_int_equal(cqlr_rows_next(&m.u.rows, cell), 1);
        bytes = 0;
        for (uint32_t k = 0; k < 20; k++) {
            assert_true(cell[k].n > 0);
            bytes += (size_t)cell[k].n;
        }
        assert_in_range(bytes, 6000, 6500);
        assert_memory_equal(cell[0].p, "local", 5);
        assert_int_equal(cqlr_be32(cell[18].p), 256);
    }
    client_close(&c);
    stop(f);
}

static void a_key_is_looked_at_each_time(void **state)
{
    const struct cqlr_value local = text_value("local"), other = text_value("other"),
                            nothing = text_value(""), null = {NULL, CQLR_NULL},
                            unset = {NULL, CQLR_UNSET}, two[] = {local, local};
    struct fixture *f = start(0);
    struct client c;
    uint8_t id[16];
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, MAIN_JOB, id), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(execute(&c, id, &local, 1), 0);
        assert_int_equal(row_count(&c), 1);
        assert_int_equal(execute(&c, id, &null, 1), INVALID);
        assert_int_equal(execute(&c, id, &unset, 1), INVALID);
        assert_int_equal(execute(&c, id, &nothing, 1), INVALID);
        assert_int_equal(execute(&c, id, NULL, 0), INVALID);
        assert_int_equal(execute(&c, id, two, 2), INVALID);
        assert_int_equal(execute(&c, id, &other, 1), 0);
        assert_int_equal(row_count(&c), 0);
    }
    client_close(&c);
    stop(f);
}

static void unknown_id_is_unprepared_with_the_id(void **state)
{
    const uint8_t id[16] = "0123456789abcde";
    struct fixture *f = start(0);
    struct client c;
    struct cqlr_error m;
    (void)state;
    client_start(&c, f);
    assert_int_equal(execute(&c, id, NULL, 0), CQLR_SERVER_UNPREPARED);
    struct cqlr_rd r = answer_body(&c);
    assert_int_equal(cqlr_error_read(&r, &m), 0);
    assert_int_equal(m.id.n, 16);
    assert_memory_equal(m.id.p, id, 16);
    client_close(&c);
    stop(f);
}

static void the_statement_not_used_for_longest_is_forgotten(void **state)
{
    const struct cqlr_value key = text_value("local");
    struct fixture *f = start(0);
    struct client c;
    uint8_t first[16], second[16], last[16];
    char cql[600] = MAIN_JOB;
    (void)state;
    client_start(&c, f);
    assert_int_equal(prepare(&c, cql, first), 0);
    for (int i = 1; i <= 256; i++) {
        size_t n = strlen(cql);
        memcpy(cql + n, " ", 2);
        assert_int_equal(prepare(&c, cql, i == 1 ? second : last), 0);
        assert_int_equal(execute(&c, i < 256 ? first : last, &key, 1), 0); /* keeps it in use */
    }
    assert_int_equal(execute(&c, first, &key, 1), 0);
    assert_int_equal(execute(&c, second, &key, 1), CQLR_SERVER_UNPREPARED);
    client_close(&c);
    stop(f);
}

/* EXECUTE with a page size that our own writer would refuse. */
static int32_t execute_with_page_size(struct client *c, const uint8_t id[16], int32_t page_size)
{
    struct cqlr_wr w = empty_body();
    cqlr_wr_short_bytes(&w, (struct cqlr_bytes){id, 16});
    cqlr_wr_u16(&w, CQLR_CL_ONE);
    cqlr_wr_u8(&w, CQLR_PARAM_PAGE_SIZE);
    cqlr_wr_i32(&w, page_size);
    ask(c, CQLR_OP_EXECUTE, &w);
    return error_code(c);
}

static void page_size_0_is_refused_and_a_negative_one_means_all(void **state)
{
    static const char *const cql[] = {"SELECT * FROM system.local", "SELECT * FROM system.peers"};
    struct fixture *f = start(0);
    struct client c;
    uint8_t id[16];
    (void)state;
    client_start(&c, f);
    for (int i = 0; i < 4; i++) { /* also when the answer is kept */
        assert_int_equal(prepare(&c, cql[i % 2], id), 0);
        assert_int_equal(execute_with_page_size(&c, id, 0), PROTOCOL);
        assert_int_equal(execute_with_page_size(&c, id, -1), 0);
        assert_int_equal(execute_with_page_size(&c, id, 1), 0);
        assert_int_equal(row_count(&c), i % 2 ? 0 : 1);
    }
    client_close(&c);
    stop(f);
}

static void pages_add_up_and_states_are_checked(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    struct cqlr_params p = {.consistency = CQLR_CL_ONE, .flags = CQLR_PARAM_PAGE_SIZE};
    uint8_t page_state[64];
    uint32_t all, sum = 0, pages = 0;
    (void)state;
    client_start(&c, f);
    assert_int_equal(query(&c, ALL_OF, NULL), 0);
    all = row_count(&c);
    p.page_size = 7;
    for (;; pages++) {
        assert_int_equal(query(&c, ALL_OF, &p), 0);
        sum += row_count(&c);
        struct cqlr_value next = result(&c).u.rows.paging_state;
        if (next.n == CQLR_NULL)
            break;
        assert_int_equal(row_count(&c), 7);
        assert_in_range(next.n, 1, sizeof page_state);
        memcpy(page_state, next.p, (size_t)next.n);
        p.paging_state = (struct cqlr_value){page_state, next.n};
        p.flags |= CQLR_PARAM_PAGING_STATE;
    }
    assert_int_equal(sum, all);
    assert_int_equal(pages, (all - 1) / 7);

    assert_int_equal(query(&c, ALL_OF, &p), 0);            /* may be used again */
    assert_int_equal(query(&c, ALL_OF " ", &p), PROTOCOL); /* of another statement */
    p.flags |= CQLR_PARAM_TIMESTAMP; /* stands behind the state, and would complete a short one */
    p.timestamp = INT64_C(7) << 56;
    for (p.paging_state.n--; p.paging_state.n > 0; p.paging_state.n--)
        assert_int_equal(query(&c, ALL_OF, &p), PROTOCOL);
    assert_int_equal(query(&c, ALL_OF, &p), PROTOCOL);
    client_close(&c);
    stop(f);
}

/* ---- the handshake ---- */

static void startup_is_checked(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const old[] = {"CQL_VERSION", "2.0.0", NULL};
    static const char *const snappy[] = {"CQL_VERSION", "3.0.0", "COMPRESSION", "snappy", NULL};
    struct fixture *f = start(0);
    struct client c;
    (void)state;
    client_open(&c, f);
    assert_int_equal(query(&c, "SELECT key FROM system.local", NULL), PROTOCOL);
    assert_int_equal(startup(&c, none), PROTOCOL);
    assert_int_equal(startup(&c, old), PROTOCOL);
    assert_int_equal(startup(&c, snappy), PROTOCOL);
    assert_int_equal(startup(&c, PLAIN), 0);
    assert_int_equal(c.head.opcode, CQLR_OP_READY);
    assert_int_equal(startup(&c, PLAIN), PROTOCOL);
    assert_int_equal(query(&c, "SELECT key FROM system.local", NULL), 0);
    client_close(&c);
    stop(f);
}

static void options_and_register_are_answered(void **state)
{
    struct fixture *f = start(0);
    struct client c;
    struct cqlr_wr w = empty_body();
    struct cqlr_supported m;
    struct cqlr_str key;
    struct cqlr_span values;
    (void)state;
    client_open(&c, f);
    ask(&c, CQLR_OP_OPTIONS, &w);
    struct cqlr_rd r = answer_body(&c);
    assert_int_equal(c.head.opcode, CQLR_OP_SUPPORTED);
    assert_int_equal(cqlr_supported_read(&r, &m), 0);
    assert_int_equal(m.options.count, 3);
    while (cqlr_string_multimap_next(&m.options, &key, &values))
        if (key.n == 11 && memcmp(key.p, "COMPRESSION", 11) == 0)
            assert_int_equal(values.count, 1);
    assert_int_equal(startup(&c, PLAIN), 0);
    for (int known = 1; known >= 0; known--) {
        w = empty_body();
        cqlr_wr_u16(&w, 1);
        cqlr_wr_string(&w, cqlr_cstr(known ? "STATUS_CHANGE" : "NO_SUCH_CHANGE"));
        ask(&c, CQLR_OP_REGISTER, &w);
        assert_int_equal(error_code(&c), known ? 0 : PROTOCOL);
    }
    client_close(&c);
    stop(f);
}

static void another_version_is_refused_in_version_4(void **state)
{
    static const uint8_t versions[] = {3, 5, 6, 66};
    struct fixture *f = start(0);
    (void)state;
    for (size_t i = 0; i < sizeof versions; i++) {
        struct client c;
        struct cqlr_wr w = empty_body();
        client_open(&c, f);
        cqlr_wr_u16(&w, 1);
        cqlr_wr_string(&w, cqlr_cstr("CQL_VERSION"));
        cqlr_wr_string(&w, cqlr_cstr("3.0.0"));
        put_frame(&c, versions[i], CQLR_OP_STARTUP, 0, &w);
        flush(&c);
        assert_true(next_answer(&c));
        assert_int_equal(c.head.version, 4);
        assert_int_equal(error_code(&c), PROTOCOL);
        assert_false(next_answer(&c)); /* and closes */
        cqlr_wr_fini(&w);
        client_close(&c);
    }
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_matched_or_refused),
        cmocka_unit_test(use_gives_unqualified_tables_their_keyspace),
        cmocka_unit_test(the_row_of_local_is_that_of_a_real_server),
        cmocka_unit_test(a_key_is_looked_at_each_time),
        cmocka_unit_test(unknown_id_is_unprepared_with_the_id),
        cmocka_unit_test(the_statement_not_used_for_longest_is_forgotten),
        cmocka_unit_test(page_size_0_is_refused_and_a_negative_one_means_all),
        cmocka_unit_test(pages_add_up_and_states_are_checked),
        cmocka_unit_test(startup_is_checked),
        cmocka_unit_test(options_and_register_are_answered),
        cmocka_unit_test(another_version_is_refused_in_version_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
