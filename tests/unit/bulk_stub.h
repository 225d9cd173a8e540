/*
 * bulk_stub.h - a stub server in a process of its own, and a run over it whose output is kept: for
 * tests of sources over the real engine.
 */
#ifndef CQLRAW_TESTS_BULK_STUB_H
#define CQLRAW_TESTS_BULK_STUB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <cqlraw/bulk.h>

#include "tests/unit/stub_process.h"

static struct {
    struct cqlr_client_opts client;
    struct cqlr_bulk_opts o;
    struct cqlr_bulk_summary s;
    struct cqlr_err err;
    struct cqlr_wr out;       /* what came out, ended by a zero byte after `bulk` */
    struct cqlr_wr failed;    /* "index: text [record]\n" of each failure, likewise */
    int64_t markers, columns; /* counts that on_prepared was given; -1: it was not called */
    struct stub_process server;
} run;

static void start_server(void)
{
    struct stub_opts o;
    stub_opts_init(&o);
    run.server = stub_process_start(o);
    run.client.contact_points = run.server.addr;
}

static int keep_output(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    cqlr_wr_raw(&run.out, p, n);
    return 0;
}

static void keep_failure(void *arg, const struct cqlr_bulk_failure *f)
{
    char line[900];
    int n = snprintf(line, sizeof line, "%llu: %s [%.*s]\n", (unsigned long long)f->index,
                     f->err->text, CQLR_STR(f->record));
    (void)arg;
    cqlr_wr_raw(&run.failed, line, (size_t)n);
}

static int keep_prepared(void *arg, const struct cqlr_columns *markers,
                         const struct cqlr_columns *columns, struct cqlr_wr *head)
{
    (void)arg;
    (void)head;
    run.markers = markers->count;
    run.columns = columns->count;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&run, 0, sizeof run);
    cqlr_wr_init(&run.out, NULL, SIZE_MAX / 2);
    cqlr_wr_init(&run.failed, NULL, SIZE_MAX / 2);
    cqlr_client_opts_init(&run.client, sizeof run.client);
    cqlr_bulk_opts_init(&run.o, sizeof run.o);
    run.o.client = &run.client;
    run.o.on_output = keep_output;
    run.o.on_error = keep_failure;
    run.o.on_prepared = keep_prepared;
    run.o.max_errors = UINT64_MAX;
    run.markers = run.columns = -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cqlr_wr_fini(&run.out);
    cqlr_wr_fini(&run.failed);
    assert_int_equal(stub_process_end(&run.server), 0);
    return 0;
}

/* Runs over the source and frees it. */
static int bulk(cqlr_source *source)
{
    int rc;
    assert_non_null(source);
    run.o.source = source;
    cqlr_wr_reset(&run.out);
    cqlr_wr_reset(&run.failed);
    rc = cqlr_bulk_run(&run.o, &run.s, sizeof run.s);
    cqlr_source_free(source);
    cqlr_wr_u8(&run.out, 0);
    cqlr_wr_u8(&run.failed, 0);
    return rc;
}

/* A file with these bytes, at its beginning; it has no name. */
static inline int file_of(const char *text, size_t n)
{
    char path[] = "/tmp/cqlraw-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, n), n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

#endif
