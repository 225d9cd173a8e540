/*
 * test_conn_connect.c - on_connect: the peer is reached and has heard nothing yet, whatever the
 * transport has to say before CQL.
 */
#include "src/conn/internal.h"
#include "tests/unit/conn_help.h"

/* Accepts, and sees that nothing has come. */
static void nothing_was_sent(struct host *h)
{
    char byte;
    server_accept(h);
    assert_int_equal(recv(h->server, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    note(h, "silent ");
}

static void it_is_called_once_before_startup_leaves(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.on_connect = on_connect;
    open_conn(&h);
    log_is(&h, "");
    h.then = nothing_was_sent;
    assert_true(serve(&h, 10000));
    log_is(&h, "connect silent ");
    assert_int_equal(server_request(&h), 0);
    server_reply(&h, 0, CQLR_OP_READY, "");
    assert_true(serve(&h, 10000));
    log_is(&h, "open ");
    host_fini(&h);
    log_is(&h, "close:CLOSED ");
}

static void a_peer_that_is_not_reached_is_not_told(void **state)
{
    struct host h;
    (void)state;
    host_init(&h);
    h.o.on_connect = on_connect;
    close(h.listener);
    open_conn(&h);
    assert_true(serve(&h, 10000));
    log_is(&h, "close:CONNECT ");
    h.listener = -1;
    host_fini(&h);
}

static void close_it(struct host *h)
{
    nothing_was_sent(h);
    cqlr_conn_close(h->c);
    note(h, ") ");
}

static void free_it(struct host *h)
{
    nothing_was_sent(h);
    cqlr_conn_free(h->c);
    h->c = NULL;
    note(h, ") ");
}

static void it_may_end_the_connection_and_nothing_leaves(void **state)
{
    void (*const ends[])(struct host *) = {close_it, free_it};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct host h;
        char byte;
        host_init(&h);
        h.o.on_connect = on_connect;
        open_conn(&h);
        h.then = ends[i];
        assert_true(serve(&h, 10000));
        log_is(&h, "connect silent close:CLOSED ) ");
        assert_int_equal(recv(h.server, &byte, 1, 0), 0);
        host_fini(&h);
    }
}

/* ---- a transport that has a handshake of its own: it says "hi" and waits for a byte ---- */

static const struct cqlr__io_fns *plain;

static int polite_progress(struct cqlr__io *io, struct cqlr_err *err)
{
    char byte;
    io->wants = io->reached ? CQLR_READ : CQLR_WRITE;
    if (!io->reached) {
        int rc = plain->progress(io, err);
        io->reached = rc == 0;
        return rc ? rc : CQLR_E_AGAIN;
    }
    if (!io->state && send(io->fd, "hi", 2, MSG_NOSIGNAL) == 2)
        io->state = io;
    return recv(io->fd, &byte, 1, MSG_DONTWAIT) == 1 ? 0 : CQLR_E_AGAIN;
}

static void open_politely(struct host *h, struct cqlr__io_fns *polite)
{
    host_init(h);
    h->o.on_connect = on_connect;
    open_conn(h);
    plain = h->c->io.fn;
    *polite = *plain;
    polite->progress = polite_progress;
    h->c->io.fn = polite;
    h->then = nothing_was_sent;
    assert_true(serve(h, 10000));
    log_is(h, "connect silent ");
}

static void it_comes_before_the_handshake_of_the_transport(void **state)
{
    struct host h;
    struct cqlr__io_fns polite;
    char hi[2];
    (void)state;
    open_politely(&h, &polite);
    server_read(&h, hi, 2);
    assert_memory_equal(hi, "hi", 2);
    server_write(&h, "x", 1);
    cqlr_conn_ready(h.c, CQLR_READ, h.now);
    assert_int_equal(server_request(&h), 0);
    server_reply(&h, 0, CQLR_OP_READY, "");
    assert_true(serve(&h, 10000));
    log_is(&h, "open ");
    host_fini(&h);
}

static void the_error_tells_which_part_of_connecting_took_too_long(void **state)
{
    struct host h;
    struct cqlr__io_fns polite;
    (void)state;
    open_politely(&h, &polite);
    cqlr_conn_time(h.c, h.now + 5 * SECOND);
    log_is(&h, "close:CONNECT ");
    err_is(&h, CQLR_E_CONNECT, "TLS handshake: timed out after 5000 ms");
    host_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_called_once_before_startup_leaves),
        cmocka_unit_test(a_peer_that_is_not_reached_is_not_told),
        cmocka_unit_test(it_may_end_the_connection_and_nothing_leaves),
        cmocka_unit_test(it_comes_before_the_handshake_of_the_transport),
        cmocka_unit_test(the_error_tells_which_part_of_connecting_took_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
