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

/* A file being loaded, and the places of its window: each has a bound statement, used again and
 * again. */
struct load {
    cqlr_job *job;
    FILE *file;
    struct place {
        struct load *load;
        cqlr_bound *bound;
    } place[WINDOW];
    unsigned under_way;
    uint64_t rows;
    struct cqlr_err err; /* the first one; code 0: none */
};

static void failed(struct load *l, const struct cqlr_err *err)
{
    if (!l->err.code)
        l->err = *err;
}

/* Errors of our own. */
static const struct cqlr_err no_memory = {.code = CQLR_E_NOMEM, .text = "out of memory"};
static const struct cqlr_err unreadable = {.code = CQLR_E_IO, .text = "cannot be read"};
static const struct cqlr_err too_long = {.code = CQLR_E_IO, .text = "a line is too long"};

static void end_if_done(struct load *l)
{
    if (l->under_way > 0)
        return;
    for (unsigned i = 0; i < WINDOW; i++)
        cqlr_bound_free(l->place[i].bound);
    fclose(l->file);
    cqlr_job_done(l->job, l->err.code, l->rows, &l->err);
    free(l);
}

/* The next line; false at the end of the file and when it cannot be read. */
static bool next_line(struct load *l, char *line, int room)
{
    if (!fgets(line, room, l->file)) {
        if (ferror(l->file))
            failed(l, &unreadable);
        return false;
    }
    size_t n = strcspn(line, "\n");
    if (line[n] == '\n' || feof(l->file)) {
        line[n] = '\0';
        return true;
    }
    failed(l, &too_long);
    return false;
}

static void on_reply(void *arg, cqlr_reply *r);

static void send_next(struct place *p)
{
    struct load *l = p->load;
    cqlr_client *client = cqlr_job_client(l->job);
    char line[4096];
    if (l->err.code || !next_line(l, line, sizeof line))
        return;
    char *value = strchr(line, ' ');
    if (value)
        *value++ = '\0';
    cqlr_bound_reset(p->bound);
    if (cqlr_bound_text(p->bound, 0, cqlr_cstr(line)) < 0 ||
        cqlr_bound_text(p->bound, 1, cqlr_cstr(value ? value : "")) < 0)
        failed(l, cqlr_bound_err(p->bound));
    else if (cqlr_client_execute(client, p->bound, on_reply, p) < 0)
        failed(l, cqlr_client_err(client));
    else
        l->under_way++;
}

static void on_reply(void *arg, cqlr_reply *r)
{
    struct place *p = arg;
    struct load *l = p->load;
    l->under_way--;
    if (cqlr_reply_rc(r) < 0)
        failed(l, cqlr_reply_err(r));
    else
        l->rows++;
    send_next(p);
    end_if_done(l);
}

/* In a worker: job i is the i-th file. */
static int on_job(void *arg, cqlr_job *job, struct cqlr_err *err)
{
    const char *name = ((char **)arg)[cqlr_job_index(job)];
    struct load *l = calloc(1, sizeof *l);
    FILE *file = l ? fopen(name, "r") : NULL;
    if (!file) {
        *err = l ? unreadable : no_memory;
        free(l);
        return err->code;
    }
    l->job = job;
    l->file = file;
    for (unsigned i = 0; i < WINDOW && !l->err.code; i++) {
        l->place[i] = (struct place){l, cqlr_bound_new(cqlr_job_prepared(job))};
        if (l->place[i].bound)
            send_next(&l->place[i]);
        else
            failed(l, &no_memory);
    }
    end_if_done(l);
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
    struct cqlr_bulk_summary s;
    if (argc < 4)
        return 64;
    cqlr_client_opts_init(&client, sizeof client);
    client.contact_points = argv[1];
    cqlr_bulk_opts_init(&o, sizeof o);
    o.client = &client;
    o.statement = cqlr_cstr(argv[2]);
    o.source = cqlr_source_jobs((uint64_t)argc - 3, &s.err);
    o.in_flight = 2; /* files at a time in a process */
    o.block = 1;
    o.idempotence = CQLR_IDEMPOTENT_YES; /* a row that is written twice is the same row */
    o.max_errors = UINT64_MAX;
    o.on_job = on_job;
    o.on_error = on_error;
    o.arg = argv + 3;
    int rc = o.source ? cqlr_bulk_run(&o, &s, sizeof s) : s.err.code;
    cqlr_source_free(o.source);
    if (rc < 0) {
        fprintf(stderr, "%s\n", s.err.text);
        return 1;
    }
    printf("%" PRIu64 " files, %" PRIu64 " rows\n", s.queries, s.rows);
    return s.errors > 0;
}
