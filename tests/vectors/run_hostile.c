/*
 * run_hostile.c - what a hostile server sends is fed to a client's link and decoded as far as it
 * goes; what comes of it must be what the file tells, and must have cost little memory.
 *
 * usage: run_hostile [HOSTILE_FILE]
 * Each vector is fed at once and byte by byte, and must come to the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/vectors/hostile.h"

/* ---- memory that is counted ---- */

struct counted {
    struct cqlr_mem mem;
    size_t live;
    size_t peak;
};

static void *counted_resize(void *arg, void *p, size_t old, size_t n)
{
    struct counted *c = arg;
    c->live = c->live - old + n;
    if (c->live > c->peak)
        c->peak = c->live;
    if (n)
        return realloc(p, n);
    free(p);
    return NULL;
}

static const struct cqlr_mem *counted_init(struct counted *c)
{
    *c = (struct counted){.mem = {counted_resize, c}};
    return &c->mem;
}

static bool fail(const struct hostile *v, const char *why)
{
    printf("%s (%s): %s\n", v->name, v->about, why);
    return false;
}

/* ---- the link ---- */

static int tags[4]; /* of the requests on streams 1 to 3 */

static void query(cqlr_link *l, int stream)
{
    const struct cqlr_query m = {.cql = {"SELECT", 6}, .params = {.consistency = CQLR_CL_ONE}};
    struct cqlr_wr *w = cqlr_link_begin(l);
    if (!w || cqlr_query_write(w, &m) ||
        cqlr_link_request(l, CQLR_OP_QUERY, 0, &tags[stream]) != stream)
        abort();
}

static cqlr_link *link_new(const struct hostile *v, const struct cqlr_mem *mem)
{
    static const uint8_t ready[] = {0x84, 0, 0, 0, CQLR_OP_READY, 0, 0, 0, 0};
    struct cqlr_link_opts o;
    struct cqlr_event ev;
    cqlr_link_opts_init(&o, sizeof o);
    o.mem = mem;
    cqlr_link *l = cqlr_link_new(&o);
    if (!l)
        abort();
    if (v->handshake)
        return l;
    if (cqlr_link_feed(l, ready, sizeof ready) || cqlr_link_next(l, &ev) != 1)
        abort();
    for (int stream = 1; stream <= 3; stream++)
        query(l, stream);
    cqlr_link_forget(l, 3);
    return l;
}

static void say_event(struct cqlr_wr *out, const struct cqlr_event *ev, const struct cqlr_mem *mem)
{
    if (ev->kind == CQLR_EV_OPEN) {
        cqlr_wr_raw(out, "open\n", 5);
        return;
    }
    hostile_say(out, ev, mem);
    if (ev->kind == CQLR_EV_REPLY && ev->tag != &tags[ev->stream])
        cqlr_wr_raw(out, "given to another request\n", 25);
}

/* Feeds the bytes, `step` of them at a time, from blocks of that size: a sanitizer sees a read
 * behind what has come. */
static void feed(const struct hostile *v, cqlr_link *l, size_t step, struct cqlr_wr *out,
                 const struct cqlr_mem *mem)
{
    struct cqlr_event ev;
    int rc = 0;
    for (size_t at = 0; at < v->n && rc >= 0; at += step) {
        rc = cqlr_link_feed(l, v->bytes + at, step < v->n - at ? step : v->n - at);
        while (rc >= 0 && (rc = cqlr_link_next(l, &ev)) == 1)
            say_event(out, &ev, mem);
    }
    if (rc < 0)
        hostile_say_error(out, "failed, ", cqlr_link_err(l));
    else if (cqlr_link_mid_frame(l))
        cqlr_wr_raw(out, "waits\n", 6);
}

static bool fed_ok(const struct hostile *v, size_t step)
{
    struct counted c;
    struct cqlr_wr out;
    size_t before, may = v->memory ? v->memory : HOSTILE_MEMORY + 4 * v->n;
    const struct cqlr_mem *mem = counted_init(&c);
    bool ok = true;
    cqlr_wr_init(&out, NULL, 0);
    cqlr_link *l = link_new(v, mem);
    before = c.live;
    feed(v, l, step, &out, mem);
    cqlr_link_free(l);
    if (out.n != strlen(v->says) || memcmp(out.p, v->says, out.n) != 0) {
        printf("--- expected\n%s--- found, %s\n%.*s---\n", v->says,
               step == 1 ? "byte by byte" : "fed at once", (int)out.n, (char *)out.p);
        ok = fail(v, "something else comes of it");
    }
    if (c.peak - before > may) {
        printf("%zu bytes of memory, %zu expected at most\n", c.peak - before, may);
        ok = fail(v, "costs too much");
    }
    if (c.live)
        ok = fail(v, "memory is left over");
    cqlr_wr_fini(&out);
    return ok;
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;
    struct hostile_set set;
    if (hostile_load(&set, argc > 1 ? argv[1] : "tests/vectors/hostile.txt"))
        failed++;
    for (size_t i = 0; i < set.count; i++) {
        if (fed_ok(&set.v[i], set.v[i].n) && fed_ok(&set.v[i], 1))
            passed++;
        else
            failed++;
    }
    hostile_free(&set);
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}
