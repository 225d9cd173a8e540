/*
 * CSV: bytes in any pieces → records → cells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "src/data/csv.h"

static struct cqlr_err err;

/* A record as "cell|<quoted cell>;", with "!" at the end when an error ends it. */
static void print_cells(struct cqlr_wr *out, struct cqlr_str record, uint64_t line)
{
    struct cqlr__csv c;
    struct cqlr__csv_cell cell;
    struct cqlr_wr scratch;
    int rc, cells = 0;
    cqlr_wr_init(&scratch, NULL, 0);
    cqlr__csv_init(&c, record, line);
    while ((rc = cqlr__csv_next(&c, &cell, &scratch, &err)) == 1) {
        assert_non_null(cell.text.p);
        if (cells++)
            cqlr_wr_u8(out, '|');
        if (cell.quoted)
            cqlr_wr_u8(out, '<');
        cqlr_wr_raw(out, cell.text.p, cell.text.n);
        if (cell.quoted)
            cqlr_wr_u8(out, '>');
    }
    if (rc < 0)
        assert_int_equal(rc, CQLR_E_TYPE);
    cqlr_wr_u8(out, rc < 0 ? '!' : ';');
    cqlr_wr_fini(&scratch);
}

/* What n bytes give when they come in two pieces, the first of `cut` bytes. */
static void print_records(struct cqlr_wr *out, const char *input, size_t n, size_t cut)
{
    struct cqlr__csv_splitter s = {0};
    size_t start = 0, seen = 0, have = cut;
    for (;;) {
        size_t k = cqlr__csv_split(&s, (const uint8_t *)input + seen, have - seen);
        seen = k ? seen + k : have;
        if (k)
            print_cells(out, cqlr__csv_chomp((struct cqlr_str){input + start, seen - start}), 1);
        if (k)
            start = seen;
        else if (have == n)
            break;
        else
            have = n;
    }
    if (start < n)
        print_cells(out, cqlr__csv_chomp((struct cqlr_str){input + start, n - start}), 1);
}

static void gives(const char *input, const char *want)
{
    size_t n = strlen(input);
    for (size_t cut = 0; cut <= n; cut++) {
        struct cqlr_wr out;
        cqlr_wr_init(&out, NULL, 0);
        print_records(&out, input, n, cut);
        cqlr_wr_u8(&out, '\0');
        assert_string_equal((const char *)out.p, want);
        cqlr_wr_fini(&out);
    }
}

static void records_and_cells_however_the_bytes_arrive(void **state)
{
    (void)state;
    gives("a,b\nc,d\n", "a|b;c|d;");
    gives("a,b\r\nc,d", "a|b;c|d;");
    gives(",\n,,\n\n", "|;||;;");
    gives("\"a\",\"b,c\",d\n", "<a>|<b,c>|d;");
    gives("\"two\nlines\",x\r\ny,\"and\r\nmore\"\r\n", "<two\nlines>|x;y|<and\r\nmore>;");
    gives("\"say \"\"hi\"\"\",\"\"\"\",\"\"\n", "<say \"hi\">|<\">|<>;");
    gives("5\" disk,a\"b\"c\n1,2\n", "5\" disk|a\"b\"c;1|2;");
    gives(" \"a\",b \n", " \"a\"|b ;");
    gives("a\rb,c\n", "a\rb|c;");
    gives("last,", "last|;");
    gives("", "");
    gives("x", "x;");
    gives("\"x\"", "<x>;");
    gives("\"x\"\r", "<x>;");
}

static void what_is_wrong_is_the_error_of_its_record_alone(void **state)
{
    (void)state;
    gives("\"a\"x,b\nc\n", "!c;");
    gives("1,\"a\"x\"b\nc,d\n", "1!c|d;");
    gives("\"a\" ,b\nc\n", "!c;");
    gives("a\n\"b,c\nd\n", "a;!");
    gives("\"a\"\"", "!");
    gives("\"", "!");
}

static void errors_name_their_line(void **state)
{
    struct cqlr_wr out;
    (void)state;
    cqlr_wr_init(&out, NULL, 0);
    print_cells(&out, cqlr_cstr("a,\"b\nc\",\"d\ne\" f"), 7);
    assert_string_equal(err.text, "line 9: text behind a closing quote");
    print_cells(&out, cqlr_cstr("\"b\n\n\",\"d"), 7);
    assert_string_equal(err.text, "line 9: closing quote missing");
    cqlr_wr_fini(&out);
}

/* Cells at random, written with quotes where they need them and where chance says so, read back. */
static void random_cells_come_back(void **state)
{
    static const char letters[] = "ab,\"\n\r \\";
    uint32_t seed = 12345;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct cqlr_wr text, want, got;
        cqlr_wr_init(&text, NULL, 0);
        cqlr_wr_init(&want, NULL, 0);
        cqlr_wr_init(&got, NULL, 0);
        for (int cell = 0; cell < 6; cell++) {
            char value[8];
            size_t n;
            bool quote;
            seed = seed * 1664525 + 1013904223;
            n = seed >> 29;
            for (size_t i = 0; i < n; i++) {
                seed = seed * 1664525 + 1013904223;
                value[i] = letters[seed >> 29];
            }
            quote = seed >> 28 & 1;
            for (size_t i = 0; i < n; i++)
                quote = quote || strchr(",\"\n\r", value[i]);
            cqlr_wr_raw(&want, quote ? "<" : "", quote);
            cqlr_wr_raw(&text, quote ? "\"" : "", quote);
            for (size_t i = 0; i < n; i++) {
                cqlr_wr_raw(&text, "\"", quote && value[i] == '"');
                cqlr_wr_raw(&text, value + i, 1);
            }
            cqlr_wr_raw(&want, value, n);
            cqlr_wr_raw(&want, quote ? ">" : "", quote);
            cqlr_wr_raw(&text, quote ? "\"" : "", quote);
            cqlr_wr_u8(&want, cell % 3 == 2 ? ';' : '|');
            cqlr_wr_raw(&text, cell % 3 == 2 ? "\r\n" : ",", cell % 3 == 2 ? 2 : 1);
        }
        print_records(&got, (const char *)text.p, text.n, seed % (text.n + 1));
        assert_int_equal(got.n, want.n);
        assert_memory_equal(got.p, want.p, want.n);
        cqlr_wr_fini(&text);
        cqlr_wr_fini(&want);
        cqlr_wr_fini(&got);
    }
}

/* Any bytes at all: every cut gives the same records, and nothing outside them is read. */
static void any_bytes_in_any_pieces_give_the_same(void **state)
{
    static const char letters[] = "a,\"\"\n\n\r,";
    uint32_t seed = 99;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)round % 24;
        char *text = malloc(n + 1);
        struct cqlr_wr whole, cut;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = letters[seed >> 29];
        }
        cqlr_wr_init(&whole, NULL, 0);
        print_records(&whole, text, n, n);
        for (size_t at = 0; at < n; at++) {
            cqlr_wr_init(&cut, NULL, 0);
            print_records(&cut, text, n, at);
            assert_int_equal(cut.n, whole.n);
            assert_memory_equal(cut.p, whole.p, whole.n);
            cqlr_wr_fini(&cut);
        }
        cqlr_wr_fini(&whole);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_cells_however_the_bytes_arrive),
        cmocka_unit_test(what_is_wrong_is_the_error_of_its_record_alone),
        cmocka_unit_test(errors_name_their_line),
        cmocka_unit_test(random_cells_come_back),
        cmocka_unit_test(any_bytes_in_any_pieces_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
