/*
 * hostile_load.c - a file of hostile vectors -> memory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/vectors/hostile.h"
#include "tests/vectors/lines.h"

/* ---- bytes ---- */

static uint8_t *more(struct hostile *v, size_t n)
{
    v->bytes = must(realloc(v->bytes, v->n + n + 1));
    v->n += n;
    return v->bytes + v->n - n;
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
    for (; line_hex_digit(s[0]) >= 0; s += 2) {
        if (line_hex_digit(s[1]) < 0)
            return NULL;
        *more(v, 1) = (uint8_t)(line_hex_digit(s[0]) << 4 | line_hex_digit(s[1]));
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
    *to = copied(s);
}

static int hostile_add(struct hostile_set *set, const char *name)
{
    set->v = must(realloc(set->v, (set->count + 1) * sizeof *set->v));
    set->v[set->count++] = (struct hostile){.name = copied(name),
                                            .about = copied(""),
                                            .says = copied(""),
                                            .bytes = must(malloc(1)),
                                            .frame = SIZE_MAX};
    return 0;
}

static int line_read(void *arg, const char *line)
{
    struct hostile_set *set = arg;
    struct hostile *v = set->count ? &set->v[set->count - 1] : NULL;
    const char *s;
    if ((s = line_after(line, "name")))
        return hostile_add(set, s);
    if (!v)
        return -1;
    if ((s = line_after(line, "frame")))
        return frame_begin(v, s);
    if ((s = line_after(line, "hex")))
        return tokens_read(v, s);
    if ((s = line_after(line, "raw")))
        return raw_add(v, s);
    if ((s = line_after(line, "about")))
        replace(&v->about, s);
    else if ((s = line_after(line, ">")))
        v->says = longer(v->says, s);
    else if ((s = line_after(line, "memory")))
        v->memory = strtoul(s, NULL, 10);
    else if (strcmp(line, "handshake") == 0)
        v->handshake = true;
    else
        return -1;
    return 0;
}

int hostile_load(struct hostile_set *set, const char *path)
{
    memset(set, 0, sizeof *set);
    int rc = lines_read(path, line_read, set);
    if (!rc && !set->count)
        fprintf(stderr, "%s: no vector\n", path);
    return set->count ? rc : -1;
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
