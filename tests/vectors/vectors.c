/*
 * vectors.c - a file of vectors -> memory. Strict: a line it does not know is an error, for a test
 * that is not read is a test that does not fail.
 */
#include "tests/vectors/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
    if (p)
        return p;
    fprintf(stderr, "vectors: no memory\n");
    exit(2);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_add(uint8_t **bytes, size_t *n, const char *s)
{
    size_t digits = strlen(s);
    if (digits % 2)
        return -1;
    *bytes = must(realloc(*bytes, *n + digits / 2 + 1));
    for (size_t i = 0; i < digits; i += 2) {
        int high = hex_digit(s[i]);
        int low = hex_digit(s[i + 1]);
        if (high < 0 || low < 0)
            return -1;
        (*bytes)[(*n)++] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static void says_add(struct vector *v, const char *line)
{
    size_t old = strlen(v->says);
    size_t n = strlen(line);
    v->says = must(realloc(v->says, old + n + 2));
    memcpy(v->says + old, line, n);
    memcpy(v->says + old + n, "\n", 2);
}

static struct vector *vector_add(struct vectors *set, const char *name)
{
    set->v = must(realloc(set->v, (set->count + 1) * sizeof *set->v));
    struct vector *v = &set->v[set->count++];
    v->name = must(strdup(name));
    v->about = must(strdup(""));
    v->says = must(strdup(""));
    v->bytes = must(malloc(1));
    v->n = 0;
    v->plain = NULL;
    v->plain_n = 0;
    v->rest = 0;
    return v;
}

/* What stands behind `key` and a space ("" when nothing does), or NULL when the line starts
 * otherwise. */
static const char *after(const char *line, const char *key)
{
    size_t n = strlen(key);
    if (strncmp(line, key, n) != 0 || (line[n] && line[n] != ' '))
        return NULL;
    return line + n + (line[n] == ' ');
}

static int line_read(struct vectors *set, const char *line)
{
    struct vector *v = set->count ? &set->v[set->count - 1] : NULL;
    const char *s;
    if (line[0] == '\0' || line[0] == '#')
        return 0;
    if ((s = after(line, "name")))
        return vector_add(set, s) ? 0 : -1;
    if (!v)
        return -1;
    if ((s = after(line, "hex")))
        return hex_add(&v->bytes, &v->n, s);
    if ((s = after(line, "plain")))
        return hex_add(&v->plain, &v->plain_n, s);
    if ((s = after(line, "rest"))) {
        v->rest = strtoul(s, NULL, 10);
        return v->rest ? 0 : -1;
    }
    if ((s = after(line, ">"))) {
        says_add(v, s);
        return 0;
    }
    if ((s = after(line, "about"))) {
        free(v->about);
        v->about = must(strdup(s));
        return 0;
    }
    return -1;
}

int vectors_load(struct vectors *set, const char *path)
{
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0;
    int rc = 0;
    ssize_t n;
    memset(set, 0, sizeof *set);
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        return -1;
    }
    while (!rc && (n = getline(&line, &size, f)) >= 0) {
        number++;
        if (n > 0 && line[n - 1] == '\n')
            line[n - 1] = '\0';
        rc = line_read(set, line);
    }
    if (rc)
        fprintf(stderr, "%s:%u: not a line of a vector file\n", path, number);
    else if (ferror(f) || set->count == 0) {
        fprintf(stderr, "%s: cannot be read or holds no vector\n", path);
        rc = -1;
    }
    free(line);
    fclose(f);
    return rc;
}

void vectors_free(struct vectors *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->v[i].name);
        free(set->v[i].about);
        free(set->v[i].says);
        free(set->v[i].bytes);
        free(set->v[i].plain);
    }
    free(set->v);
    memset(set, 0, sizeof *set);
}
