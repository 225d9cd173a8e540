/*
 * test_tls_memory.c - what a connection over TLS takes of memory when it rests, and what becomes of
 * it when there is none: an error, and nothing is left. OpenSSL's own memory counts, too: this
 * program gives it.
 */
#include <malloc.h>

#include "src/net/tls.h"
#include "tests/unit/counter.h"
#include "tests/unit/secret_mem.h"
#include "tests/unit/tls_help.h"

/* ---- OpenSSL's memory ---- */

static bool ours;        /* it is the client that runs now */
static unsigned calls;   /* of which it fails one */
static unsigned fail_at; /* 0 = never */

/* The blocks that were made while the client ran, by whomever they are given back. */
enum { BLOCKS = 1 << 17 }; /* many more than there are */
#define GONE ((void *)block)
static void *block[BLOCKS];
static size_t taken; /* bytes in them */

static size_t place_of(const void *p)
{
    return ((uintptr_t)p >> 4) * 2654435761u % BLOCKS;
}

/* Names of algorithms, and the text of errors, OpenSSL keeps for all. */
static bool kept_for_all(const char *file)
{
    return file && (strstr(file, "property") || strstr(file, "lhash") || strstr(file, "err/err.c"));
}

static void note_block(void *p, const char *file)
{
    if (!ours || !p || kept_for_all(file))
        return;
    size_t i = place_of(p);
    while (block[i] && block[i] != GONE)
        i = (i + 1) % BLOCKS;
    block[i] = p;
    taken += malloc_usable_size(p);
}

static bool forget_block(void *p)
{
    size_t i = place_of(p);
    while (block[i] && block[i] != p)
        i = (i + 1) % BLOCKS;
    if (!p || !block[i])
        return false;
    block[i] = GONE;
    taken -= malloc_usable_size(p);
    return true;
}

static void forget_all(void)
{
    memset(block, 0, sizeof block);
    taken = 0;
}

static bool fails_now(void)
{
    return ours && fail_at && ++calls == fail_at;
}

static void give(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    (void)forget_block(p);
    free(p);
}

static void *take(size_t n, const char *file, int line)
{
    void *p = fails_now() ? NULL : malloc(n);
    (void)line;
    note_block(p, file);
    return p;
}

static void *change(void *p, size_t n, const char *file, int line)
{
    bool was = ours;
    if (n == 0) {
        give(p, file, line);
        return NULL;
    }
    if (fails_now())
        return NULL;
    ours = forget_block(p) || (!p && was);
    p = realloc(p, n);
    note_block(p, file);
    ours = was;
    return p;
}

/* ---- the client alone ---- */

static void host_serve(struct tls_host *t, int ms)
{
    ours = true;
    (void)serve(&t->h, ms);
    ours = false;
}

static bool host_open(struct tls_host *t)
{
    ours = true;
    t->h.c = cqlr_conn_new(&t->h.o);
    bool made = t->h.c && cqlr_conn_open(t->h.c, (struct sockaddr *)&t->h.addr, sizeof t->h.addr,
                                         t->h.now) == 0;
    ours = false;
    return made;
}

static void host_free(struct tls_host *t)
{
    ours = true;
    cqlr_conn_free(t->h.c);
    ours = false;
    t->h.c = NULL;
}

/* From the beginning to an answer; false when that failed, with an error. */
static bool whole_life(struct tls_host *t)
{
    static const char ready[] = "\x84\0\0\0\x02\0\0\0\0";
    uint8_t buffer[1000];
    size_t n;
    if (!host_open(t)) {
        bool made = t->h.c != NULL;
        if (made)
            assert_true(cqlr_conn_err(t->h.c)->code < 0);
        return false;
    }
    server_accept(&t->h);
    server_not_blocking(&t->h);
    t->ssl = SSL_new(t->ctx);
    SSL_set_fd(t->ssl, t->h.server);
    SSL_set_accept_state(t->ssl);
    for (int i = 0; i < 1000 && cqlr_conn_fd(t->h.c) >= 0 && !*t->h.log; i++) {
        host_serve(t, 1);
        ERR_clear_error();
        if (SSL_read_ex(t->ssl, buffer, sizeof buffer, &n) == 1)
            SSL_write_ex(t->ssl, ready, sizeof ready - 1, &n);
        host_serve(t, 0);
    }
    assert_true(*t->h.log); /* it came to an end, one or the other */
    if (strncmp(t->h.log, "open ", 5) == 0)
        return true;
    assert_true(cqlr_conn_err(t->h.c)->code < 0);
    return false;
}

