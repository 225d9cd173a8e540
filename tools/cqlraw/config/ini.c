/*
 * ini.c - INI text → (section, key, value), as Python's ConfigParser reads it for cqlsh, so that
 * files of cqlsh mean the same here:
 *
 * "[section]", "key = value" or "key: value"; blank around them is dropped. A line that starts with
 * "#" or ";" is a comment, behind a value they belong to it (so a password may hold them). A line
 * indented deeper than its key goes on with the value. Values stand as they are: neither quotes nor
 * "%" mean anything.
 */
#include <string.h>

#include "ini.h"
#include "tools/cqlraw/io/trim.h"

static size_t indent_of(struct cqlr_str line)
{
    size_t n = 0;
    while (n < line.n && is_blank(line.p[n]))
        n++;
    return n;
}

/* The line at the front, without its newline. */
static struct cqlr_str first_line(struct cqlr_str text)
{
    const char *end = memchr(text.p, '\n', text.n);
    return (struct cqlr_str){text.p, end ? (size_t)(end - text.p) : text.n};
}

static void drop_line(struct ini *i, size_t n)
{
    n += n < i->rest.n;
    i->rest.p += n;
    i->rest.n -= n;
    i->line++;
}

void ini_init(struct ini *i, struct cqlr_str text)
{
    static const char mark[] = "\xef\xbb\xbf";
    *i = (struct ini){.rest = text};
    if (text.n >= 3 && memcmp(text.p, mark, 3) == 0) {
        i->rest.p += 3;
        i->rest.n -= 3;
    }
}

static bool says_nothing(struct cqlr_str line)
{
    return line.n == 0 || line.p[0] == '#' || line.p[0] == ';';
}

/* Takes the indented lines behind a key into its value. */
static void take_continuation(struct ini *i, size_t indent, struct cqlr_str *value)
{
    while (i->rest.n) {
        struct cqlr_str line = first_line(i->rest), text = trim(line);
        if (says_nothing(text) || indent_of(line) <= indent)
            return;
        value->n = (size_t)(text.p + text.n - value->p);
        drop_line(i, line.n);
    }
}

static const char *read_section(struct ini *i, struct cqlr_str line)
{
    if (line.n < 3 || line.p[line.n - 1] != ']')
        return "a section is [NAME]";
    i->section = (struct cqlr_str){line.p + 1, line.n - 2};
    return NULL;
}

static const char *read_item(const struct ini *i, struct cqlr_str line, struct ini_item *item)
{
    size_t k = 0;
    while (k < line.n && line.p[k] != '=' && line.p[k] != ':')
        k++;
    if (k == 0 || k == line.n)
        return "neither [SECTION] nor KEY = VALUE";
    if (!i->section.n)
        return "a [SECTION] must come first";
    item->section = i->section;
    item->key = trim((struct cqlr_str){line.p, k});
    item->value = trim((struct cqlr_str){line.p + k + 1, line.n - k - 1});
    item->line = i->line;
    return NULL;
}

int ini_next(struct ini *i, struct ini_item *item, const char **why)
{
    while (i->rest.n) {
        struct cqlr_str line = first_line(i->rest), text = trim(line);
        drop_line(i, line.n);
        *why = NULL;
        if (memchr(line.p, '\0', line.n))
            *why = "a NUL byte";
        else if (says_nothing(text))
            continue;
        else if (text.p[0] == '[')
            *why = read_section(i, text);
        else
            *why = read_item(i, text, item);
        if (*why)
            return -1;
        if (text.p[0] == '[')
            continue;
        take_continuation(i, indent_of(line), &item->value);
        return 1;
    }
    return 0;
}
