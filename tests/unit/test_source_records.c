/*
 * CSV, NDJSON and workload lines from a descriptor → texts, and from these into bound values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/bulk/source/source_lines.h"
#include "src/client/internal.h"

#define PIECE 60000 /* fits a pipe */

static struct cqlr_err err;

/* A pipe with these bytes in it, and its other end closed. */
static int holds(const char *input, size_t n)
{
    int p[2];
    assert_int_equal(pipe(p), 0);
    assert_int_equal(write(p[1], input, n), n);
    close(p[1]);
    return p[0];
}

/* ---- input → texts ---- */

static void print_texts(struct cqlr_wr *out, struct cqlr__lines *l)
{
    for (size_t off = 0; off < l->texts.n;) {
        struct cqlr_value text;
        struct cqlr_str record;
        uint64_t line;
        char number[24];
        memcpy(&text.n, l->texts.p + off, 4);
        text.p = l->texts.p + off + 4;
        off += 4 + (size_t)text.n;
        record = cqlr__text_record(l->form, text, &line);
        snprintf(number, sizeof number, "%llu:", (unsigned long long)line);
        cqlr_wr_raw(out, number, strlen(number));
        cqlr_wr_raw(out, record.p, record.n);
        cqlr_wr_u8(out, l->form == CQLR__SOURCE_WORKLOAD && !l->idempotent ? '!' : '|');
    }
    cqlr_wr_u8(out, l->count ? ';' : '.');
    cqlr_wr_reset(&l->texts);
    l->count = 0;
}

/* The texts of units of two, as "line:record|line:record|;", when the input comes in two pieces. */
static void print_units(struct cqlr_wr *out, const cqlr_source *s, int to, const char *rest)
{
    struct cqlr__lines l;
    bool full;
    cqlr__lines_init(&l, s);
    do {
        while ((full = cqlr__lines_gather(&l, 2)))
            print_texts(out, &l);
        if (!l.ended) {
            assert_true(cqlr__lines_read(&l, &err) >= 0);
            if (to >= 0) {
                assert_int_equal(write(to, rest, strlen(rest)), strlen(rest));
                close(to);
                to = -1;
            }
        } else if (l.count) {
            print_texts(out, &l);
        }
    } while (!l.ended || cqlr__lines_gather(&l, 2) || l.count);
    cqlr__lines_fini(&l);
}

static cqlr_source *source_of(enum cqlr__source_form form, int fd)
{
    return form == CQLR__SOURCE_WORKLOAD
               ? cqlr_source_workload(fd, &err)
               : cqlr_source_records(
                     fd, form == CQLR__SOURCE_CSV ? CQLR_RECORDS_CSV : CQLR_RECORDS_NDJSON, &err);
}

static void gives(enum cqlr__source_form form, const char *head, const char *input,
                  const char *want)
{
    for (size_t cut = 0; cut <= strlen(input); cut++) {
        struct cqlr_wr out;
        cqlr_source *s;
        int p[2];
        assert_int_equal(pipe(p), 0);
        assert_int_equal(write(p[1], head, strlen(head)), strlen(head));
        assert_int_equal(write(p[1], input, cut), cut);
        s = source_of(form, p[0]);
        assert_non_null(s);
        assert_true(cqlr_source_total(s) == UINT64_MAX);
        cqlr_wr_init(&out, NULL, 0);
        print_units(&out, s, p[1], input + cut);
        cqlr_wr_u8(&out, 0);
        assert_string_equal((const char *)out.p, want);
        cqlr_wr_fini(&out);
        cqlr_source_free(s);
        close(p[0]);
    }
}

static void records_keep_their_line_numbers_however_they_arrive(void **state)
{
    (void)state;
    gives(CQLR__SOURCE_CSV, "a,b\n", "1,2\r\n\n\"x\ny\",3\n4,5\n6,7",
          "2:1,2|4:\"x\ny\",3|;6:4,5|7:6,7|;");
    gives(CQLR__SOURCE_CSV, "\"a\n\"\r\n", "1\n\n\"\"\n", "3:1|4:|;5:\"\"|;");
    gives(CQLR__SOURCE_CSV, "a,b\n", "1,\"2\n3,4\n", "2:1,\"2\n3,4|;");
    gives(CQLR__SOURCE_CSV, "a\n", "", "");
    gives(CQLR__SOURCE_NDJSON, "", "{}\n  \n\r\n[1]\r\n\t\n{\"a\":2}", "1:{}|4:[1]|;6:{\"a\":2}|;");
}

