/* Connections as a capture file: the bytes, what the reader makes of them, and what goes wrong. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/capture/capture.h"
#include "tools/capture/pcap_write.h"

#define TIME UINT64_C(1700000000123456789) /* .123456 s in microseconds */
#define PORT 9042

/* The file header, then SYN, SYN and ACK, ACK, "abc", "xy", FIN, RST. Checked with another program,
 * checksums too. */
static const char golden[] =
    /* clang-format off */
    "d4c3b2a10200040000000000000000000000040065000000"
    "00f1536540e201002800000028000000"
    "4500002800004000400626cf0a0100000a000001c350235200000000000000005002ffffb53e0000"
    "00f1536540e201002800000028000000"
    "4500002800004000400626cf0a0000010a0100002352c35000000000000000015012ffffb52d0000"
    "00f1536540e201002800000028000000"
    "4500002800004000400626cf0a0100000a000001c350235200000001000000015010ffffb52e0000"
    "00f1536540e201002b0000002b000000"
    "4500002b00004000400626cc0a0100000a000001c350235200000001000000015018fffff0c00000616263"
    "00f1536540e201002a0000002a000000"
    "4500002a00004000400626cd0a0000010a0100002352c35000000001000000045018ffff3ca800007879"
    "00f1536541e201002800000028000000"
    "4500002800004000400626cf0a0100000a000001c350235200000004000000035011ffffb5280000"
    "00f1536542e201002800000028000000"
    "4500002800004000400626cf0a0000010a0100002352c35000000003000000055014ffffb5240000";
/* clang-format on */

struct fixture {
    char path[64];
    struct pcap_file file;
    struct pcap_connection c;
    struct cqlr_err err;
    uint8_t *p; /* what is in the file */
    size_t n;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->path, sizeof f->path, "/tmp/test_pcap_write.XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    unlink(f->path);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pcap_close(&f->file, &f->err);
    unlink(f->path);
    free(f->p);
    free(f);
    return 0;
}

static void load(struct fixture *f)
{
    struct stat st;
    FILE *in = fopen(f->path, "rb");
    assert_non_null(in);
    assert_int_equal(fstat(fileno(in), &st), 0);
    free(f->p);
    f->n = (size_t)st.st_size;
    f->p = malloc(f->n + 1);
    assert_non_null(f->p);
    assert_int_equal(fread(f->p, 1, f->n, in), f->n);
    fclose(in);
}

static void create(struct fixture *f)
{
    assert_int_equal(pcap_create(&f->file, f->path, false, PORT, &f->err), 0);
}

static void connect_at(struct fixture *f, struct pcap_connection *c, uint64_t time)
{
    assert_int_equal(pcap_connect(&f->file, c, time, &f->err), 0);
}

static void say(struct fixture *f, struct pcap_connection *c, bool from_server, const char *text)
{
    assert_int_equal(pcap_data(&f->file, c, from_server, text, strlen(text), TIME, &f->err), 0);
}

static void the_bytes_of_a_short_connection(void **state)
{
    struct fixture *f = *state;
    create(f);
    connect_at(f, &f->c, TIME);
    say(f, &f->c, false, "abc");
    say(f, &f->c, true, "xy");
    assert_int_equal(pcap_end(&f->file, &f->c, false, false, TIME + 1000, &f->err), 0);
    assert_int_equal(pcap_end(&f->file, &f->c, true, true, TIME + 2000, &f->err), 0);
    load(f);
    char *hex = malloc(f->n * 2 + 1);
    assert_non_null(hex);
    for (size_t i = 0; i < f->n; i++)
        snprintf(hex + 2 * i, 3, "%02x", f->p[i]);
    assert_string_equal(hex, golden);
    free(hex);
}

/* The file as the reader sees it after each step, without closing it. */
static struct capture *read_back(struct fixture *f)
{
    load(f);
    struct capture *c = capture_new((struct cqlr_bytes){f->p, f->n}, 0, NULL, &f->err);
    assert_non_null(c);
    assert_string_equal(capture_note(c), "");
    return c;
}

static void next_is(struct capture *c, uint32_t connection, bool from_server, const char *text)
{
    struct capture_chunk chunk;
    assert_true(capture_next(c, &chunk));
    assert_int_equal(chunk.connection, connection);
    assert_int_equal(chunk.from_server, from_server);
    assert_false(chunk.gap);
    assert_int_equal(chunk.end, text == NULL);
    assert_int_equal(chunk.n, text ? strlen(text) : 0);
    assert_memory_equal(chunk.p, text ? text : "", chunk.n);
}

static void two_connections_stay_apart(void **state)
{
    struct fixture *f = *state;
    struct pcap_connection a, b;
    struct capture_chunk chunk;
    create(f);
    connect_at(f, &a, TIME);
    connect_at(f, &b, TIME);
    say(f, &a, false, "a?");
    say(f, &b, false, "b?");
    say(f, &b, true, "b!");
    say(f, &a, true, "a!");
    assert_int_equal(pcap_end(&f->file, &a, false, false, TIME, &f->err), 0);
    struct capture *c = read_back(f);
    next_is(c, 0, false, "a?");
    next_is(c, 1, false, "b?");
    next_is(c, 1, true, "b!");
    next_is(c, 0, true, "a!");
    next_is(c, 0, false, NULL);
    assert_false(capture_next(c, &chunk));
    capture_free(c);
}

