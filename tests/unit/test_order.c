/*
 * The ordered merge without processes: workers that finish in any order, pause anywhere and die
 * anywhere give the same sequence as one worker alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "src/bulk/manager/order.h"

#define WORKERS 4
#define UNITS   40

static uint64_t seed;

static uint64_t rnd(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* How many pages parameter set i has; its output is its number, once a page. */
static uint64_t pages_of(uint64_t index)
{
    return index % 5 == 0 ? 3 : 1;
}

/* A worker: units in ascending order, and what it has published and nobody has taken. */
struct worker {
    struct {
        uint64_t unit, first, count, item, page;
    } has[UNITS];
    size_t n, at;
    uint64_t least;
    struct cqlr_wr published;
    size_t taken;
};

struct world {
    struct cqlr__order o;
    struct worker w[WORKERS];
    uint64_t next_index, total;
    uint64_t out_item, out_page; /* what must come next */
};

static void give_work(struct world *t, int who)
{
    struct worker *w = &t->w[who];
    bool idle = w->at == w->n && w->taken == w->published.n;
    struct cqlr__unit *u = cqlr__order_free_unit(&t->o, idle ? 0 : w->least);
    if (!u && t->next_index < t->total) {
        uint64_t count = rnd(7) + 1;
        if (count > t->total - t->next_index)
            count = t->total - t->next_index;
        u = cqlr__order_add(&t->o, t->next_index, count, NULL);
        t->next_index += count;
    }
    if (!u || w->n == UNITS)
        return;
    w->has[w->n].unit = u->number;
    w->has[w->n].first = u->first;
    w->has[w->n].count = u->count;
    w->has[w->n].item = u->item;
    w->has[w->n++].page = u->page;
    w->least = u->number + 1;
    cqlr__order_give(u, who, 0);
}

/* Publishes one page, or two parameter sets in one record when both are of one page. */
static void work(struct worker *w)
{
    struct cqlr__record rec = {.kind = CQLR__RECORD_PAGES, .pages = 1, .rows = 1};
    uint64_t out[2], index;
    if (w->at == w->n)
        return;
    index = w->has[w->at].first + w->has[w->at].item;
    out[0] = index;
    rec.unit = w->has[w->at].unit;
    rec.bytes = 8;
    if (++w->has[w->at].page < pages_of(index)) {
        rec.next_page = w->has[w->at].page;
        rec.state = 8; /* the paging state */
        rec.bytes = 16;
        out[1] = index * 100 + rec.next_page;
    } else {
        w->has[w->at].page = 0;
        w->has[w->at].item++;
        rec.queries = 1;
    }
    rec.next_item = w->has[w->at].item;
    cqlr__record_write(&w->published, &rec, (const uint8_t *)out);
    if (w->has[w->at].item == w->has[w->at].count)
        w->at++;
}

static void commit(struct world *t, const struct cqlr__record *rec, const uint8_t *p)
{
    uint64_t index;
    memcpy(&index, p, sizeof index);
    assert_int_equal(index, t->out_item);
    assert_true(rec->bytes - rec->state == 8);
    if (++t->out_page == pages_of(index)) {
        t->out_page = 0;
        t->out_item++;
    }
}

static bool take_one(struct world *t)
{
    struct cqlr__unit *u = cqlr__order_unit(&t->o, t->o.oldest);
    struct cqlr__record rec;
    const uint8_t *p;
    struct worker *w;
    if (!u)
        return false;
    if (cqlr__order_saved(u, &rec, &p) == 1) {
        commit(t, &rec, p);
    } else {
        if (u->holder == CQLR__NOBODY)
            return false;
        w = &t->w[u->holder];
        if (cqlr__record_read(&w->published, &w->taken, &rec, &p) == 0)
            return false;
        assert_int_equal(rec.unit, u->number); /* the oldest unit's records are in front */
        assert_int_equal(cqlr__order_accept(u, u->holder, &rec, p), 0);
        commit(t, &rec, p);
        if (u->item == u->count)
            u->holder = CQLR__NOBODY;
    }
    cqlr__order_trim(&t->o);
    return true;
}

static void die(struct world *t, int who)
{
    struct worker *w = &t->w[who];
    struct cqlr__record rec;
    const uint8_t *p;
    if (rnd(3) == 0 && w->published.n > w->taken) { /* the last record was not published any more */
        size_t off = w->taken, last = off;
        while (cqlr__record_read(&w->published, &off, &rec, &p) == 1) {
            if (off < w->published.n)
                last = off;
        }
        w->published.n = last;
    }
    while (cqlr__record_read(&w->published, &w->taken, &rec, &p) == 1) {
        struct cqlr__unit *u = cqlr__order_unit(&t->o, rec.unit);
        assert_non_null(u);
        assert_int_equal(cqlr__order_accept(u, who, &rec, p), 0);
        assert_int_equal(cqlr__order_save(u, &rec, p), 0);
    }
    for (uint64_t i = t->o.oldest; i < t->o.next; i++) {
        if (cqlr__order_unit(&t->o, i)->holder == who)
            cqlr__order_take_back(&t->o, cqlr__order_unit(&t->o, i));
    }
    cqlr_wr_fini(&w->published);
    *w = (struct worker){0};
    cqlr_wr_init(&w->published, NULL, 0);
}