static void server_over(struct tls_host *t)
{
    struct pollfd p = {.fd = t->h.listener, .events = POLLIN};
    SSL_free(t->ssl);
    t->ssl = NULL;
    if (t->h.server >= 0)
        server_close(&t->h);
    else if (poll(&p, 1, 0) == 1)
        close(accept(t->h.listener, NULL, NULL));
    t->h.log[0] = '\0';
}

static void made(struct tls_host *t)
{
    struct cqlr_err err;
    t->tls = cqlr_tls_new(&t->o, &err);
    assert_non_null(t->tls);
    t->h.o.tls = t->tls;
}

static void a_resting_connection_takes_little(void **state)
{
    struct tls_host t;
    struct counter c;
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls_init(&t, "DNS:db.example");
        SSL_CTX_set_max_proto_version(t.ctx, version);
        t.h.o.mem = counter_init(&c, 0);
        made(&t);
        assert_true(whole_life(&t)); /* what OpenSSL keeps for all stays from here on */
        host_free(&t);
        server_over(&t);
        forget_all();
        assert_true(whole_life(&t));
        print_message("TLS 1.%d: %zu bytes of OpenSSL, %zu of ours\n", version - TLS1_VERSION,
                      taken, c.live);
        assert_true(taken > 1000 && c.live > 10000);
        assert_true(taken <= 44 * 1024 && taken + c.live <= 192 * 1024);
        host_free(&t);
        assert_int_equal(taken, 0);
        assert_int_equal(c.live, 0);
        server_over(&t);
        tls_fini(&t);
    }
}

/* Each of our own allocations fails, alone and with all after it. */
static void without_memory_there_is_an_error(void **state)
{
    struct tls_host t;
    struct counter c;
    (void)state;
    tls_init(&t, "DNS:db.example");
    made(&t);
    for (int good = 0; good < 2; good++) {
        unsigned n = 0;
        bool done;
        do {
            t.h.o.mem = counter_init(&c, ++n);
            c.for_good = good;
            done = whole_life(&t);
            assert_true(done == (c.failed == 0));
            host_free(&t);
            assert_int_equal(c.live, 0);
            server_over(&t);
        } while (!done);
        assert_true(n > 5);
    }
    t.h.o.mem = NULL;
    tls_fini(&t);
}

/* OpenSSL's, likewise: one that does without is as good, if nothing is left. */
static void without_memory_for_openssl_there_is_an_error(void **state)
{
    struct tls_host t;
    unsigned failed = 0;
    (void)state;
    tls_init(&t, "DNS:db.example");
    made(&t);
    assert_true(whole_life(&t));
    host_free(&t);
    server_over(&t);
    for (unsigned n = 1;; n += 1 + n / 30) {
        forget_all();
        calls = 0;
        fail_at = n;
        failed += !whole_life(&t);
        host_free(&t);
        fail_at = 0;
        server_over(&t);
        if (taken > 0)
            fail_msg("call %u: %zu bytes are left", n, taken);
        if (calls < n)
            break;
    }
    assert_true(failed > 20);
    tls_fini(&t);
}

/* ---- settings ---- */

static void copied_settings_hide_their_password(void **state)
{
    struct secret_mem s;
    struct counter c;
    struct cqlr_tls_opts o;
    (void)state;
    cqlr_tls_opts_init(&o, sizeof o);
    o.ca_file = "a";
    o.ca_dir = "b";
    o.crl_file = "c";
    o.cert_file = "d";
    o.key_file = "e";
    o.key_password = SECRET;
    o.server_name = "f";
    o.insecure = true;
    secret_mem_init(&s);
    struct cqlr_tls_opts *copy = cqlr__tls_opts_copy(&o, &s.mem);
    assert_string_equal(copy->ca_file, "a");
    assert_string_equal(copy->ca_dir, "b");
    assert_string_equal(copy->crl_file, "c");
    assert_string_equal(copy->cert_file, "d");
    assert_string_equal(copy->key_file, "e");
    assert_string_equal(copy->key_password, SECRET);
    assert_string_equal(copy->server_name, "f");
    assert_true(copy->insecure);
    cqlr__tls_opts_free(copy, &s.mem);
    assert_true(s.blocks > 7);
    assert_int_equal(s.leaks, 0);
    for (unsigned n = 1; n <= 8; n++) {
        assert_null(cqlr__tls_opts_copy(&o, counter_init(&c, n)));
        assert_int_equal(c.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resting_connection_takes_little),
        cmocka_unit_test(without_memory_there_is_an_error),
        cmocka_unit_test(without_memory_for_openssl_there_is_an_error),
        cmocka_unit_test(copied_settings_hide_their_password),
    };
    if (CRYPTO_set_mem_functions(take, change, give) != 1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
