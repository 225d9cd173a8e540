/*
 * redact.c - see the header. The text is not parsed: what follows the word PASSWORD, behind `=`,
 * blanks, comments and the brackets that Cassandra puts around what it did not expect, is a
 * password when it is a literal, '...' or $$...$$. So a condition on a column of that name is
 * hidden, too, which is no loss.
 *
 * Text is moved towards the front only: `to` is never behind `from`.
 */
#include <string.h>
#include <strings.h>

#include "redact.h"

#define WORD    "PASSWORD"
#define STARS   "***"
#define BETWEEN 1000 /* bytes from the word to the literal */

struct edit {
    char *p;
    size_t n, from, to;
};

static bool in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool starts(const struct edit *t, size_t at, const char *s)
{
    size_t n = strlen(s);
    return t->n - at >= n && memcmp(t->p + at, s, n) == 0;
}

/* Behind the next `end` from `at` on, or at the end of the text. */
static size_t behind(const struct edit *t, size_t at, const char *end)
{
    const char *found = memmem(t->p + at, t->n - at, end, strlen(end));
    return found ? (size_t)(found - t->p) + strlen(end) : t->n;
}

static bool is_word(const struct edit *t)
{
    size_t end = t->from + strlen(WORD);
    return t->n >= end && strncasecmp(t->p + t->from, WORD, strlen(WORD)) == 0 &&
           (t->from == 0 || !in_word(t->p[t->from - 1])) && (t->n == end || !in_word(t->p[end]));
}

/* Where the literal would begin. Comments are not followed for ever: a text may be made of them. */
static size_t skip_to_literal(const struct edit *t, size_t at, bool *marked)
{
    struct edit near = *t;
    near.n = t->n - at > BETWEEN ? at + BETWEEN : t->n;
    while (at < near.n) {
        if (starts(&near, at, "/*"))
            at = behind(&near, at + 2, "*/");
        else if (starts(&near, at, "--") || starts(&near, at, "//"))
            at = behind(&near, at, "\n");
        else if (memchr("= \t\r\n[]", t->p[at], 7))
            *marked |= t->p[at++] == '[';
        else
            break;
    }
    return at;
}

static void move(struct edit *t, size_t n)
{
    memmove(t->p + t->to, t->p + t->from, n);
    t->from += n;
    t->to += n;
}

/* The literal at t->from becomes stars, as many as fit at most. */
static void hide(struct edit *t)
{
    bool dollars = t->p[t->from] == '$';
    const char *quote = dollars ? "$$" : "'";
    size_t q = strlen(quote), end = behind(t, t->from + q, quote);
    while (!dollars && end < t->n && t->p[end] == '\'') /* '' stands for one within */
        end = behind(t, end + 1, quote);
    bool closed = end - t->from >= 2 * q && memcmp(t->p + end - q, quote, q) == 0;
    move(t, q);
    size_t inside = end - t->from - (closed ? q : 0);
    size_t stars = inside < strlen(STARS) ? inside : strlen(STARS);
    memcpy(t->p + t->to, STARS, stars);
    t->to += stars;
    t->from += inside;
    move(t, closed ? q : 0);
}

static size_t hide_after(char *p, size_t n, const char *word);

static bool is_literal(const struct edit *t, size_t at)
{
    return at < t->n && (t->p[at] == '\'' || starts(t, at, "$$"));
}

size_t redact(char *p, size_t n)
{
    struct edit t = {.p = p, .n = n};
    bool unexpected = false;
    while (t.from < t.n) {
        bool marked = false;
        size_t at = is_word(&t) ? skip_to_literal(&t, t.from + strlen(WORD), &marked) : 0;
        if (is_literal(&t, at) && at > t.from) {
            move(&t, at - t.from);
            hide(&t);
            unexpected |= marked;
        } else {
            move(&t, 1);
        }
    }
    return unexpected ? hide_after(p, t.to, "input ") : t.to;
}

/* What the server did not expect was a password: it says it in front, too, "mismatched input
 * 'x'". */
static size_t hide_after(char *p, size_t n, const char *word)
{
    struct edit t = {.p = p, .n = n};
    while (t.from < t.n) {
        bool here = starts(&t, t.from, word) && is_literal(&t, t.from + strlen(word));
        move(&t, here ? strlen(word) : 1);
        if (here)
            hide(&t);
    }
    return t.to;
}

void redact_copy(struct cqlr_wr *w, struct cqlr_str text)
{
    size_t at = w->n;
    cqlr_wr_raw(w, text.p, text.n);
    if (w->rc == 0 && text.n)
        w->n = at + redact((char *)w->p + at, text.n);
}