static void run(uint64_t which)
{
    struct world *t = calloc(1, sizeof *t);
    uint64_t idle = 0;
    seed = which * UINT64_C(0x9E3779B97F4A7C15) + 1;
    t->total = 60 + rnd(40);
    cqlr__order_init(&t->o);
    for (int i = 0; i < WORKERS; i++)
        cqlr_wr_init(&t->w[i].published, NULL, 0);
    while (t->out_item < t->total) {
        int who = (int)rnd(WORKERS);
        uint64_t what = rnd(100);
        if (++idle > 100000)
            fail_msg("seed %d does not come to an end", (int)which);
        if (what < 20 && t->w[who].n - t->w[who].at < 3)
            give_work(t, who);
        else if (what < 60)
            work(&t->w[who]);
        else if (what < 98)
            (void)take_one(t);
        else
            die(t, who);
    }
    assert_int_equal(t->o.oldest, t->o.next);
    for (int i = 0; i < WORKERS; i++)
        cqlr_wr_fini(&t->w[i].published);
    cqlr__order_fini(&t->o);
    free(t);
}

static void any_order_of_completion_and_death_gives_the_same_output(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++)
        run(i);
}

static void records_that_do_not_continue_a_unit_are_refused(void **state)
{
    struct cqlr__order o;
    struct cqlr__unit *u;
    uint8_t bytes[32] = {0};
    const struct cqlr__record good = {
        .kind = CQLR__RECORD_PAGES, .next_item = 2, .queries = 2, .bytes = 4};
    struct cqlr__record bad[9];
    (void)state;
    cqlr__order_init(&o);
    u = cqlr__order_add(&o, 100, 5, NULL);
    cqlr__order_give(u, 3, 0);
    assert_int_equal(cqlr__order_accept(u, 3, &good, bytes), 0);
    for (size_t i = 0; i < 9; i++)
        bad[i] = (struct cqlr__record){
            .kind = CQLR__RECORD_PAGES, .next_item = 3, .queries = 1, .bytes = 16};
    bad[0].next_item = 4;                     /* more than it completes */
    bad[1].next_item = 1;                     /* backwards */
    bad[2].next_item = bad[2].queries = 6;    /* beyond the unit */
    bad[3].queries = 0, bad[3].next_item = 2; /* no progress */
    bad[4].empty = 2;                         /* more empty ones than there are */
    bad[5].next_page = 1;                     /* a further page without a paging state */
    bad[6].kind = CQLR__RECORD_ERROR;         /* an error that is an answer too */
    bad[7].state = 3;                         /* a paging state and no further page */
    bad[8].kind = CQLR__RECORD_ERROR, bad[8].queries = 0, bad[8].bytes = 5; /* no reason */
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(cqlr__order_accept(u, 3, &bad[i], bytes), CQLR_E_WORKER);
        assert_int_equal(u->item, 2);
    }
    assert_int_equal(cqlr__order_accept(u, 2, &good, bytes), CQLR_E_WORKER); /* not the holder */
    cqlr__order_fini(&o);
}

static void a_holder_only_gets_units_behind_those_it_has(void **state)
{
    struct cqlr__order o;
    (void)state;
    cqlr__order_init(&o);
    for (uint64_t i = 0; i < 6; i++)
        cqlr__order_give(cqlr__order_add(&o, i, 1, NULL), (int)(i % 2), 0);
    cqlr__order_take_back(&o, cqlr__order_unit(&o, 4));
    cqlr__order_take_back(&o, cqlr__order_unit(&o, 2));
    assert_int_equal(cqlr__order_free_unit(&o, 0)->number, 2);
    assert_int_equal(cqlr__order_free_unit(&o, 3)->number, 4);
    assert_null(cqlr__order_free_unit(&o, 5));
    assert_int_equal(cqlr__order_free_count(&o, 10), 2);
    assert_int_equal(cqlr__order_free_count(&o, 1), 1);
    cqlr__order_fini(&o);
}

static void the_text_of_any_item_is_found(void **state)
{
    struct cqlr__order o;
    struct cqlr__unit *u;
    struct cqlr_wr texts;
    (void)state;
    cqlr__order_init(&o);
    cqlr_wr_init(&texts, NULL, 0);
    for (int32_t i = 0; i < 50; i++) {
        int32_t n = i % 10 == 9 ? CQLR_NULL : i;
        cqlr_wr_raw(&texts, &n, sizeof n);
        for (int32_t k = 0; k < n; k++)
            cqlr_wr_u8(&texts, (uint8_t)i);
    }
    u = cqlr__order_add(&o, 1000, 50, &texts);
    assert_non_null(u);
    seed = 88172645463325252u;
    for (unsigned i = 0; i < 500; i++) {
        uint64_t item = i < 50 ? i : rnd(50); /* in order, and not */
        struct cqlr_value v = cqlr__order_text(u, item);
        assert_int_equal(v.n, item % 10 == 9 ? CQLR_NULL : (int32_t)item);
        assert_true(v.n <= 0 || v.p[v.n - 1] == item);
    }
    assert_int_equal(cqlr__order_text(u, 50).n, CQLR_NULL);
    u->texts.n -= 10; /* cut off */
    assert_int_equal(cqlr__order_text(u, 48).n, CQLR_NULL);
    cqlr__order_fini(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_completion_and_death_gives_the_same_output),
        cmocka_unit_test(records_that_do_not_continue_a_unit_are_refused),
        cmocka_unit_test(a_holder_only_gets_units_behind_those_it_has),
        cmocka_unit_test(the_text_of_any_item_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