static void the_server_has_its_port(void **state)
{
    struct fixture *f = *state;
    struct capture_peer client, server;
    create(f);
    connect_at(f, &f->c, TIME);
    struct capture *c = read_back(f);
    capture_peers(c, 0, &client, &server);
    assert_int_equal(server.port[0] << 8 | server.port[1], PORT);
    assert_memory_equal(client.address, "\x0a\x01\0\0", 4);
    assert_memory_equal(server.address, "\x0a\0\0\1", 4);
    capture_free(c);
}

static void the_file_is_whole_after_each_packet(void **state)
{
    struct fixture *f = *state;
    create(f);
    capture_free(read_back(f));
    connect_at(f, &f->c, TIME);
    for (int i = 0; i < 3; i++) {
        struct capture_chunk chunk;
        say(f, &f->c, i % 2, "text");
        struct capture *c = read_back(f);
        for (int k = 0; k <= i; k++)
            assert_true(capture_next(c, &chunk));
        assert_false(capture_next(c, &chunk));
        capture_free(c);
    }
}

static void much_at_once_is_several_packets(void **state)
{
    struct fixture *f = *state;
    const size_t n = 1000 * 1000;
    uint8_t *p = malloc(n);
    size_t seen = 0;
    unsigned chunks = 0;
    struct capture_chunk chunk;
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 31 >> 3);
    create(f);
    connect_at(f, &f->c, TIME);
    assert_int_equal(pcap_data(&f->file, &f->c, true, p, n, TIME, &f->err), 0);
    struct capture *c = read_back(f);
    for (; capture_next(c, &chunk); seen += chunk.n, chunks++) {
        assert_false(chunk.gap);
        assert_memory_equal(chunk.p, p + seen, chunk.n);
    }
    assert_int_equal(seen, n);
    assert_true(chunks > 15); /* a length of IPv4 has 16 bits */
    capture_free(c);
    free(p);
}

static void nothing_is_no_packet(void **state)
{
    struct fixture *f = *state;
    create(f);
    connect_at(f, &f->c, TIME);
    load(f);
    size_t before = f->n;
    say(f, &f->c, false, "");
    load(f);
    assert_int_equal(f->n, before);
}

static void times_never_go_back(void **state)
{
    struct fixture *f = *state;
    struct capture_chunk chunk;
    create(f);
    connect_at(f, &f->c, TIME + 5000);
    say(f, &f->c, false, "earlier");
    struct capture *c = read_back(f);
    assert_true(capture_next(c, &chunk));
    assert_int_equal(chunk.time_ns, (TIME + 5000) / 1000 * 1000);
    capture_free(c);
}

static void a_file_that_exists_is_kept(void **state)
{
    struct fixture *f = *state;
    char want[128];
    create(f);
    assert_int_equal(pcap_close(&f->file, &f->err), 0);
    assert_int_equal(pcap_create(&f->file, f->path, false, PORT, &f->err), CQLR_E_USAGE);
    snprintf(want, sizeof want, "%s exists (use --overwrite to replace it)", f->path);
    assert_string_equal(f->err.text, want);
}

static void or_replaced_and_nobody_else_may_read_it(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    FILE *old = fopen(f->path, "w");
    assert_non_null(old);
    fprintf(old, "%0200d", 0);
    fclose(old);
    assert_int_equal(chmod(f->path, 0644), 0);
    assert_int_equal(pcap_create(&f->file, f->path, true, PORT, &f->err), 0);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 24);
}

static void two_writers_of_one_file_are_refused(void **state)
{
    struct fixture *f = *state;
    struct pcap_file second;
    create(f);
    connect_at(f, &f->c, TIME);
    assert_int_equal(pcap_create(&second, f->path, true, PORT, &f->err), CQLR_E_OUTPUT);
    capture_free(read_back(f)); /* and what the first one wrote is there */
    assert_true(f->n > 24);
}

static void a_full_disk_is_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(pcap_create(&f->file, "/dev/full", false, PORT, &f->err), CQLR_E_OUTPUT);
    assert_string_equal(f->err.text, "cannot write /dev/full: No space left on device");
}

static void no_folder_is_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(pcap_create(&f->file, "/no/such/file", false, PORT, &f->err), CQLR_E_OUTPUT);
    assert_string_equal(f->err.text, "cannot write /no/such/file: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_bytes_of_a_short_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(two_connections_stay_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(the_server_has_its_port, setup, teardown),
        cmocka_unit_test_setup_teardown(the_file_is_whole_after_each_packet, setup, teardown),
        cmocka_unit_test_setup_teardown(much_at_once_is_several_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_no_packet, setup, teardown),
        cmocka_unit_test_setup_teardown(times_never_go_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_exists_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(or_replaced_and_nobody_else_may_read_it, setup, teardown),
        cmocka_unit_test_setup_teardown(two_writers_of_one_file_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(no_folder_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
