/*
 * bad.c - see the header. The columns behind index, error and message are the parameters by their
 * names, or, where sets are read as a stream, the record as it came.
 */
#include <errno.h>
#include <stdio.h>

#include "bad.h"
#include "tools/cqlraw/io/redact.h"
#include "tools/cqlraw/rows/out_csv.h"

static void field(struct cqlr_wr *w, const char *p, size_t n)
{
    size_t from;
    cqlr_wr_u8(w, ',');
    from = w->n;
    cqlr_wr_raw(w, p, n);
    if (n)
        csv_quote(w, from);
}

/* A server's message may quote the statement. */
static void message(struct cqlr_wr *w, const char *text)
{
    cqlr_wr_u8(w, ',');
    size_t from = w->n;
    redact_copy(w, cqlr_cstr(text));
    if (*text)
        csv_quote(w, from);
}

static void write_line(struct bad *b)
{
    cqlr_wr_u8(&b->line, '\n');
    if (b->line.rc && !b->out.sys_errno)
        b->out.sys_errno = ENOMEM;
    if (!b->out.sys_errno && out_write(&b->out, b->line.p, b->line.n) == 0)
        b->bytes += b->line.n;
    cqlr_wr_reset(&b->line);
}

static void write_names(struct bad *b)
{
    static const char fixed[] = "index,error,message";
    cqlr_wr_raw(&b->line, fixed, sizeof fixed - 1);
    for (size_t i = 0; i < b->params->n && !b->params->streamed; i++)
        field(&b->line, params_name(b->params, i), strlen(params_name(b->params, i)));
    if (b->params->streamed)
        field(&b->line, "record", 6);
    write_line(b);
}

int bad_open(struct bad *b, const char *command, const char *path, bool overwrite,
             const struct params *params, bool resume, uint64_t bytes)
{
    *b = (struct bad){.out = {.fd = -1, .stop_fd = -1}, .params = params};
    cqlr_wr_init(&b->line, NULL, 0);
    if (!path)
        return 0;
    int rc = resume ? out_resume(&b->out, command, path, overwrite, bytes)
                    : out_open(&b->out, command, path, overwrite);
    b->bytes = resume ? bytes : 0;
    if (!rc && !b->bytes)
        write_names(b);
    return rc;
}

void bad_fini(struct bad *b)
{
    cqlr_wr_fini(&b->line);
}

void bad_add(struct bad *b, const struct cqlr_bulk_failure *f, const char *class_name)
{
    char index[32];
    if (b->out.fd < 0)
        return;
    snprintf(index, sizeof index, "%llu", (unsigned long long)f->index);
    cqlr_wr_raw(&b->line, index, strlen(index));
    field(&b->line, class_name, strlen(class_name));
    message(&b->line, f->err->text);
    for (size_t i = 0; i < b->params->n && !b->params->streamed; i++) {
        cqlr_wr_u8(&b->line, ',');
        size_t from = b->line.n;
        int rc = cqlr_source_print(b->params->source, f->index, i, &b->line);
        if (!rc && b->line.n > from)
            csv_quote(&b->line, from);
    }
    if (b->params->streamed)
        field(&b->line, f->record.p, f->record.n);
    write_line(b);
}
