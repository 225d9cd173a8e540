/*
 * param_values.c - lists, texts and files of -P → values. A text is a view into the argument or
 * into the file's contents.
 */
#include <stdlib.h>

#include "param_values.h"
#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/io/file.h"

#define COMMAND "run"

static int add_text(struct param *p, struct cqlr_str text)
{
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        struct cqlr_str *more =
            cap > SIZE_MAX / sizeof *more ? NULL : realloc(p->text, cap * sizeof *more);
        if (!more) {
            say(COMMAND, "out of memory");
            return EXIT_INTERNAL;
        }
        p->text = more;
        p->cap = cap;
    }
    p->text[p->count++] = text;
    return 0;
}

/* One value a line; the last line may lack its end; CRLF is taken as LF. */
static int add_lines(struct param *p, struct cqlr_str text)
{
    const char *data = text.p;
    for (const char *end = data + text.n; data < end;) {
        const char *lf = memchr(data, '\n', (size_t)(end - data));
        size_t len = (size_t)((lf ? lf : end) - data);
        struct cqlr_str line = {data, len - (len > 0 && data[len - 1] == '\r')};
        if (spec_is_null(line))
            line.p = NULL;
        if (add_text(p, line))
            return EXIT_INTERNAL;
        data += len + (lf != NULL);
    }
    return 0;
}

static int add_file(struct param *p, const struct spec *s)
{
    bool is_stdin = s->kind == SPEC_STDIN;
    int rc = file_read(COMMAND, is_stdin ? NULL : s->text.p, &p->file,
                       &p->file_n); /* the name ends with the argument */
    return rc ? rc : add_lines(p, file_text(p->file, p->file_n));
}

static int add_list(struct param *p, struct cqlr_str list)
{
    struct cqlr_str element;
    while (spec_list_next(&list, &element)) {
        if (spec_is_null(element))
            element.p = NULL;
        if (add_text(p, element))
            return EXIT_INTERNAL;
    }
    return 0;
}

int param_read(struct param *p, const struct spec *s, struct cqlr_source_param *out)
{
    int rc = 0;
    switch (s->kind) {
    case SPEC_INT:
        out->kind = CQLR_SOURCE_INT;
        break;
    case SPEC_DATE:
        out->kind = CQLR_SOURCE_DATE;
        break;
    case SPEC_TIMESTAMP:
        out->kind = CQLR_SOURCE_TIMESTAMP;
        break;
    case SPEC_LIST:
        out->kind = CQLR_SOURCE_LIST;
        rc = add_list(p, s->text);
        break;
    case SPEC_LITERAL:
        out->kind = CQLR_SOURCE_LIST;
        rc = add_text(p, s->text);
        break;
    case SPEC_FILE:
    case SPEC_STDIN:
        out->kind = CQLR_SOURCE_LIST;
        out->checked_late = true;
        rc = add_file(p, s);
        break;
    }
    out->first = s->first;
    out->last = s->last;
    out->step = s->step;
    out->months = s->months;
    out->text = p->text;
    out->count = p->count;
    return rc;
}

void param_free(struct param *p)
{
    free(p->name);
    free(p->file);
    free(p->text);
}
