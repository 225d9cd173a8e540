/*
 * hostile_load.c - a file of hostile vectors -> memory. Strict: a line it does not know is an
 * error, for a test that is not read is a test that does not fail.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/vectors/hostile.h"

#define LINE_MAX_BYTES 4000

static void *must(void *p)
{
    if (p)
        return p;
    fprintf(stderr, "hostile: no memory\n");
    exit(2);
}

static char *copy(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(must(malloc(n)), s, n);
}

/* ---- bytes ---- */

static uint8_t *more(struct hostile *v, size_t n)
{
    v->bytes = must(realloc(v->bytes, v->n + n + 1));
    v->n += n;
    return v->bytes + v->n - n;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "text" behind its quote, as it is or as a [string]. */
static const char *text_token(struct hostile *v, const char *s, bool string)
{
    const char *end = strchr(s, '"');
    if (!end)
        return NULL;
    size_t n = (size_t)(end - s);
    if (string)
        cqlr_put16(more(v, 2), (uint16_t)n);
    memcpy(more(v, n), s, n);
    return end + 1;
}

static const char *hex_token(struct hostile *v, const char *s)
{
    size_t from = v->n, n;
    for (; hex_digit(s[0]) >= 0; s += 2) {
        if (hex_digit(s[1]) < 0)
            return NULL;
        *more(v, 1) = (uint8_t)(hex_digit(s[0]) << 4 | hex_digit(s[1]));
    }
    n = v->n - from;
    if (n == 0 || *s != '*')
        return n ? s : NULL;
    char *end;
    unsigned long times = strtoul(s + 1, &end, 10);
    if (times < 1 || times > 1000000 || end == s + 1)
        return NULL;
    uint8_t *to = more(v, n * (times - 1));
    for (unsigned long i = 1; i < times; i++, to += n)
        memcpy(to, v->bytes + from, n);
    return end;
}

static int tokens_read(struct hostile *v, const char *s)
{
    while (s && *s) {
        if (*s == ' ')
            s++;
        else if (*s == '"')
            s = text_token(v, s + 1, false);
        else if (s[0] == 's' && s[1] == '"')
            s = text_token(v, s + 2, true);
        else
            s = hex_token(v, s);
    }
    if (s && v->frame != SIZE_MAX && v->n >= v->frame + CQLR_FRAME_HEADER)
        cqlr_put32(v->bytes + v->frame + 5, (uint32_t)(v->n - v->frame - CQLR_FRAME_HEADER));
    return s ? 0 : -1;
}

static int frame_begin(struct hostile *v, const char *s)
{
    v->frame = SIZE_MAX;
    size_t at = v->n;
    if (tokens_read(v, s) || v->n - at != 5)
        return -1;
    v->frame = at;
    memset(more(v, 4), 0, 4);
    return 0;
}

static int raw_add(struct hostile *v, const char *s)
{
    v->frame = SIZE_MAX;
    return tokens_read(v, s);
}

/* ---- lines ---- */

static void replace(char **to, const char *s)
{
    free(*to);
    *to = copy(s);
}

static void says_add(struct hostile *v, const char *line)
{
    size_t old = strlen(v->says), n = strlen(line);
    v->says = must(realloc(v->says, old + n + 2));
    memcpy(v->says + old, line, n);
    memcpy(v->says + old + n, "\n", 2);
}

static int hostile_add(struct hostile_set *set, const char *name)
{
    set->v = must(realloc(set->v, (set->count + 1) * sizeof *set->v));
    set->v[set->count++] = (struct hostile){.name = copy(name),
                                            .about = copy(""),
                                            .says = copy(""),
                                            .bytes = must(malloc(1)),
                                            .frame = SIZE_MAX};
    return 0;
}

/* What stands behind `key` and a space, or NULL when the line starts otherwise. */
static const char *after(const char *line, const char *key)
{
    size_t n = strlen(key);
    return strncmp(line, key, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

static int line_read(struct hostile_set *set, const char *line)
{
    struct hostile *v = set->count ? &set->v[set->count - 1] : NULL;
    const char *s;
    if (line[0] == '\0' || line[0] == '#')
        return 0;
    if ((s = after(line, "name")))
        return hostile_add(set, s);
    if (!v)
        return -1;
    if ((s = after(line, "frame")))
        return frame_begin(v, s);
    if ((s = after(line, "hex")))
        return tokens_read(v, s);
    if ((s = after(line, "raw")))
        return raw_add(v, s);
    if ((s = after(line, "about")))
        replace(&v->about, s);
    else if ((s = after(line, ">")))
        says_add(v, s);
    else if ((s = after(line, "memory")))
        v->memory = strtoul(s, NULL, 10);
    else if (strcmp(line, "handshake") == 0)
        v->handshake = true;
    else
        return -1;
    return 0;
}

int hostile_load(struct hostile_set *set, const char *path)
{
    char line[LINE_MAX_BYTES];
    unsigned number = 0;
    int rc = 0;
    memset(set, 0, sizeof *set);
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    while (!rc && fgets(line, sizeof line, f)) {
        char *end = strchr(line, '\n');
        number++;
        if (end)
            *end = '\0';
        rc = end ? line_read(set, line) : -1;
    }
    if (rc)
        fprintf(stderr, "%s:%u: not a line of a vector file\n", path, number);
    else if (ferror(f) || set->count == 0) {
        fprintf(stderr, "%s: cannot be read or holds no vector\n", path);
        rc = -1;
    }
    fclose(f);
    return rc;
}

void hostile_free(struct hostile_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->v[i].name);
        free(set->v[i].about);
        free(set->v[i].says);
        free(set->v[i].bytes);
    }
    free(set->v);
    memset(set, 0, sizeof *set);
}
