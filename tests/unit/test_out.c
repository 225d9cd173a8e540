/*
 * The output that never blocks: pipes that stall, full disks, closed pipes, sockets, files.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/bulk/manager/out.h"

static struct cqlr_err err;

static uint8_t byte_at(size_t pos)
{
    return (uint8_t)(pos * 13 + (pos >> 9));
}

/* Writes n bytes in pieces while `from` is read now and then; all must arrive, in order. */
static void pass_through(int to, int from, size_t n, size_t piece)
{
    struct cqlr__out o;
    uint8_t *all = malloc(n), buf[3000];
    size_t sent = 0, got = 0;
    bool was_blocked = false;
    for (size_t i = 0; i < n; i++)
        all[i] = byte_at(i);
    assert_int_equal(cqlr__out_open(&o, to, NULL, NULL, &err), 0);
    (void)fcntl(to, F_SETPIPE_SZ, 65536); /* it had been made larger */
    while (got < n) {
        while (sent < n && !cqlr__out_blocked(&o)) {
            size_t k = piece < n - sent ? piece : n - sent;
            assert_int_equal(cqlr__out_write(&o, all + sent, k), 0);
            sent += k;
        }
        was_blocked = was_blocked || cqlr__out_blocked(&o);
        assert_true(cqlr__out_flush(&o) >= 0);
        ssize_t r = read(from, buf, sizeof buf);
        assert_true(r > 0);
        assert_memory_equal(buf, all + got, (size_t)r);
        got += (size_t)r;
    }
    assert_true(was_blocked);
    assert_int_equal(cqlr__out_flush(&o), 0);
    cqlr__out_close(&o);
    free(all);
}

static void a_pipe_that_stalls_blocks_nobody_and_loses_nothing(void **state)
{
    int p[2];
    (void)state;
    assert_int_equal(pipe(p), 0);
    pass_through(p[1], p[0], 1000000, 100);
    pass_through(p[1], p[0], 1000000, 200000);
    assert_false(fcntl(p[1], F_GETFL) & O_NONBLOCK); /* the shared description is as it was */
    close(p[0]);
    close(p[1]);
}

static void a_socket_likewise(void **state)
{
    int sv[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    pass_through(sv[1], sv[0], 3000000, 70000);
    assert_false(fcntl(sv[1], F_GETFL) & O_NONBLOCK);
    close(sv[0]);
    close(sv[1]);
}

static void a_pipe_that_cannot_be_opened_again_is_polled(void **state)
{
    struct cqlr__out o;
    int p[2];
    uint8_t data[20000] = {0}, buf[20000];
    (void)state;
    assert_int_equal(pipe(p), 0);
    assert_int_equal(cqlr__out_open(&o, p[1], NULL, NULL, &err), 0);
    assert_int_equal(o.kind, CQLR__OUT_OWN);
    (void)fcntl(p[1], F_SETPIPE_SZ, 65536);
    close(o.fd);
    o.kind = CQLR__OUT_SHARED; /* as if */
    o.fd = p[1];
    for (int i = 0; i < 8 && !cqlr__out_blocked(&o); i++)
        assert_int_equal(cqlr__out_write(&o, data, sizeof data), 0);
    assert_int_equal(cqlr__out_flush(&o), 1); /* the pipe holds 64 KiB */
    while (cqlr__out_flush(&o) == 1)
        assert_true(read(p[0], buf, sizeof buf) > 0);
    cqlr__out_close(&o);
    close(p[0]);
    close(p[1]);
}

/* Makes room of n bytes in the pipe and flushes. */
static void take_and_flush(struct cqlr__out *o, int from, uint8_t *buf, size_t n)
{
    assert_int_equal(read(from, buf, n), n);
    assert_int_equal(cqlr__out_flush(o), 1);
}

static void a_reader_in_small_pieces_is_left_alone_longer(void **state)
{
    struct cqlr__out o;
    int p[2];
    uint8_t *data = calloc(1, 8000000);
    uint64_t longest, before = 0;
    (void)state;
    assert_int_equal(pipe(p), 0);
    assert_int_equal(cqlr__out_open(&o, p[1], NULL, NULL, &err), 0);
    assert_true(o.capacity >= 65536);
    assert_int_equal(cqlr__out_write(&o, data, 8000000), 0);
    assert_int_equal(o.pause, 0);
    for (int i = 0; i < 10; i++) {
        take_and_flush(&o, p[0], data, 4096);
        assert_true(o.pause > before || (i > 2 && o.pause == before));
        before = o.pause;
    }
    longest = o.pause;
    assert_int_equal(cqlr__out_flush(&o), 1); /* that nothing was taken says nothing */
    assert_true(o.pause == longest);
    for (int i = 0; i < 5; i++)
        take_and_flush(&o, p[0], data, o.capacity / 2);
    assert_int_equal(o.pause, 0);
    cqlr__out_close(&o);
    close(p[0]);
    close(p[1]);
    free(data);
}

static void a_closed_pipe_is_an_error_and_no_signal(void **state)
{
    struct cqlr__out o;
    int p[2];
    (void)state;
    for (int early = 0; early < 2; early++) {
        assert_int_equal(pipe(p), 0);
        if (early)
            close(p[0]);
        assert_int_equal(cqlr__out_open(&o, p[1], NULL, NULL, &err), 0);
        if (!early)
            close(p[0]);
        assert_int_equal(cqlr__out_write(&o, (const uint8_t *)"x", 1), 0);
        assert_int_equal(cqlr__out_flush(&o), CQLR_E_OUTPUT);
        assert_int_equal(err.sys_errno, EPIPE);
        cqlr__out_close(&o); /* SIGPIPE, were it still pending, would kill us here */
        close(p[1]);
    }
}

static void a_full_disk_is_told_at_the_write(void **state)
{
    struct cqlr__out o;
    int fd = open("/dev/full", O_WRONLY);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(cqlr__out_open(&o, fd, NULL, NULL, &err), 0);
    assert_int_equal(cqlr__out_write(&o, (const uint8_t *)"x", 1), 0);
    assert_int_equal(cqlr__out_flush(&o), CQLR_E_OUTPUT);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.text, "output: No space left on device");
    cqlr__out_close(&o);
    close(fd);
}

