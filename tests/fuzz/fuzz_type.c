/*
 * fuzz_type.c - [option]s and names of custom classes: what is walked without memory is what is
 * built, and what was read, written and read again is the same type.
 */
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "type";

static void print(struct cqlr_wr *w, const struct cqlr_type *t)
{
    cqlr_wr_init(w, NULL, 0);
    cqlr_type_print(w, t);
    MUST(w->rc == 0, "not printed: %d", w->rc);
}

/* The option in w; how many bytes it takes is in *used. */
static int read_type(const struct cqlr_wr *w, struct cqlr_arena *a, struct cqlr_type *t,
                     size_t *used, struct cqlr_err *err)
{
    struct cqlr_rd r;
    cqlr_rd_init(&r, w->p, w->n, err);
    int rc = cqlr_type_read(&r, a, t);
    *used = w->n - cqlr_rd_left(&r);
    return rc;
}

static void check_round(const struct cqlr_type *t, struct cqlr_arena *a)
{
    struct cqlr_wr option, again, said, said_again;
    struct cqlr_type back;
    struct cqlr_err err;
    size_t used;
    cqlr_wr_init(&option, NULL, 0);
    cqlr_wr_init(&again, NULL, 0);
    cqlr_type_write(&option, t);
    MUST(option.rc == 0, "not written: %d", option.rc);
    int rc = read_type(&option, a, &back, &used, &err);
    MUST(rc == 0 && used == option.n, "what was written is not read: %s", rc ? err.text : "");
    MUST(fuzz_type_equal(t, &back), "another type came back");
    cqlr_type_write(&again, &back);
    MUST(fuzz_same(&option, &again), "written otherwise");
    print(&said, t);
    print(&said_again, &back);
    MUST(fuzz_same(&said, &said_again), "printed otherwise");
    cqlr_wr_fini(&option);
    cqlr_wr_fini(&again);
    cqlr_wr_fini(&said);
    cqlr_wr_fini(&said_again);
}

static void check(const struct cqlr_wr *w)
{
    struct cqlr_err built_err, walked_err;
    struct cqlr_type t;
    struct cqlr_arena a;
    struct fuzz_mem mem;
    size_t built_used, walked_used;
    fuzz_mem_init(&mem);
    cqlr_arena_init(&a, &mem.mem);
    int walked = read_type(w, NULL, NULL, &walked_used, &walked_err);
    int built = read_type(w, &a, &t, &built_used, &built_err);
    MUST(walked == built && walked_used == built_used, "walked %d, built %d", walked, built);
    MUST(!built || strcmp(walked_err.text, built_err.text) == 0, "%s", walked_err.text);
    MUST(mem.peak <= 16384 + 128 * w->n, "%zu bytes of memory", mem.peak);
    if (!built)
        check_round(&t, &a);
    cqlr_arena_fini(&a);
    MUST(mem.now == 0, "%zu bytes are not given back", mem.now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct cqlr_wr w;
    bool is_class = fuzz_u8(&in) & 1;
    cqlr_wr_init(&w, NULL, 0);
    if (is_class) {
        cqlr_wr_u16(&w, CQLR_TYPE_CUSTOM);
        cqlr_wr_string(&w, (struct cqlr_str){(const char *)in.p, in.n & 0xFFFF});
    } else {
        cqlr_wr_raw(&w, in.p, in.n);
    }
    struct fuzz_in exact = {w.p, w.n};
    struct cqlr_bytes block;
    struct cqlr_wr option = w;
    uint8_t *p = fuzz_block(&exact, w.n, &block);
    option.p = p;
    check(&option);
    free(p);
    cqlr_wr_fini(&w);
    return 0;
}
