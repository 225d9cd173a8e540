/*
 * Files divided among workers: a unit of work is a file's name, the worker opens the file and
 * inserts its lines "ID VALUE" with a window of its own.
 *
 * usage: load_files HOST:PORT "INSERT INTO ks.t (id, v) VALUES (?, ?)" FILE ...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cqlraw/bulk.h>

#define WINDOW 64

/* A file being loaded. */
struct load {
    cqlr_job *job;
    FILE *file;
    cqlr_bound *bound[WINDOW]; /* the free ones are at the front */
    unsigned free, made;
    uint64_t rows;
    bool ended;          /* nothing more is sent */
    struct cqlr_err err; /* the first one; code 0: none */
};

struct request {
    struct load *load;
    cqlr_bound *bound;
};

static void send_lines(struct load *l);

static void load_end(struct load *l)
{
    for (unsigned i = 0; i < l->made; i++)
        cqlr_bound_free(l->bound[i]);
    fclose(l->file);
    cqlr_job_done(l->job, l->err.code, l->rows, &l->err);
    free(l);
}

static void fail(struct load *l, const struct cqlr_err *err)
{
    if (!l->err.code)
        l->err = *err;
    l->ended = true;
}

static void on_reply(void *arg, cqlr_reply *r)
{
    struct request *q = arg;
    struct load *l = q->load;
    l->bound[l->free++] = q->bound;
    free(q);
    if (cqlr_reply_rc(r) < 0)
        fail(l, cqlr_reply_err(r));
    else
        l->rows++;
    send_lines(l);
    if (l->ended && l->free == l->made)
        load_end(l);
}

/* One line as the values of the two markers. */
static int bind(cqlr_bound *b, char *line)
{
    char *value = strchr(line, ' ');
    if (value)
        *value++ = '\0';
    cqlr_bound_reset(b);
    int rc = cqlr_bound_text(b, 0, cqlr_cstr(line));
    return rc ? rc : cqlr_bound_text(b, 1, cqlr_cstr(value ? value : ""));
}

static void send_lines(struct load *l)
{
    char line[4096];
    while (!l->ended && l->free > 0) {
        struct request *q;
        cqlr_bound *b = l->bound[l->free - 1];
        if (!fgets(line, sizeof line, l->file)) {
            l->ended = true;
            return;
        }
        line[strcspn(line, "\n")] = '\0';
        if (bind(b, line) < 0) {
            fail(l, cqlr_bound_err(b));
            return;
        }
        q = malloc(sizeof *q);
        if (!q)
            abort();
        *q = (struct request){l, b};
        if (cqlr_client_execute(cqlr_job_client(l->job), b, on_reply, q) < 0) {
            free(q);
            fail(l, cqlr_client_err(cqlr_job_client(l->job)));
            return;
        }
        l->free--;
    }
}

/* In a worker: job i is the i-th file. */
static int on_job(void *arg, cqlr_job *job, struct cqlr_err *err)
{
    const char *name = ((char **)arg)[cqlr_job_index(job)];
    struct load *l = calloc(1, sizeof *l);
    if (!l)
        return CQLR_E_NOMEM;
    l->job = job;
    l->file = fopen(name, "r");
    if (!l->file) {
        err->code = CQLR_E_IO;
        snprintf(err->text, sizeof err->text, "%.300s: cannot be read", name);
        free(l);
        return err->code;
    }
    while (l->made < WINDOW && (l->bound[l->made] = cqlr_bound_new(cqlr_job_prepared(job))))
        l->made++;
    l->free = l->made;
    send_lines(l);
    if (l->ended && l->free == l->made) /* nothing could be sent */
        load_end(l);
    return 0;
}

static void on_error(void *arg, const struct cqlr_bulk_failure *f)
{
    fprintf(stderr, "%s: %s\n", ((char **)arg)[f->index], f->err->text);
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s = {.size = sizeof s};
    struct cqlr_err err;
    if (argc < 4)
        return 64;
    cqlr_client_opts_init(&client, sizeof client);
    client.contact_points = argv[1];
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.statement = cqlr_cstr(argv[2]);
    o.source = cqlr_source_jobs((uint64_t)argc - 3, &err);
    o.in_flight = 2; /* files at a time in a process */
    o.block = 1;
    o.idempotence = CQLR_IDEMPOTENT_YES; /* a row that is written twice is the same row */
    o.max_errors = UINT64_MAX;
    o.on_job = on_job;
    o.on_error = on_error;
    o.arg = argv + 3;
    if (!o.source) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int rc = cqlr_bulk_run(&o, &s, sizeof s);
    cqlr_source_free(o.source);
    if (rc < 0)
        fprintf(stderr, "%s\n", s.err.text);
    printf("%" PRIu64 " files, %" PRIu64 " rows\n", s.queries, s.rows);
    return rc < 0 || s.errors > 0;
}
