/*
 * Sources as bytes: what comes back gives the same sets; what is cut or wrong is refused; and a
 * worker puts them together from pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/bulk/lane/lane.h"
#include "src/bulk/worker/source_in.h"

static struct cqlr_err err;

static const struct cqlr_str text[] = {{"a", 1}, {NULL, 0}, {"", 0}, {"\xff long text", 11}};

static cqlr_source *mixed(void)
{
    const struct cqlr_source_param p[] = {
        {.name = "t", .kind = CQLR_SOURCE_LIST, .text = text, .count = 4, .checked_late = true},
        {.kind = CQLR_SOURCE_DATE, .first = 400, .last = 19000, .step = 5, .months = true},
        {.name = "", .kind = CQLR_SOURCE_TOKEN_START, .count = 77},
        {.name = "e", .kind = CQLR_SOURCE_TOKEN_END, .count = 77},
        {.name = "i",
         .kind = CQLR_SOURCE_INT,
         .first = INT64_MAX,
         .last = INT64_MIN,
         .step = INT64_MAX},
    };
    return cqlr_source_new(p, 5, CQLR_COMBINE_PRODUCT, 3, &err);
}

static void sets_are_equal(const cqlr_source *a, const cqlr_source *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->form, b->form);
    assert_true(a->total == b->total);
    for (size_t p = 0; p < a->n; p++) {
        const char *x = a->param[p].p.name, *y = b->param[p].p.name;
        assert_true(!x == !y);
        if (x)
            assert_string_equal(x, y);
        assert_int_equal(a->param[p].p.checked_late, b->param[p].p.checked_late);
        for (uint64_t i = 0; a->form == CQLR__SOURCE_SETS && i < a->total;
             i += a->total / 501 + 1) {
            struct cqlr_wr w, v;
            cqlr_wr_init(&w, NULL, 0);
            cqlr_wr_init(&v, NULL, 0);
            assert_int_equal(cqlr_source_print(a, i, p, &w), 0);
            assert_int_equal(cqlr_source_print(b, i, p, &v), 0);
            assert_int_equal(w.n, v.n);
            if (w.n)
                assert_memory_equal(w.p, v.p, w.n);
            cqlr_wr_fini(&w);
            cqlr_wr_fini(&v);
        }
    }
}

static void what_comes_back_gives_the_same_sets(void **state)
{
    const struct cqlr_source_param zip[] = {
        {.kind = CQLR_SOURCE_LIST, .text = text, .count = 3},
        {.kind = CQLR_SOURCE_INT, .first = 5, .last = 7, .step = 1},
    };
    cqlr_source *s[5], *back;
    (void)state;
    s[0] = mixed();
    s[1] = cqlr_source_new(zip, 2, CQLR_COMBINE_ZIP, UINT64_C(1) << 60, &err);
    s[2] = cqlr_source_new(NULL, 0, CQLR_COMBINE_PRODUCT, 5, &err);
    s[3] = cqlr_source_lines(0, "x", &err);
    s[4] = cqlr_source_jobs(12345, &err);
    for (size_t i = 0; i < 5; i++) {
        struct cqlr_wr w;
        assert_non_null(s[i]);
        cqlr_wr_init(&w, NULL, 0);
        cqlr__source_write(&w, s[i]);
        assert_int_equal(w.rc, 0);
        back = cqlr__source_read(w.p, w.n, &err);
        assert_non_null(back);
        sets_are_equal(s[i], back);
        assert_int_equal(back->fd, -1);
        if (i == 0) /* a null is no empty text */
            assert_true(!back->param[0].p.text[1].p && back->param[0].p.text[2].p);
        cqlr_source_free(back);
        cqlr_source_free(s[i]);
        cqlr_wr_fini(&w);
    }
}

/* In a heap block of its exact size, so that a sanitizer sees every step outside. */
static cqlr_source *read_copy(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    cqlr_source *s;
    memcpy(copy, p, n);
    err.code = 0;
    s = cqlr__source_read(copy, n, &err);
    assert_true(s || err.code < 0);
    cqlr_source_free(s);
    free(copy);
    return s;
}

