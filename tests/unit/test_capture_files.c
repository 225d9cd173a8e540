/*
 * The formats of capture files, links, and the headers in front of TCP.
 */
#include "tests/unit/capture_help.h"

static struct made m;
static uint8_t ip[256];
static size_t ip_n;

static int packet_make(void **state)
{
    (void)state;
    ip_n = ipv4_write(ip, &(struct tcp){CLIENT, SERVER, 1, ACK, "hello"});
    return 0;
}

/* A packet of one link in a file; p is in front of the IP packet. */
static const char *linked(uint32_t link, const char *p, size_t n)
{
    uint8_t packet[512];
    memcpy(packet, p, n);
    memcpy(packet + n, ip, ip_n);
    made_pcap(&m, true, 0xA1B2C3D4u, link);
    made_record(&m, 1, 2, packet, n + ip_n);
    return told_of(&m);
}
#define LINKED(link, front) linked((link), (front), sizeof(front) - 1)

static uint64_t first_time(void)
{
    struct cqlr_err err;
    struct capture_chunk k;
    struct capture *c = capture_new((struct cqlr_bytes){m.p, m.n}, SERVER, NULL, &err);
    assert_non_null(c);
    assert_true(capture_next(c, &k));
    capture_free(c);
    return k.time_ns;
}

static void note_is(const char *want)
{
    struct cqlr_err err;
    struct capture *c = capture_new((struct cqlr_bytes){m.p, m.n}, SERVER, NULL, &err);
    assert_non_null(c);
    assert_string_equal(capture_note(c), want);
    capture_free(c);
}

static void both_orders_and_both_clocks(void **state)
{
    (void)state;
    for (int little = 0; little < 2; little++) {
        made_pcap(&m, little, 0xA1B2C3D4u, LINK_RAW);
        made_record(&m, 1700000000, 123456, ip, ip_n);
        assert_string_equal(told_of(&m), "c0>!hello");
        assert_true(first_time() == UINT64_C(1700000000123456000));
        made_pcap(&m, little, 0xA1B23C4Du, LINK_RAW);
        made_record(&m, 1700000000, 123456789, ip, ip_n);
        assert_true(first_time() == UINT64_C(1700000000123456789));
        note_is("");
    }
}

static void every_link(void **state)
{
    (void)state;
    assert_string_equal(LINKED(LINK_ETHERNET, "DDDDDDSSSSSS\x08\0"), "c0>!hello");
    assert_string_equal(LINKED(LINK_ETHERNET, "DDDDDDSSSSSS\x81\0\0\x05\x08\0"), "c0>!hello");
    assert_string_equal(LINKED(LINK_ETHERNET, "DDDDDDSSSSSS\x88\xA8\0\1\x81\0\0\2\x08\0"),
                        "c0>!hello");
    assert_string_equal(LINKED(LINK_COOKED, "\0\0\0\1\0\6AAAAAAAA\x08\0"), "c0>!hello");
    assert_string_equal(LINKED(LINK_COOKED_V2, "\x08\0\0\0\0\0\0\1\0\1\0\6AAAAAAAA"), "c0>!hello");
    assert_string_equal(LINKED(LINK_NULL, "\2\0\0\0"), "c0>!hello");
    assert_string_equal(LINKED(LINK_LOOP, "\0\0\0\2"), "c0>!hello");
    assert_string_equal(LINKED(LINK_RAW, ""), "c0>!hello");
    assert_string_equal(LINKED(LINK_IPV4, ""), "c0>!hello");
    assert_string_equal(LINKED(LINK_ETHERNET, "DDDDDDSSSSSS\x08\6"), ""); /* ARP */
    note_is("");
    assert_string_equal(LINKED(147, ""), "");
    note_is("1 packet of links that are not known");
}

