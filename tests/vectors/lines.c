/*
 * lines.c - see lines.h.
 */
#include "tests/vectors/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 4000

void *must(void *p)
{
    if (p)
        return p;
    fprintf(stderr, "vectors: no memory\n");
    exit(2);
}

char *copied(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(must(malloc(n)), s, n);
}

char *longer(char *text, const char *line)
{
    size_t old = strlen(text), n = strlen(line);
    text = must(realloc(text, old + n + 2));
    memcpy(text + old, line, n);
    memcpy(text + old + n, "\n", 2);
    return text;
}

int line_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *line_after(const char *line, const char *key)
{
    size_t n = strlen(key);
    if (strncmp(line, key, n) != 0 || (line[n] && line[n] != ' '))
        return NULL;
    return line + n + (line[n] == ' ');
}

int lines_read(const char *path, int (*line)(void *arg, const char *text), void *arg)
{
    char text[LINE_MAX_BYTES];
    unsigned number = 0;
    int rc = 0;
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    while (!rc && fgets(text, sizeof text, f)) {
        char *end = strchr(text, '\n');
        number++;
        if (end)
            *end = '\0';
        if (!end)
            rc = -1;
        else if (text[0] && text[0] != '#')
            rc = line(arg, text);
    }
    if (rc)
        fprintf(stderr, "%s:%u: not a line of a vector file\n", path, number);
    else if (ferror(f)) {
        perror(path);
        rc = -1;
    }
    fclose(f);
    return rc;
}
