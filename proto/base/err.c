/*
 * err.c - the text of errors: fixed room, one line, cut between characters with "..." behind what
 * is left. No heap, so that running out of memory can be told too.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/utf8.h"

static bool is_continuation(char c)
{
    return ((uint8_t)c & 0xC0) == 0x80;
}

void cqlr__text_one_line(char *p, size_t n)
{
    for (size_t i = 0, len; i < n; i += len) {
        const uint8_t *c = (const uint8_t *)p + i;
        len = cqlr__utf8_next(c, n - i);
        if (len == 0)
            p[i] = '?';
        else if (*c < 0x20 || *c == 0x7F || (*c == 0xC2 && c[1] < 0xA0))
            memset(p + i, ' ', len);
        len += len == 0;
    }
}

size_t cqlr__text_cut(const char *p, size_t n)
{
    size_t i = n;
    while (i > 0 && n - i < 3 && is_continuation(p[i - 1]))
        i--;
    if (i == 0)
        return n;
    uint8_t lead = (uint8_t)p[i - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return n - (i - 1) < need ? i - 1 : n;
}

/* The text fills its room and goes on: its length with the mark that says so. */
static size_t mark_cut(char text[CQLR_ERR_TEXT])
{
    static const char mark[] = "...";
    size_t n = cqlr__text_cut(text, CQLR_ERR_TEXT - sizeof mark);
    memcpy(text + n, mark, sizeof mark);
    return n + sizeof mark - 1;
}

/* Fills `text` as vsnprintf does, then cuts and cleans it; returns its length. */
static size_t print(char text[CQLR_ERR_TEXT], const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static size_t print(char text[CQLR_ERR_TEXT], const char *fmt, va_list ap)
{
    int rc = vsnprintf(text, CQLR_ERR_TEXT, fmt, ap);
    size_t n = rc < 0 ? 0 : (size_t)rc;
    if (n >= CQLR_ERR_TEXT)
        n = mark_cut(text);
    cqlr__text_one_line(text, n);
    text[n] = '\0';
    return n;
}

int cqlr__err_set(struct cqlr_err *err, int code, const char *fmt, ...)
{
    char text[CQLR_ERR_TEXT]; /* an argument may point into err->text */
    va_list ap;
    va_start(ap, fmt);
    size_t n = print(text, fmt, ap);
    va_end(ap);
    cqlr__err_clear(err);
    err->code = code;
    memcpy(err->text, text, n + 1);
    return code;
}

void cqlr__err_prefix(struct cqlr_err *err, const char *fmt, ...)
{
    char old[CQLR_ERR_TEXT];
    char prefix[CQLR_ERR_TEXT];
    va_list ap;
    memcpy(old, err->text, sizeof old);
    va_start(ap, fmt);
    size_t n = print(prefix, fmt, ap);
    va_end(ap);

    int rc = snprintf(err->text, sizeof err->text, "%.*s: %s", (int)n, prefix, old);
    if (rc >= (int)sizeof err->text)
        (void)mark_cut(err->text);
}

const char *cqlr_errcode_text(int code)
{
    switch (code) {
#define ROW(name, number, text)                                                                    \
    case number:                                                                                   \
        return text;
        CQLR_ERROR_MAP(ROW)
#undef ROW
    case 0:
        return "no error";
    default:
        return "unknown error";
    }
}

const char *cqlr_errcode_name(int code)
{
    switch (code) {
#define ROW(name, number, text)                                                                    \
    case number:                                                                                   \
        return #name;
        CQLR_ERROR_MAP(ROW)
#undef ROW
    case 0:
        return "OK";
    default:
        return "UNKNOWN";
    }
}
