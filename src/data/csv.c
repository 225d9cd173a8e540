/*
 * csv.c - see csv.h. The splitter only finds where a record ends, so it takes anything: what is
 * wrong within a record is found, with its line, when its cells are taken. Both see quotes the same
 * way.
 */
#include "proto/base/err.h"
#include "src/data/csv.h"

/* ---- records ---- */

/* The first byte of p..end that a cell without quotes ends at, or end. */
static const uint8_t *plain_end(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p != ',' && *p != '\n')
        p++;
    return p;
}

size_t cqlr__csv_split(struct cqlr__csv_splitter *s, const uint8_t *p, size_t n)
{
    const uint8_t *at = p, *end = p + n;
    while (at < end) {
        if (s->state == CQLR__CSV_QUOTED) {
            const uint8_t *quote = memchr(at, '"', (size_t)(end - at));
            if (!quote)
                return 0;
            s->state = CQLR__CSV_QUOTE_SEEN;
            at = quote + 1;
        } else if (*at == '"' && s->state != CQLR__CSV_PLAIN) {
            s->state = CQLR__CSV_QUOTED;
            at++;
        } else {
            at = plain_end(at, end);
            s->state = CQLR__CSV_PLAIN;
            if (at == end)
                return 0;
            s->state = CQLR__CSV_CELL_START;
            if (*at++ == '\n')
                return (size_t)(at - p);
        }
    }
    return 0;
}

struct cqlr_str cqlr__csv_chomp(struct cqlr_str record)
{
    if (record.n && record.p[record.n - 1] == '\n')
        record.n--;
    if (record.n && record.p[record.n - 1] == '\r')
        record.n--;
    return record;
}

struct cqlr_str cqlr__csv_unmark(struct cqlr_str input)
{
    if (input.n >= 3 && !memcmp(input.p, "\xEF\xBB\xBF", 3))
        input = (struct cqlr_str){input.p + 3, input.n - 3};
    return input;
}

/* ---- cells ---- */

void cqlr__csv_init(struct cqlr__csv *c, struct cqlr_str record, uint64_t line)
{
    c->left = (struct cqlr_str){record.p ? record.p : "", record.n};
    c->line = line;
    c->more = true;
}

static int bad(const struct cqlr__csv *c, struct cqlr_err *err, const char *what)
{
    return cqlr__err_set(err, CQLR_E_TYPE, "line %llu: %s", (unsigned long long)c->line, what);
}

/* n bytes and the comma behind them, if there is one, are done with. */
static void advance(struct cqlr__csv *c, size_t n)
{
    c->more = n < c->left.n;
    n += c->more;
    c->left.p += n;
    c->left.n -= n;
}

size_t cqlr__csv_newlines(struct cqlr_str s)
{
    size_t n = 0;
    for (const char *p; s.n && (p = memchr(s.p, '\n', s.n)); n++) {
        s.n -= (size_t)(p + 1 - s.p);
        s.p = p + 1;
    }
    return n;
}

/* The length of what stands between the quotes, s beginning behind the first; false: it does not
 * end. */
static bool quoted_length(struct cqlr_str s, size_t *n, bool *doubled)
{
    *doubled = false;
    for (const char *p = s.p, *end = s.p + s.n; p < end; p += 2) {
        p = memchr(p, '"', (size_t)(end - p));
        if (!p)
            return false;
        if (p + 1 == end || p[1] != '"') {
            *n = (size_t)(p - s.p);
            return true;
        }
        *doubled = true;
    }
    return false;
}

static int undouble(struct cqlr_str *text, struct cqlr_wr *scratch, struct cqlr_err *err)
{
    struct cqlr_str from = *text;
    cqlr_wr_reset(scratch);
    while (from.n) {
        const char *quote = memchr(from.p, '"', from.n);
        size_t n = quote ? (size_t)(quote - from.p) + 1 : from.n;
        cqlr_wr_raw(scratch, from.p, n);
        n += quote != NULL;
        from.p += n;
        from.n -= n;
    }
    if (scratch->rc)
        return cqlr__err_set(err, scratch->rc, "a cell: %s", cqlr_errcode_text(scratch->rc));
    *text = (struct cqlr_str){(const char *)scratch->p, scratch->n};
    return 1;
}

static int next_quoted(struct cqlr__csv *c, struct cqlr__csv_cell *cell, struct cqlr_wr *scratch,
                       struct cqlr_err *err)
{
    const struct cqlr_str inner = {c->left.p + 1, c->left.n - 1};
    bool doubled;
    size_t n;
    if (!quoted_length(inner, &n, &doubled))
        return bad(c, err, "closing quote missing");
    *cell = (struct cqlr__csv_cell){{inner.p, n}, true};
    c->line += cqlr__csv_newlines(cell->text);
    if (n + 1 < inner.n && inner.p[n + 1] != ',')
        return bad(c, err, "text behind a closing quote");
    advance(c, n + 2);
    return doubled ? undouble(&cell->text, scratch, err) : 1;
}

int cqlr__csv_next(struct cqlr__csv *c, struct cqlr__csv_cell *cell, struct cqlr_wr *scratch,
                   struct cqlr_err *err)
{
    const char *comma;
    if (!c->more)
        return 0;
    if (c->left.n && *c->left.p == '"')
        return next_quoted(c, cell, scratch, err);
    comma = c->left.n ? memchr(c->left.p, ',', c->left.n) : NULL;
    *cell = (struct cqlr__csv_cell){{c->left.p, comma ? (size_t)(comma - c->left.p) : c->left.n},
                                    false};
    advance(c, cell->text.n);
    return 1;
}
