/*
 * run_hostile.c - what a hostile server sends is fed to a client's link and decoded as far as it
 * goes; what comes of it must be what the file tells, and must have cost little memory.
 *
 * usage: run_hostile [HOSTILE_FILE [FILE_OF_GOOD_FRAMES]]
 * Each vector is fed at once and byte by byte, and must come to the same. Then every response of
 * the good frames has, at every place of its body, what a length or a count may be at its extremes
 * written over one, two and four bytes: whatever that says, it must end, and cost little.
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

/* ---- good frames made bad ---- */

/* Columns that a message does not describe take none of its bytes; there are 65,535 at most. */
#define NOT_DESCRIBED (65535 * (sizeof(struct cqlr_column) + sizeof(struct cqlr_value)))

static bool body_ok(const struct hostile *v, const uint8_t *block, size_t n)
{
    struct counted c;
    struct cqlr_err err;
    struct cqlr_rd r;
    struct cqlr_wr out;
    struct cqlr_frame f;
    struct cqlr_event ev = {.kind = CQLR_EV_REPLY};
    const struct cqlr_mem *mem = counted_init(&c);
    cqlr_frame_read(v->bytes, &f);
    ev.opcode = f.opcode;
    cqlr_wr_init(&out, NULL, 0);
    cqlr_rd_init(&r, block, n, &err);
    if (cqlr_prefix_read(&r, f.flags, true, &ev.prefix) == 0) {
        ev.body = (struct cqlr_bytes){r.p, cqlr_rd_left(&r)};
        hostile_say(&out, &ev, mem);
    }
    bool ok = out.rc == 0 && c.live == 0 && c.peak <= HOSTILE_MEMORY + NOT_DESCRIBED;
    cqlr_wr_fini(&out);
    return ok;
}

static bool extremes_ok(const struct hostile *v)
{
    static const uint32_t extremes[] = {0,          1,          2,          0x7f,      0x80,
                                        0xff,       0x7fff,     0x8000,     0xffff,    0x10000,
                                        0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    size_t n = v->n - CQLR_FRAME_HEADER;
    for (size_t at = 0; at < n; at++) {
        for (size_t i = 0; i < 3 * (sizeof extremes / sizeof extremes[0]); i++) {
            size_t width = (size_t)1 << i % 3;
            uint8_t be[4], *block = malloc(n);
            if (!block)
                abort();
            memcpy(block, v->bytes + CQLR_FRAME_HEADER, n);
            cqlr_put32(be, extremes[i / 3]);
            if (width <= n - at)
                memcpy(block + at, be + 4 - width, width);
            bool ok = body_ok(v, block, n);
            free(block);
            if (!ok) {
                printf("0x%x over %zu bytes at %zu: ", (unsigned)extremes[i / 3], width, at);
                return fail(v, "costs too much, or leaves memory over");
            }
        }
    }
    return true;
}

static bool is_response(const struct hostile *v)
{
    return v->n >= CQLR_FRAME_HEADER && v->bytes[0] == 0x84;
}

/* ---- */

static unsigned passed, failed;

static void count(bool ok)
{
    if (ok)
        passed++;
    else
        failed++;
}

int main(int argc, char **argv)
{
    const char *hostile = argc > 1 ? argv[1] : "tests/vectors/hostile.txt";
    const char *good = argc > 2 ? argv[2] : argc > 1 ? NULL : "tests/vectors/v4.txt";
    struct hostile_set set;
    if (hostile_load(&set, hostile))
        failed++;
    for (size_t i = 0; i < set.count; i++)
        count(fed_ok(&set.v[i], set.v[i].n) && fed_ok(&set.v[i], 1));
    hostile_free(&set);
    if (good && hostile_load(&set, good))
        failed++;
    for (size_t i = 0; good && i < set.count; i++)
        if (is_response(&set.v[i]))
            count(extremes_ok(&set.v[i]));
    if (good)
        hostile_free(&set);
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}
