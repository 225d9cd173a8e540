/*
 * vectors.c - a file of vectors -> memory, and a test of each.
 */
#include "tests/vectors/vectors.h"

#include <cqlraw/wire.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vectors/lines.h"

static int hex_add(uint8_t **bytes, size_t *n, const char *s)
{
    size_t digits = strlen(s);
    if (digits % 2)
        return -1;
    *bytes = must(realloc(*bytes, *n + digits / 2 + 1));
    for (size_t i = 0; i < digits; i += 2) {
        int high = line_hex_digit(s[i]);
        int low = line_hex_digit(s[i + 1]);
        if (high < 0 || low < 0)
            return -1;
        (*bytes)[(*n)++] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static void vector_add(struct vectors *set, const char *name)
{
    set->v = must(realloc(set->v, (set->count + 1) * sizeof *set->v));
    set->v[set->count++] = (struct vector){
        .name = copied(name), .about = copied(""), .says = copied(""), .bytes = must(malloc(1))};
}

static int line_read(void *arg, const char *line)
{
    struct vectors *set = arg;
    struct vector *v = set->count ? &set->v[set->count - 1] : NULL;
    const char *s;
    if ((s = line_after(line, "name"))) {
        vector_add(set, s);
        return 0;
    }
    if (!v)
        return -1;
    if ((s = line_after(line, "hex")))
        return hex_add(&v->bytes, &v->n, s);
    if ((s = line_after(line, "plain")))
        return hex_add(&v->plain, &v->plain_n, s);
    if ((s = line_after(line, "rest"))) {
        v->rest = strtoul(s, NULL, 10);
        return v->rest ? 0 : -1;
    }
    if ((s = line_after(line, ">"))) {
        v->says = longer(v->says, s);
        return 0;
    }
    if ((s = line_after(line, "about"))) {
        free(v->about);
        v->about = copied(s);
        return 0;
    }
    return -1;
}

static void vector_free(struct vector *v)
{
    free(v->name);
    free(v->about);
    free(v->says);
    free(v->bytes);
    free(v->plain);
}

/* A library without LZ4 has nothing to say of compressed frames. */
static void leave_out_compressed(struct vectors *set)
{
    size_t kept = 0, all = set->count;
    for (size_t i = 0; i < all; i++) {
        struct vector *v = &set->v[i];
        if (v->n > 1 && v->bytes[1] & CQLR_FLAG_COMPRESSED)
            vector_free(v);
        else
            set->v[kept++] = *v;
    }
    set->count = kept;
    printf("%zu of %zu frames are compressed, and this library has no LZ4\n", all - kept, all);
}

int vectors_load(struct vectors *set, const char *path)
{
    memset(set, 0, sizeof *set);
    int rc = lines_read(path, line_read, set);
    if (!rc && !cqlr_lz4_built())
        leave_out_compressed(set);
    if (!rc && !set->count)
        fprintf(stderr, "%s: no vector\n", path);
    return set->count ? rc : -1;
}

void vectors_free(struct vectors *set)
{
    for (size_t i = 0; i < set->count; i++)
        vector_free(&set->v[i]);
    free(set->v);
    memset(set, 0, sizeof *set);
}

int vectors_run(char **path, bool (*ok)(const struct vector *v))
{
    unsigned passed = 0, failed = 0;
    for (; *path; path++) {
        struct vectors set;
        failed += vectors_load(&set, *path) != 0;
        for (size_t i = 0; i < set.count; i++)
            *(ok(&set.v[i]) ? &passed : &failed) += 1;
        vectors_free(&set);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}