static void a_file_is_written_where_its_offset_is(void **state)
{
    char name[] = "/tmp/cqlraw-out-XXXXXX", buf[20];
    struct cqlr__out o;
    int fd = mkstemp(name);
    (void)state;
    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(write(fd, "head ", 5), 5);
    assert_int_equal(cqlr__out_open(&o, fd, NULL, NULL, &err), 0);
    assert_int_equal(cqlr__out_write(&o, (const uint8_t *)"body", 4), 0);
    assert_int_equal(cqlr__out_flush(&o), 0);
    cqlr__out_close(&o);
    assert_int_equal(pread(fd, buf, sizeof buf, 0), 9);
    assert_memory_equal(buf, "head body", 9);
    close(fd);
}

static int refuse(void *arg, const uint8_t *p, size_t n)
{
    (void)p;
    *(size_t *)arg += n;
    return n > 5 ? CQLR_E_USAGE : 0;
}

static void a_callback_gets_the_bytes_and_its_code_comes_back(void **state)
{
    struct cqlr__out o;
    size_t got = 0;
    (void)state;
    err.code = 0;
    assert_int_equal(cqlr__out_open(&o, -1, refuse, &got, &err), 0);
    assert_int_equal(cqlr__out_write(&o, (const uint8_t *)"abc", 3), 0);
    assert_int_equal(got, 3);
    assert_int_equal(cqlr__out_write(&o, (const uint8_t *)"abcdef", 6), CQLR_E_USAGE);
    assert_int_equal(err.code, CQLR_E_USAGE);
    cqlr__out_close(&o);
}

static void a_bad_descriptor_is_refused(void **state)
{
    struct cqlr__out o;
    (void)state;
    assert_int_equal(cqlr__out_open(&o, 9999, NULL, NULL, &err), CQLR_E_OUTPUT);
    assert_int_equal(err.sys_errno, EBADF);
    cqlr__out_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_that_stalls_blocks_nobody_and_loses_nothing),
        cmocka_unit_test(a_socket_likewise),
        cmocka_unit_test(a_pipe_that_cannot_be_opened_again_is_polled),
        cmocka_unit_test(a_reader_in_small_pieces_is_left_alone_longer),
        cmocka_unit_test(a_closed_pipe_is_an_error_and_no_signal),
        cmocka_unit_test(a_full_disk_is_told_at_the_write),
        cmocka_unit_test(a_file_is_written_where_its_offset_is),
        cmocka_unit_test(a_callback_gets_the_bytes_and_its_code_comes_back),
        cmocka_unit_test(a_bad_descriptor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