static void what_is_cut_or_longer_is_refused(void **state)
{
    cqlr_source *s = mixed();
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr__source_write(&w, s);
    cqlr_wr_u8(&w, 0);
    for (size_t n = 0; n <= w.n; n++)
        assert_int_equal(read_copy(w.p, n) != NULL, n + 1 == w.n);
    cqlr_wr_fini(&w);
    cqlr_source_free(s);
}

/* A list that says it is longer than what is left: no memory is asked for. */
static void a_list_cannot_claim_more_texts_than_there_are_bytes(void **state)
{
    const struct cqlr_source_param p = {
        .name = "t", .kind = CQLR_SOURCE_LIST, .text = text, .count = 4};
    cqlr_source *s = cqlr_source_new(&p, 1, CQLR_COMBINE_PRODUCT, 1, &err);
    const size_t count_at = 4 + 4 + 8 + 8 + 8 + 4 + 4 + 8 + 8 + 8;
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr__source_write(&w, s);
    assert_int_equal(cqlr_be64(w.p + count_at), 4);
    w.p[count_at + 5] = 1; /* 65540 */
    assert_null(read_copy(w.p, w.n));
    assert_non_null(strstr(err.text, "texts of a list: more than there are bytes for"));
    cqlr_wr_fini(&w);
    cqlr_source_free(s);
}

static void any_byte_may_be_wrong(void **state)
{
    cqlr_source *s = mixed();
    struct cqlr_wr w;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr__source_write(&w, s);
    for (size_t i = 0; i < w.n; i++) {
        uint8_t was = w.p[i];
        for (unsigned k = 1; k < 256; k += 7) {
            w.p[i] = (uint8_t)(was ^ k);
            (void)read_copy(w.p, w.n);
        }
        w.p[i] = was;
    }
    cqlr_wr_fini(&w);
    cqlr_source_free(s);
}

static void a_worker_puts_pieces_together_batch_after_batch(void **state)
{
    cqlr_source *s = mixed(), *inherited = cqlr_source_jobs(1, &err);
    struct cqlr__source_in in = {0};
    struct cqlr__source_message head = {.low = 7};
    struct cqlr_wr w, m;
    (void)state;
    cqlr_wr_init(&w, NULL, 0);
    cqlr_wr_init(&m, NULL, 0);
    cqlr__source_write(&w, s);
    for (size_t piece = 1; piece < w.n; piece = piece * 3 + 1) {
        for (size_t at = 0, n; at < w.n; at += n) {
            n = piece < w.n - at ? piece : w.n - at;
            head.left = w.n - at - n;
            head.inherited = 0;
            cqlr_wr_reset(&m);
            cqlr_wr_raw(&m, &head, sizeof head);
            cqlr_wr_raw(&m, w.p + at, n);
            assert_int_equal(cqlr__source_receive(&in, m.p, m.n, inherited, &err), at + n == w.n);
        }
        sets_are_equal(in.source, s);
        cqlr__source_received(&in);
        assert_int_equal(in.low, 7);
        head.inherited = 1;
        assert_int_equal(
            cqlr__source_receive(&in, (const uint8_t *)&head, sizeof head, inherited, &err), 1);
        assert_ptr_equal(in.source, inherited);
        cqlr__source_received(&in);
    }
    assert_int_equal(cqlr__source_receive(&in, m.p, sizeof head - 1, inherited, &err),
                     CQLR_E_PROTO);
    cqlr_wr_fini(&w);
    cqlr_wr_fini(&m);
    cqlr_wr_fini(&in.bytes);
    cqlr_source_free(in.own);
    cqlr_source_free(s);
    cqlr_source_free(inherited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_back_gives_the_same_sets),
        cmocka_unit_test(what_is_cut_or_longer_is_refused),
        cmocka_unit_test(a_list_cannot_claim_more_texts_than_there_are_bytes),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(a_worker_puts_pieces_together_batch_after_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
