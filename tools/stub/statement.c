/*
 * statement.c - text → struct stub_statement: a tokenizer and one function per clause.
 *
 * Names without quotes match in any case, names in "double quotes" as they stand; all names the
 * stub has are lower case.
 */
#include <stdarg.h>
#include <stdio.h>

#include "statement.h"

bool stub_fail(struct stub_failure *f, int32_t code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    f->code = code;
    vsnprintf(f->text, sizeof f->text, format, ap);
    va_end(ap);
    return false;
}

/* ---- tokens ---- */

enum token_kind { END, WORD, QUOTED, STRING, SIGN, BAD };

struct token {
    enum token_kind kind;
    struct cqlr_str text; /* QUOTED: without the quotes; STRING: with them */
};

struct tokens {
    const char *p;
    const char *end;
    struct token now;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters of names, and of literals without quotes: numbers, uuids, true, 0xff. */
static bool is_word(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Behind the closing quote of what starts at p, a doubled one does not close; NULL = it never
 * closes. */
static const char *quote_end(const char *p, const char *end)
{
    char quote = *p++;
    for (; p < end; p++) {
        if (*p != quote)
            continue;
        if (p + 1 == end || p[1] != quote)
            return p + 1;
        p++;
    }
    return NULL;
}

static void advance(struct tokens *t)
{
    while (t->p < t->end && is_space(*t->p))
        t->p++;
    const char *start = t->p, *close = NULL;
    enum token_kind kind = SIGN;
    if (start == t->end) {
        kind = END;
    } else if (is_word(*start)) {
        kind = WORD;
        while (t->p < t->end && is_word(*t->p))
            t->p++;
    } else if (*start == '\'' || *start == '"') {
        close = quote_end(start, t->end);
        kind = !close ? BAD : *start == '"' ? QUOTED : STRING;
        t->p = close ? close : t->end;
    } else {
        t->p++;
    }
    t->now = (struct token){kind, {start, (size_t)(t->p - start)}};
    if (kind == QUOTED)
        t->now.text = (struct cqlr_str){start + 1, t->now.text.n - 2};
}

/* Does the token name `lower_case`? */
static bool token_is(const struct token *tok, const char *lower_case)
{
    if ((tok->kind != WORD && tok->kind != QUOTED) || tok->text.n != strlen(lower_case))
        return false;
    for (size_t i = 0; i < tok->text.n; i++) {
        char c = tok->text.p[i];
        if ((tok->kind == WORD ? lower(c) : c) != lower_case[i])
            return false;
    }
    return true;
}

static bool at_word(const struct tokens *t, const char *word)
{
    return t->now.kind == WORD && token_is(&t->now, word);
}

static bool at_sign(const struct tokens *t, char sign)
{
    return t->now.kind == SIGN && t->now.text.p[0] == sign;
}

static bool take_word(struct tokens *t, const char *word)
{
    if (!at_word(t, word))
        return false;
    advance(t);
    return true;
}

static bool take_sign(struct tokens *t, char sign)
{
    if (!at_sign(t, sign))
        return false;
    advance(t);
    return true;
}

static bool take_name(struct tokens *t, struct token *name)
{
    if (t->now.kind != WORD && t->now.kind != QUOTED)
        return false;
    *name = t->now;
    advance(t);
    return true;
}

/* The end, with or without a semicolon. */
static bool take_end(struct tokens *t)
{
    take_sign(t, ';');
    return t->now.kind == END;
}

/* ---- clauses; each returns false with f filled in ---- */

static bool unknown(struct stub_failure *f)
{
    return stub_fail(f, CQLR_SERVER_SYNTAX_ERROR, "stub: unknown statement");
}

static const char *find_keyspace(const struct token *name)
{
    for (uint32_t i = 0; i < STUB_TABLE_COUNT; i++)
        if (token_is(name, stub_table_defs[i].keyspace))
            return stub_table_defs[i].keyspace;
    return NULL;
}

static bool no_keyspace(const struct token *name, struct stub_failure *f)
{
    return stub_fail(f, CQLR_SERVER_INVALID, "stub: keyspace '%.*s' does not exist",
                     CQLR_STR(name->text));
}

static bool read_use(struct tokens *t, struct stub_statement *st, struct stub_failure *f)
{
    struct token name;
    if (!take_name(t, &name) || !take_end(t))
        return unknown(f);
    st->use = find_keyspace(&name);
    return st->use ? true : no_keyspace(&name, f);
}

static bool read_table(struct tokens *t, const struct stub_tables *ts, const char *keyspace,
                       struct stub_statement *st, struct stub_failure *f)
{
    struct token name, first;
    if (!take_name(t, &name))
        return unknown(f);
    if (take_sign(t, '.')) {
        first = name;
        if (!take_name(t, &name))
            return unknown(f);
        keyspace = find_keyspace(&first);
        if (!keyspace)
            return no_keyspace(&first, f);
    }
    if (!keyspace)
        return stub_fail(f, CQLR_SERVER_INVALID, "stub: no keyspace has been specified");
    for (uint32_t i = 0; i < STUB_TABLE_COUNT && !st->table; i++)
        if (strcmp(stub_table_defs[i].keyspace, keyspace) == 0 &&
            token_is(&name, stub_table_defs[i].name))
            st->table = &ts->table[i];
    return st->table ? true
                     : stub_fail(f, CQLR_SERVER_INVALID, "stub: table %.*s does not exist",
                                 CQLR_STR(name.text));
}

static bool find_column(const struct stub_table *t, const struct token *name, uint32_t *column,
                        struct stub_failure *f)
{
    for (*column = 0; *column < t->def->columns; ++*column)
        if (token_is(name, t->def->column[*column].name))
            return true;
    return stub_fail(f, CQLR_SERVER_INVALID, "stub: undefined column name %.*s in table %s.%s",
                     CQLR_STR(name->text), t->def->keyspace, t->def->name);
}

/* The list behind SELECT, once the table is known. Stops in front of FROM. */
static bool read_columns(struct tokens *t, struct stub_statement *st, struct stub_failure *f)
{
    struct token name;
    uint32_t column;
    if (take_sign(t, '*')) {
        for (; st->columns < st->table->def->columns; st->columns++)
            st->column[st->columns] = (uint8_t)st->columns;
        return true;
    }
    do {
        if (st->columns == STUB_SELECTED_MAX || !take_name(t, &name))
            return unknown(f);
        if (!at_sign(t, ',') && !at_word(t, "from")) /* a function, an alias */
            return unknown(f);
        if (!find_column(st->table, &name, &column, f))
            return false;
        st->column[st->columns++] = (uint8_t)column;
    } while (take_sign(t, ','));
    return true;
}

static bool read_condition(struct tokens *t, struct stub_statement *st, struct stub_failure *f)
{
    struct stub_condition *c = &st->condition[st->conditions];
    struct token name;
    if (st->conditions == STUB_CONDITIONS_MAX || !take_name(t, &name) || !take_sign(t, '='))
        return unknown(f);
    if (!find_column(st->table, &name, &c->column, f))
        return false;
    c->bound = take_sign(t, '?');
    if (!c->bound && take_sign(t, ':') && take_name(t, &name)) {
        c->bound = true;
        c->marker = name.text;
    }
    if (!c->bound) {
        if (t->now.kind != WORD && t->now.kind != STRING)
            return unknown(f);
        c->literal = t->now.text;
        advance(t);
    }
    st->conditions++;
    st->markers += c->bound;
    return true;
}

/* Every condition on a column of its own, the partition key whole, the clustering columns from the
 * first on. */
static bool check_conditions(const struct stub_statement *st, struct stub_failure *f)
{
    const struct stub_table_def *d = st->table->def;
    uint32_t seen = 0; /* bit = column */
    for (uint32_t i = 0; i < st->conditions; i++)
        seen |= UINT32_C(1) << st->condition[i].column;
    if (seen == (UINT32_C(1) << st->conditions) - 1 && st->conditions >= d->partition_key &&
        st->conditions <= d->partition_key + d->clustering)
        return true;
    return stub_fail(f, CQLR_SERVER_INVALID,
                     "stub: WHERE names the whole partition key of %s.%s and nothing but its key",
                     d->keyspace, d->name);
}

static bool read_where(struct tokens *t, struct stub_statement *st, struct stub_failure *f)
{
    do {
        if (!read_condition(t, st, f))
            return false;
    } while (take_word(t, "and"));
    return check_conditions(st, f);
}

/* The column list comes before the table that gives it a meaning: skip to FROM, and come back. */
static bool read_select(struct tokens *t, const struct stub_tables *ts, const char *keyspace,
                        struct stub_statement *st, struct stub_failure *f)
{
    struct tokens list = *t;
    while (t->now.kind != END && !at_word(t, "from"))
        advance(t);
    if (!take_word(t, "from"))
        return unknown(f);
    if (!read_table(t, ts, keyspace, st, f) || !read_columns(&list, st, f))
        return false;
    if (!take_word(&list, "from"))
        return unknown(f);
    if (take_word(t, "where") && !read_where(t, st, f))
        return false;
    return take_end(t) ? true : unknown(f);
}

bool stub_statement_read(const struct stub_tables *ts, const char *keyspace, struct cqlr_str cql,
                         struct stub_statement *st, struct stub_failure *f)
{
    struct tokens t = {cql.p, cql.p + cql.n, {END, {NULL, 0}}};
    memset(st, 0, sizeof *st);
    advance(&t);
    if (take_word(&t, "use"))
        return read_use(&t, st, f);
    if (take_word(&t, "select"))
        return read_select(&t, ts, keyspace, st, f);
    return unknown(f);
}