/* What stands behind the IP packet, to fill up an Ethernet frame, is no data. */
static void padding_is_no_data(void **state)
{
    (void)state;
    memcpy(ip + ip_n, "\0\0\0\0\0\0", 6);
    ip_n += 6;
    assert_string_equal(LINKED(LINK_RAW, ""), "c0>!hello");
    cqlr_put16(ip + 2, 0); /* captured before the card divides it: no length */
    ip_n -= 6;
    assert_string_equal(LINKED(LINK_RAW, ""), "c0>!hello");
}

static void ipv6_with_extension_headers(void **state)
{
    (void)state;
    static const char hops[] = "\x3c\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"; /* then destination options */
    static const char options[] = "\x2c\0\0\0\0\0\0\0";              /* then a fragment header */
    static char fragment[] = "\6\0\0\0\0\0\0\1";                     /* the only one; then TCP */
    for (int more = 0; more < 2; more++) {
        uint8_t tcp[64];
        size_t n = tcp_write(tcp, &(struct tcp){CLIENT, SERVER, 1, ACK, "hello"});
        fragment[3] = (char)more;
        memset(ip, 0, 40);
        ip[0] = 0x60;
        cqlr_put16(ip + 4, (uint16_t)(32 + n));
        ip[23] = 1;
        ip[39] = 2;
        memcpy(ip + 40, hops, 16);
        memcpy(ip + 56, options, 8);
        memcpy(ip + 64, fragment, 8);
        memcpy(ip + 72, tcp, n);
        ip_n = 72 + n;
        assert_string_equal(LINKED(LINK_RAW, ""), more ? "" : "c0>!hello");
    }
    note_is("1 packet in fragments, not used");
    ip[67] = 0;
    cqlr_put16(ip + 4, 0); /* captured before the card divides it: no length */
    assert_string_equal(LINKED(LINK_RAW, ""), "c0>!hello");
}

static void ipv4_with_options_and_fragments(void **state)
{
    (void)state;
    uint8_t packet[256] = {0};
    memcpy(packet, ip, 20);
    packet[0] = 0x46;
    cqlr_put16(packet + 2, (uint16_t)(ip_n + 4));
    memcpy(packet + 24, ip + 20, ip_n - 20);
    memcpy(ip, packet, ip_n += 4);
    assert_string_equal(LINKED(LINK_RAW, ""), "c0>!hello");
    cqlr_put16(ip + 6, 0x4000); /* "don't fragment" is none */
    assert_string_equal(LINKED(LINK_RAW, ""), "c0>!hello");
    cqlr_put16(ip + 6, 0x2000);
    assert_string_equal(LINKED(LINK_RAW, ""), "");
    note_is("1 packet in fragments, not used");
    cqlr_put16(ip + 6, 5);
    assert_string_equal(LINKED(LINK_RAW, ""), "");
}

static void a_packet_cut_by_the_capture_leaves_a_gap(void **state)
{
    (void)state;
    uint8_t next[128];
    size_t n = ipv4_write(next, &(struct tcp){CLIENT, SERVER, 6, ACK, "again"});
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    made_record(&m, 1, 2, ip, ip_n - 3);
    made_record(&m, 1, 3, next, n);
    assert_string_equal(told_of(&m), "c0>!he c0>!again");
    note_is("1 packet cut off by the capture");
}

static void other_ports_are_told_when_there_is_nothing_else(void **state)
{
    (void)state;
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    made_segment(&m, &(struct tcp){CLIENT, 27647, 1, SYN, NULL});
    made_segment(&m, &(struct tcp){27647, CLIENT, 1, SYN | ACK, NULL});
    note_is("2 packets of other TCP ports, the first of 27647");
    made_segment(&m, &(struct tcp){CLIENT, SERVER, 1, SYN, NULL});
    note_is("");
}

static void what_is_no_capture_is_refused(void **state)
{
    (void)state;
    const char *why = "this is no capture file, neither pcap nor pcapng";
    assert_string_equal(told((struct cqlr_bytes){NULL, 0}, 0), why);
    assert_string_equal(told((struct cqlr_bytes){(const uint8_t *)"\x04\0\0\0\5\0\0\0\0", 9}, 0),
                        why);
    made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
    m.n--;
    assert_string_equal(told_of(&m), "the capture file ends within its header");
}

