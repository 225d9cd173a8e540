/*
 * fuzz_rows.c - the body of a RESULT: its columns, its rows taken one by one and skipped, every
 * cell in all three styles, and what a cell's text is read back as.
 */
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "rows";

#define TEXT_MAX   (1u << 20) /* of one cell */
#define CELLS_MAX  4096       /* that are printed; all are walked */
#define EMPTY_ROWS 100        /* rows without columns that are walked */

struct page {
    struct cqlr_columns *columns;
    struct cqlr_value *cells;
    struct cqlr_err err;
    size_t printed;
};

/* 0, or why the bytes don't fit the type: the same in all styles. */
static int print(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_value v,
                 enum cqlr_text_style style)
{
    int rc = fuzz_print(w, TEXT_MAX, t, v, style);
    MUST(rc == 0 || rc == CQLR_E_TYPE || rc == CQLR_E_PROTO || rc == CQLR_E_LIMIT, "%d", rc);
    return rc;
}

/* The literal is read and printed again; of text, which is no literal to a reader, the text. */
static void check_cell(const struct cqlr_type *t, struct cqlr_value v)
{
    struct cqlr_wr text, literal, json;
    int rc = print(&text, t, v, CQLR_TEXT);
    int literal_rc = print(&literal, t, v, CQLR_LITERAL);
    int json_rc = print(&json, t, v, CQLR_JSON);
    bool limit = rc == CQLR_E_LIMIT || literal_rc == CQLR_E_LIMIT || json_rc == CQLR_E_LIMIT;
    bool deep = json_rc == CQLR_E_TYPE && !fuzz_has_json(t, 1);
    MUST(limit || (rc == literal_rc && (rc == json_rc || deep)), "%d %d %d", rc, literal_rc,
         json_rc);
    MUST(json_rc || fuzz_is_json(fuzz_text(&json)), "%.*s", (int)json.n, (char *)json.p);
    if (!limit && !rc && v.n >= 0 && fuzz_reads_back(t, v))
        fuzz_check_back(t, fuzz_text(fuzz_is_text(t) ? &text : &literal),
                        fuzz_is_text(t) ? CQLR_TEXT : CQLR_LITERAL);
    cqlr_wr_fini(&text);
    cqlr_wr_fini(&literal);
    cqlr_wr_fini(&json);
}

/* One by one or all at once: as many rows, or the same error. */
static void check_rows(struct page *p, const struct cqlr_rows *rows)
{
    struct cqlr_rows each = *rows, all = *rows;
    struct cqlr_err err = {0};
    int64_t taken = 0;
    int rc = 0;
    all.rd.err = &err;
    each.rd.err = &p->err;
    while ((rows->spec.count || taken < EMPTY_ROWS) &&
           (rc = cqlr_rows_next(&each, p->cells)) == 1) {
        taken++;
        for (uint32_t i = 0; i < rows->spec.count && p->printed < CELLS_MAX; i++, p->printed++)
            check_cell(p->columns->col[i].type, p->cells[i]);
    }
    int64_t skipped = cqlr_rows_skip(&all);
    if (!rows->spec.count)
        MUST(skipped == rows->count, "%lld rows", (long long)skipped);
    else
        MUST(rc ? skipped == rc && !strcmp(err.text, p->err.text) : skipped == taken, "%lld of %u",
             (long long)skipped, (unsigned)rows->count);
}

static struct cqlr_columns *check_columns(const struct cqlr_spec *s)
{
    struct cqlr_err err = {0};
    struct cqlr_columns *c = cqlr_columns_new(s, NULL, &err);
    struct cqlr_wr w;
    MUST(c, "specs that were walked are not read: %s", err.text);
    MUST(c->count == s->count && cqlr_spec_is(s, c), "other columns");
    cqlr_wr_init(&w, NULL, 0);
    for (uint32_t i = 0; i < c->count; i++)
        cqlr_column_write(&w, &c->col[i]);
    MUST(w.rc == 0, "not written: %d", w.rc);
    cqlr_wr_fini(&w);
    return c;
}

/* The second answer of the same statement: its columns are known. */
static void check_known(struct fuzz_in in, const struct page *p)
{
    struct cqlr_result m;
    struct cqlr_err err = {0};
    struct cqlr_rd r;
    cqlr_rd_init(&r, in.p, in.n, &err);
    int rc = cqlr_result_read(&r, p->columns, &m);
    MUST(rc == 0 && cqlr_spec_is(&m.u.rows.spec, p->columns), "not known again: %s", err.text);
}

static void check_page(struct fuzz_in in, const struct cqlr_rows *rows)
{
    struct page p = {.columns = check_columns(&rows->spec)};
    p.cells = malloc((rows->spec.count + 1) * sizeof *p.cells);
    MUST(p.cells, "no memory");
    check_known(in, &p);
    check_rows(&p, rows);
    free(p.cells);
    cqlr_columns_free(p.columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct cqlr_result m;
    struct cqlr_err err = {0};
    struct cqlr_rd r;
    cqlr_rd_init(&r, data, size, &err);
    int rc = cqlr_result_read(&r, NULL, &m);
    MUST(rc ? rc == CQLR_E_PROTO && err.code == rc && err.text[0] && err.offset <= size : 1, "%d",
         rc);
    if (rc)
        return 0;
    if (m.kind == CQLR_RESULT_ROWS)
        check_page(in, &m.u.rows);
    if (m.kind == CQLR_RESULT_PREPARED) {
        cqlr_columns_free(check_columns(&m.u.prepared.markers));
        cqlr_columns_free(check_columns(&m.u.prepared.result));
    }
    return 0;
}