static void a_unit_of_a_workload_is_all_idempotent_or_not_at_all(void **state)
{
    (void)state;
    gives(CQLR__SOURCE_WORKLOAD, "",
          "{\"query\":\"SELECT 1\"}\n\n{\"params\":[{\"query\":1}],\"query\":\" \\nselect\\tx\"}\n"
          "{\"query\":\"INSERT\"}\n{\"query\":\"SELECT*\"}\nnonsense\n{\"query\":\"SELECTS\"}",
          "1:{\"query\":\"SELECT "
          "1\"}|3:{\"params\":[{\"query\":1}],\"query\":\" \\nselect\\tx\"}|;"
          "4:{\"query\":\"INSERT\"}!;5:{\"query\":\"SELECT*\"}|;"
          "6:nonsense!7:{\"query\":\"SELECTS\"}!;");
}

static void header_is(const char *input, const char *want)
{
    int fd = holds(input, strlen(input));
    cqlr_source *s = cqlr_source_records(fd, CQLR_RECORDS_CSV, &err);
    char got[200] = "";
    if (s) {
        for (size_t i = 0; i < s->columns; i++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s|", s->column[i]);
        assert_string_equal(got, want);
    } else {
        assert_string_equal(err.text, want);
    }
    cqlr_source_free(s);
    close(fd);
}

static void the_first_record_names_the_columns(void **state)
{
    int fd;
    (void)state;
    header_is("id,name\n1,2\n", "id|name|");
    header_is("\xEF\xBB\xBFid,\"a \"\"b\"\", c\"\r\n", "id|a \"b\", c|");
    header_is("id", "id|");
    header_is("id,,\n", "id|||");
    header_is("", "CSV header: there is none");
    header_is("\n1\n", "CSV header: the first line is empty");
    header_is("\"id\nx\n", "CSV header: line 1: closing quote missing");
    fd = holds("a\0b\n", 4);
    assert_null(cqlr_source_records(fd, CQLR_RECORDS_CSV, &err));
    assert_int_equal(err.code, CQLR_E_TYPE);
    close(fd);
    assert_null(cqlr_source_records(9999, CQLR_RECORDS_CSV, &err));
    assert_int_equal(err.code, CQLR_E_IO);
}

static void a_record_of_more_than_16_mib_is_named(void **state)
{
    static const enum cqlr__source_form form[] = {CQLR__SOURCE_CSV, CQLR__SOURCE_NDJSON};
    char *big = malloc(PIECE);
    (void)state;
    memset(big, '\n', PIECE); /* within quotes newlines end nothing */
    for (size_t f = 0; f < 2; f++) {
        struct cqlr__lines l;
        cqlr_source *s;
        int fds[2], rc = 1;
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(write(fds[1], "a\n1\n\"", 5), 5);
        s = source_of(form[f], fds[0]);
        cqlr__lines_init(&l, s);
        for (int i = 0; i < 300 && rc == 1; i++) {
            assert_false(cqlr__lines_gather(&l, 100));
            assert_int_equal(write(fds[1], big, PIECE), PIECE);
            rc = cqlr__lines_read(&l, &err);
        }
        assert_int_equal(rc, CQLR_E_LIMIT);
        assert_string_equal(err.text, "parameters, line 3: longer than 16 MiB");
        cqlr__lines_fini(&l);
        cqlr_source_free(s);
        close(fds[0]);
        close(fds[1]);
        memset(big, 'x', PIECE);
    }
    free(big);
}

/* ---- texts → bound values ---- */

/* A statement with the markers id int, name text, id again, tags list<int>; no server has seen it.
 */
static struct {
    cqlr_client *client;
    cqlr_prepared prepared;
    cqlr_bound *bound;
} st;

static int make_statement(void **state)
{
    const struct cqlr_type number = {.id = CQLR_TYPE_INT}, text = {.id = CQLR_TYPE_VARCHAR};
    const struct cqlr_type list = {.id = CQLR_TYPE_LIST, .count = 1, .sub = &number};
    const struct cqlr_type *const type[] = {&number, &text, &number, &list};
    const char *const name[] = {"id", "name", "id", "tags"};
    struct cqlr_client_opts o;
    struct cqlr_spec spec = {.count = 4};
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    for (size_t i = 0; i < 4; i++)
        cqlr_column_write(&w, &(struct cqlr_column){cqlr_cstr("ks"), cqlr_cstr("t"),
                                                    cqlr_cstr(name[i]), type[i]});
    spec.bytes = (struct cqlr_bytes){w.p, w.n};
    cqlr_client_opts_init(&o, sizeof o);
    st.client = cqlr_client_new(&o);
    st.prepared = (cqlr_prepared){
        .client = st.client, .mem = st.client->mem, .markers = cqlr_columns_new(&spec, NULL, &err)};
    assert_non_null(st.prepared.markers);
    st.bound = cqlr_bound_new(&st.prepared);
    cqlr_wr_fini(&w);
    return 0;
}

static int free_statement(void **state)
{
    (void)state;
    cqlr_bound_free(st.bound);
    cqlr_columns_free(st.prepared.markers);
    cqlr_client_free(st.client);
    return 0;
}

/* The values as text between bars, or the error. */
static const char *bound(cqlr__binder *b, enum cqlr__source_form form, const char *record)
{
    static char shown[600];
    const uint64_t line = 7;
    struct cqlr_wr text, out;
    int rc;
    cqlr_wr_init(&text, NULL, 0);
    cqlr_wr_init(&out, NULL, 0);
    if (form != CQLR__SOURCE_LINES)
        cqlr_wr_raw(&text, &line, sizeof line);
    cqlr_wr_raw(&text, record, strlen(record));
    cqlr_bound_reset(st.bound);
    rc = cqlr__binder_bind(b, st.bound, 0, (struct cqlr_value){text.p, (int32_t)text.n}, &err);
    if (rc)
        cqlr_wr_raw(&out, err.text, strlen(err.text));
    for (uint32_t i = 0; i < st.prepared.markers->count && !rc; i++) {
        assert_int_equal(cqlr_value_print(&out, st.prepared.markers->col[i].type,
                                          cqlr_bound_value(st.bound, i), CQLR_LITERAL, &err),
                         0);
        cqlr_wr_u8(&out, '|');
    }
    snprintf(shown, sizeof shown, "%.*s", (int)out.n, (const char *)out.p);
    assert_true(!rc || (rc == err.code && rc < 0));
    cqlr_wr_fini(&text);
    cqlr_wr_fini(&out);
    return shown;
}

static cqlr_source *csv(const char *header)
{
    int fd = holds(header, strlen(header));
    cqlr_source *s = cqlr_source_records(fd, CQLR_RECORDS_CSV, &err);
    assert_non_null(s);
    close(fd);
    return s;
}

static void cells_bind_the_markers_of_their_names(void **state)
{
    const enum cqlr__source_form f = CQLR__SOURCE_CSV;
    cqlr_source *s = csv("x,name,tags,id,x\n");
    cqlr__binder *b;
    (void)state;
    assert_int_equal(cqlr__source_check(s, st.prepared.markers, &err), 0);
    b = cqlr__binder_new(s, st.prepared.markers, &err);
    assert_non_null(b);
    assert_string_equal(bound(b, f, "?,Ann,\"[1, 2]\",5,"), "5|'Ann'|5|[1, 2]|");
    assert_string_equal(bound(b, f, ",,,-3,"), "-3|null|-3|null|");
    assert_string_equal(bound(b, f, ",\"\",\\N,\\N,"), "null|''|null|null|");
    assert_string_equal(bound(b, f, ",\"\\N\",\"[]\",0,"), "0|'\\N'|0|[]|");
    assert_string_equal(bound(b, f, ",\"a \"\"b\"\"\n, c\",,\"7\",\"\""),
                        "7|'a \"b\"\n, c'|7|null|");
    assert_string_equal(bound(b, f, ",n,,4x,"), "line 7: id: '4x' is not an int");
    assert_string_equal(bound(b, f, ",n,[],4"), "line 7: 4 cells, the header has 5");
    assert_string_equal(bound(b, f, ",n,[],4,,"), "line 7: 6 cells, the header has 5");
    assert_string_equal(bound(b, f, ""), "line 7: 1 cells, the header has 5");
    assert_string_equal(bound(b, f, "\"\n\",\"n\"x,[],4,"), "line 8: text behind a closing quote");
    assert_string_equal(bound(b, f, ",\"n,[],4"), "line 7: closing quote missing");
    cqlr__binder_free(b);
    cqlr_source_free(s);
}

static void a_header_that_cannot_bind_stops_the_run(void **state)
{
    static const char *const header[][2] = {
        {"id,name\n", "marker 4 (tags): no column of this name in the CSV header"},
        {"id,name,ID,tags,name\n", "column name stands in the CSV header twice"},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cqlr_source *s = csv(header[i][0]);
        assert_int_equal(cqlr__source_check(s, st.prepared.markers, &err), CQLR_E_RANGE);
        assert_string_equal(err.text, header[i][1]);
        assert_null(cqlr__binder_new(s, st.prepared.markers, &err));
        cqlr_source_free(s);
    }
}

static void json_binds_by_key_or_by_position(void **state)
{
    const enum cqlr__source_form f = CQLR__SOURCE_NDJSON;
    cqlr_source *s = cqlr_source_records(0, CQLR_RECORDS_NDJSON, &err);
    cqlr__binder *b;
    (void)state;
    assert_int_equal(cqlr__source_check(s, st.prepared.markers, &err), 0);
    b = cqlr__binder_new(s, st.prepared.markers, &err);
    assert_string_equal(
        bound(b, f, "{\"tags\":[1,2], \"x\":{\"id\":9}, \"\\u0069d\":5, \"name\":\"A\\n\"}"),
        "5|'A\n'|5|[1, 2]|");
    assert_string_equal(bound(b, f, " {\"id\":null,\"name\":\"\",\"tags\": null} "),
                        "null|''|null|null|");
    assert_string_equal(bound(b, f, "[1, \"null\", 2, []]"), "1|'null'|2|[]|");
    assert_string_equal(bound(b, f, "{\"id\":1,\"tags\":[]}"), "line 7: no value for marker name");
    assert_string_equal(bound(b, f, "{\"id\":1,\"name\":\"\",\"tags\":[],\"id\":1}"),
                        "line 7: id: its key stands there twice");
    assert_string_equal(bound(b, f, "[1,\"\",2]"), "line 7: 3 values, the statement has 4 markers");
    assert_string_equal(bound(b, f, "[1,\"\",2,[],5]"),
                        "line 7: 5 values, the statement has 4 markers");
    assert_string_equal(bound(b, f, "7"), "line 7: parameters are an object or an array");
    assert_int_equal(strncmp(bound(b, f, "[1,\"\",2,[]] x"), "line 7: JSON: ", 14), 0);
    assert_int_equal(strncmp(bound(b, f, "{\"id\":1"), "line 7: JSON: ", 14), 0);
    assert_int_equal(
        strncmp(bound(b, f, "{\"id\":1,\"name\":\"\",\"tags\":[],\"x\":01}"), "line 7: JSON: ", 14),
        0);
    assert_int_equal(strncmp(bound(b, f, "[2147483648,\"\",2,[]]"), "line 7: id: ", 12), 0);
    cqlr__binder_free(b);
    cqlr_source_free(s);
}

static void workload_is(const char *line, const char *want_query, const char *want_params)
{
    struct cqlr_wr query;
    struct cqlr_str params;
    int rc;
    cqlr_wr_init(&query, NULL, 0);
    rc = cqlr__workload_read(cqlr_cstr(line), &query, &params, &err);
    cqlr_wr_u8(&query, 0);
    assert_true(rc == 0 || rc == CQLR_E_TYPE);
    assert_string_equal(rc ? err.text : (const char *)query.p, want_query);
    if (rc == 0 && want_params) {
        assert_int_equal(params.n, strlen(want_params));
        assert_memory_equal(params.p, want_params, params.n);
    } else if (rc == 0) {
        assert_null(params.p);
    }
    cqlr_wr_fini(&query);
}

static void a_line_of_a_workload_is_a_query_and_params(void **state)
{
    (void)state;
    workload_is("{\"query\":\"SELECT \\\"a\\\"\",\"params\":[1, 2]}", "SELECT \"a\"", "[1, 2]");
    workload_is("{\"x\":[{}], \"params\": {\"k\":1} ,\"query\":\"S\"}", "S", "{\"k\":1}");
    workload_is("{\"query\":\"S\"}", "S", NULL);
    workload_is("{\"query\":\"S\",\"params\":null}", "S", NULL);
    workload_is("{\"params\":[]}", "\"query\" is missing", NULL);
    workload_is("{\"query\":1}", "\"query\" is not a string", NULL);
    workload_is("{\"query\":\"a\",\"query\":\"b\"}", "\"query\" stands there twice", NULL);
    workload_is("{\"params\":[],\"query\":\"b\",\"params\":[]}", "\"params\" stands there twice",
                NULL);
    workload_is("[\"query\"]", "not a JSON object", NULL);
}

#define WITH_STATEMENT(f) cmocka_unit_test_setup_teardown(f, make_statement, free_statement)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_keep_their_line_numbers_however_they_arrive),
        cmocka_unit_test(a_unit_of_a_workload_is_all_idempotent_or_not_at_all),
        cmocka_unit_test(the_first_record_names_the_columns),
        cmocka_unit_test(a_record_of_more_than_16_mib_is_named),
        WITH_STATEMENT(cells_bind_the_markers_of_their_names),
        WITH_STATEMENT(a_header_that_cannot_bind_stops_the_run),
        WITH_STATEMENT(json_binds_by_key_or_by_position),
        cmocka_unit_test(a_line_of_a_workload_is_a_query_and_params),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