/* ---- pcapng ---- */

static void section(struct made *f, bool little)
{
    struct made b = {.little = little};
    f->little = little;
    made_number(&b, 0x1A2B3C4Du, 4);
    made_number(&b, 1, 2);
    made_number(&b, 0, 2);
    made_number(&b, UINT64_MAX, 8);
    made_block(f, 0x0A0D0D0Au, b.p, b.n);
}

static void interface(struct made *f, uint16_t link, const char *options, size_t n)
{
    struct made b = {.little = f->little};
    made_number(&b, link, 2);
    made_number(&b, 0, 2);
    made_number(&b, 0, 4);
    made_bytes(&b, options, n);
    made_block(f, 1, b.p, b.n);
}

static void enhanced(struct made *f, uint32_t interface_id, uint64_t time, const uint8_t *p,
                     size_t n)
{
    struct made b = {.little = f->little};
    made_number(&b, interface_id, 4);
    made_number(&b, time >> 32, 4);
    made_number(&b, time & 0xFFFFFFFFu, 4);
    made_number(&b, n, 4);
    made_number(&b, n, 4);
    made_bytes(&b, p, n);
    made_block(f, 6, b.p, b.n);
}

static void pcapng_with_interfaces_and_sections(void **state)
{
    (void)state;
    static struct made ethernet;
    uint8_t second[128];
    size_t n = ipv4_write(second, &(struct tcp){CLIENT, SERVER, 6, ACK, "again"});
    made_bytes(&ethernet, "DDDDDDSSSSSS\x08\0", 14);
    made_bytes(&ethernet, second, n);
    for (int little = 0; little < 2; little++) {
        m.n = 0;
        section(&m, little);
        interface(&m, LINK_RAW, NULL, 0);
        interface(&m, LINK_ETHERNET, NULL, 0);
        made_block(&m, 5, "statistics, skipped", 19);
        enhanced(&m, 0, 1, ip, ip_n);
        enhanced(&m, 1, 2, ethernet.p, ethernet.n);
        assert_string_equal(told_of(&m), "c0>!hello c0>again");
        section(&m, !little); /* knows no interface of the one before */
        enhanced(&m, 1, 2, ethernet.p, ethernet.n);
        note_is("the file is cut off or broken behind packet 2");
        m.n = 0;
        section(&m, little);
        interface(&m, LINK_RAW, NULL, 0);
        enhanced(&m, 0, 1, ip, ip_n);
        section(&m, !little);
        interface(&m, LINK_ETHERNET, NULL, 0);
        enhanced(&m, 0, 2, ethernet.p, ethernet.n);
        assert_string_equal(told_of(&m), "c0>!hello c0>again");
        note_is("");
    }
}

static void pcapng_with_blocks_of_other_kinds(void **state)
{
    (void)state;
    struct made b = {.little = true};
    m.n = 0;
    section(&m, true);
    interface(&m, LINK_RAW, NULL, 0);
    made_number(&b, ip_n, 4);
    made_bytes(&b, ip, ip_n);
    made_block(&m, 3, b.p, b.n);
    assert_string_equal(told_of(&m), "c0>!hello");
    b.n = m.n = 0;
    section(&m, true);
    interface(&m, LINK_RAW, NULL, 0);
    made_number(&b, 0, 4); /* interface, packets dropped */
    made_number(&b, 0, 4);
    made_number(&b, 7, 4);
    made_number(&b, ip_n, 4);
    made_number(&b, ip_n, 4);
    made_bytes(&b, ip, ip_n);
    made_block(&m, 2, b.p, b.n);
    assert_true(first_time() == 7000);
}

