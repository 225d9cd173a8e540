/*
 * split_cql.c - finds where statements end, in one pass over tokens: a string, a comment, a word,
 * white space or a single character.
 */
#include "split_cql.h"

enum token { TOKEN_END, TOKEN_SPACE /* or comment */, TOKEN_WORD, TOKEN_SEMICOLON, TOKEN_OTHER };

/* The length of `p` up to and with the text `close`, searched from `from`; all of it when that is
 * missing. */
static size_t until(const char *p, size_t n, size_t from, const char *close)
{
    const char *at = from < n ? memmem(p + from, n - from, close, strlen(close)) : NULL;
    return at ? (size_t)(at - p) + strlen(close) : n;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The token at p and its length in *len. A doubled quote inside a string reads as two strings,
 * which comes to the same. */
static enum token next_token(const char *p, size_t n, size_t *len)
{
    char c = n ? p[0] : '\0', d = n > 1 ? p[1] : '\0';
    *len = 1;
    if (n == 0) {
        *len = 0;
        return TOKEN_END;
    }
    if ((c == '-' && d == '-') || (c == '/' && d == '/')) {
        *len = until(p, n, 2, "\n");
        return TOKEN_SPACE;
    }
    if (c == '/' && d == '*') {
        *len = until(p, n, 2, "*/");
        return TOKEN_SPACE;
    }
    if (c == '$' && d == '$')
        *len = until(p, n, 2, "$$");
    else if (c == '\'')
        *len = until(p, n, 1, "'");
    else if (c == '"')
        *len = until(p, n, 1, "\"");
    if (*len > 1)
        return TOKEN_OTHER;
    if (is_space(c) || is_word(c)) {
        bool word = is_word(c);
        while (*len < n && (word ? is_word(p[*len]) : is_space(p[*len])))
            ++*len;
        return word ? TOKEN_WORD : TOKEN_SPACE;
    }
    return c == ';' ? TOKEN_SEMICOLON : TOKEN_OTHER;
}

static bool word_is(const char *p, size_t n, const char *upper)
{
    if (n != strlen(upper))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((p[i] & ~0x20) != upper[i])
            return false;
    return true;
}

/* Whether a ';' here would be inside BEGIN [UNLOGGED | COUNTER] BATCH ... APPLY BATCH. */
struct batch {
    unsigned words; /* seen in this statement */
    bool begun;     /* its first word is BEGIN */
    bool batch;     /* and BATCH followed as the second or third */
    bool applied;   /* APPLY was seen */
};

static void batch_word(struct batch *b, const char *p, size_t n)
{
    b->words++;
    if (b->words == 1)
        b->begun = word_is(p, n, "BEGIN");
    else if (b->begun && b->words <= 3 && word_is(p, n, "BATCH"))
        b->batch = true;
    else if (b->batch && word_is(p, n, "APPLY"))
        b->applied = true;
}

bool split_cql_next(struct cqlr_str *rest, struct cqlr_str *statement)
{
    const char *p = rest->p, *end = rest->p + rest->n, *last = NULL;
    struct batch batch = {0};
    size_t len;
    *statement = (struct cqlr_str){NULL, 0};
    for (;; p += len) {
        enum token t = next_token(p, (size_t)(end - p), &len);
        bool ends = t == TOKEN_END || (t == TOKEN_SEMICOLON && !(batch.batch && !batch.applied));
        if (ends && (statement->p || t == TOKEN_END))
            break;
        if (ends || t == TOKEN_SPACE)
            continue;
        if (t == TOKEN_WORD)
            batch_word(&batch, p, len);
        if (!statement->p)
            statement->p = p;
        last = p + len;
    }
    *rest = (struct cqlr_str){p + len, (size_t)(end - p) - len};
    if (statement->p)
        statement->n = (size_t)(last - statement->p);
    return statement->p != NULL;
}
