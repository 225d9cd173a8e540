/*
 * fuzz_params.c - what people and files give the program: -P, numbers, CSV, INI files, CQL scripts.
 * Ranges go forward, a CSV record ends in the same place however its bytes come in.
 */
#include "tests/fuzz/fuzz.h"

#include "src/data/csv.h"
#include "tools/cqlraw/args/numbers.h"
#include "tools/cqlraw/config/ini.h"
#include "tools/cqlraw/query/split_cql.h"
#include "tools/cqlraw/run/spec.h"

const char fuzz_name[] = "params";

static bool within(struct cqlr_str part, struct cqlr_str all)
{
    return !part.n || (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

static void check_spec(struct cqlr_str text)
{
    struct spec s;
    struct cqlr_str element;
    char why[200] = "";
    char *arg = strndup(text.p ? text.p : "", text.n);
    MUST(arg, "no memory");
    int rc = spec_parse(arg, &s, why, sizeof why);
    MUST(rc == 0 || (rc == -1 && why[0] && memchr(why, 0, sizeof why)), "rc %d", rc);
    size_t left = text.n + 2;
    if (!rc && s.kind == SPEC_LIST)
        for (struct cqlr_str list = s.text; spec_list_next(&list, &element);) {
            MUST(left-- && within(element, cqlr_cstr(arg)), "a list without end");
            (void)spec_is_null(element);
        }
    if (!rc && s.kind <= SPEC_TIMESTAMP)
        MUST(s.step > 0, "step %lld", (long long)s.step);
    free(arg);
}

static void check_numbers(struct cqlr_str s)
{
    int64_t n;
    uint64_t u;
    double d = -1;
    (void)number_parse(s, &n);
    (void)duration_parse(s, &u);
    (void)size_parse(s, &u);
    MUST(rate_parse(s, &d) || (d > 0 && d <= 1e12), "rate %g", d);
    MUST(percent_parse(s, &d) || (d >= 0 && d <= 1), "share %g", d);
    if (spec_date(s, &n)) {
        int64_t year;
        unsigned month, day;
        cqlr_date_from_days(n, &year, &month, &day);
        MUST(cqlr_days_from_date(year, month, day) == n, "day %lld", (long long)n);
    }
    (void)spec_timestamp(s, &n);
}

static void check_record(struct cqlr_str record)
{
    struct cqlr__csv c;
    struct cqlr__csv_cell cell;
    struct cqlr_err err = {0};
    struct cqlr_wr scratch;
    size_t cells = 0;
    int rc;
    cqlr_wr_init(&scratch, NULL, 0);
    cqlr__csv_init(&c, cqlr__csv_chomp(record), 1);
    while ((rc = cqlr__csv_next(&c, &cell, &scratch, &err)) == 1)
        MUST(++cells <= record.n + 1 && cell.text.p && cell.text.n <= record.n, "%zu cells", cells);
    MUST(rc == 0 || (rc == CQLR_E_TYPE && err.text[0]), "rc %d", rc);
    cqlr_wr_fini(&scratch);
}

/* As whole as it is, and byte by byte. */
static void check_csv(struct cqlr_str text)
{
    const uint8_t *p = (const uint8_t *)text.p;
    text = cqlr__csv_unmark(text);
    p = (const uint8_t *)text.p;
    for (size_t at = 0, n; at < text.n; at += n) {
        struct cqlr__csv_splitter whole = {0}, bytes = {0};
        n = cqlr__csv_split(&whole, p + at, text.n - at);
        size_t seen = 0;
        while (at + seen < text.n && cqlr__csv_split(&bytes, p + at + seen++, 1) == 0)
            continue;
        MUST(n ? seen == n : seen == text.n - at && whole.state == bytes.state,
             "ends after %zu or %zu bytes", n, seen);
        n = n ? n : text.n - at;
        check_record((struct cqlr_str){text.p + at, n});
    }
    MUST(cqlr__csv_newlines(text) <= text.n, "newlines");
}

static void check_ini(struct cqlr_str text)
{
    struct ini i;
    struct ini_item item;
    const char *why = NULL;
    size_t items = 0;
    int rc;
    ini_init(&i, text);
    while ((rc = ini_next(&i, &item, &why)) == 1)
        MUST(++items <= text.n && within(item.key, text) && within(item.value, text) &&
                 within(item.section, text),
             "item %zu", items);
    MUST(rc == 0 || (rc == -1 && why), "rc %d", rc);
}

static void check_cql(struct cqlr_str text)
{
    struct cqlr_str rest = text, statement;
    size_t n = 0;
    while (split_cql_next(&rest, &statement))
        MUST(++n <= text.n && within(statement, text) && statement.n, "statement %zu", n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(struct cqlr_str) = {check_spec, check_numbers, check_csv,
                                                      check_ini, check_cql};
    struct fuzz_in in = {data, size};
    struct cqlr_bytes block;
    uint8_t choice = fuzz_u8(&in);
    uint8_t *p = fuzz_block(&in, in.n, &block);
    checks[choice % 5]((struct cqlr_str){(const char *)p, block.n});
    free(p);
    return 0;
}