static void pcapng_times(void **state)
{
    (void)state;
    static const struct {
        const char *options; /* little-endian */
        size_t n;
        uint64_t time, ns;
    } rows[] = {
        {"", 0, 1700000000123456, UINT64_C(1700000000123456000)},
        {"\x09\0\1\0\x09\0\0\0", 8, UINT64_C(1700000000123456789), UINT64_C(1700000000123456789)},
        {"\x09\0\1\0\x0c\0\0\0", 8, UINT64_C(1700000123456789), UINT64_C(1700000123456)},
        {"\x09\0\1\0\0\0\0\0", 8, 1700000000, UINT64_C(1700000000000000000)},
        {"\x09\0\1\0\x8a\0\0\0", 8, (1700000000u * UINT64_C(1024)) + 512, /* 2^-10 s */
         UINT64_C(1700000000500000000)},
        {"\x09\0\1\0\xa8\0\0\0", 8, (UINT64_C(1) << 40) + (UINT64_C(1) << 39), 1500000000},
        {"\x02\0\3\0lo0\0\x0e\0\x08\0\x0a\0\0\0\0\0\0\0", 20, 5, UINT64_C(10000005000)},
        {"\x0e\0\x08\0\xff\xff\xff\xff\xff\xff\xff\xff", 12, 1000001, 1000}, /* -1 s */
        {"\0\0\0\0\x09\0\1\0\x09\0\0\0", 12, 5, 5000}, /* behind the last option */
        {"\x09\0\xff\xff\x09\0\0\0", 8, 5, 5000},      /* an option that is too long */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        m.n = 0;
        section(&m, true);
        interface(&m, LINK_RAW, rows[i].options, rows[i].n);
        enhanced(&m, 0, rows[i].time, ip, ip_n);
        assert_true(first_time() == rows[i].ns);
    }
}

/* Cut at each byte: what is whole is given, and the cut is told. */
static void a_file_cut_anywhere(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        size_t whole[4], packets = 0;
        if (format) {
            m.n = 0;
            section(&m, true);
            interface(&m, LINK_RAW, NULL, 0);
        } else {
            made_pcap(&m, true, 0xA1B2C3D4u, LINK_RAW);
        }
        size_t first = m.n;
        for (; packets < 3; packets++) {
            uint8_t packet[128];
            size_t n =
                ipv4_write(packet, &(struct tcp){CLIENT, SERVER, (uint32_t)packets * 2, ACK, "ab"});
            whole[packets] = m.n;
            if (format)
                enhanced(&m, 0, packets, packet, n);
            else
                made_record(&m, 1, 1, packet, n);
        }
        whole[3] = m.n;
        for (size_t n = first; n <= m.n; n++) {
            static const char *const want[] = {"", "c0>!ab", "c0>!ab c0>ab", "c0>!ab c0>ab c0>ab"};
            struct cqlr_err err;
            size_t there = 0;
            uint8_t *p = exactly(m.p, n);
            while (there < 3 && whole[there + 1] <= n)
                there++;
            assert_string_equal(told((struct cqlr_bytes){p, n}, SERVER), want[there]);
            struct capture *c = capture_new((struct cqlr_bytes){p, n}, SERVER, NULL, &err);
            assert_int_equal(capture_note(c)[0] == '\0', n == whole[there]);
            capture_free(c);
            free(p);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_orders_and_both_clocks, packet_make),
        cmocka_unit_test_setup(every_link, packet_make),
        cmocka_unit_test_setup(padding_is_no_data, packet_make),
        cmocka_unit_test_setup(ipv6_with_extension_headers, packet_make),
        cmocka_unit_test_setup(ipv4_with_options_and_fragments, packet_make),
        cmocka_unit_test_setup(a_packet_cut_by_the_capture_leaves_a_gap, packet_make),
        cmocka_unit_test_setup(other_ports_are_told_when_there_is_nothing_else, packet_make),
        cmocka_unit_test_setup(what_is_no_capture_is_refused, packet_make),
        cmocka_unit_test_setup(pcapng_with_interfaces_and_sections, packet_make),
        cmocka_unit_test_setup(pcapng_with_blocks_of_other_kinds, packet_make),
        cmocka_unit_test_setup(pcapng_times, packet_make),
        cmocka_unit_test_setup(a_file_cut_anywhere, packet_make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
