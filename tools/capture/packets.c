/*
 * packets.c - the two formats of capture files. pcap: a header, and in front of each packet 16
 * bytes. pcapng: blocks with type and length, of which those with packets, interfaces and sections
 * count.
 *
 * A length is compared with what is left of the file before it is used. Where one is wrong there is
 * no way to the next packet: reading ends there, and `broken` tells.
 */
#include "packets.h"

#include <string.h>

#include "memory.h"

#define NS              UINT64_C(1000000000)
#define PCAP_HEADER     24
#define PCAP_RECORD     16
#define BLOCK_FRAME     12 /* type and length in front, the length again behind */
#define BLOCK_SECTION   0x0A0D0D0Au
#define BLOCK_INTERFACE 1u
#define BLOCK_OLD       2u
#define BLOCK_SIMPLE    3u
#define BLOCK_PACKET    6u
#define OPTION_RESOL    9
#define OPTION_OFFSET   14

struct packet_interface {
    uint32_t link;
    uint32_t snaplen; /* 0 = no limit */
    uint8_t resol;    /* units of a second: 10^resol, or 2^(resol & 127) */
    int64_t offset;   /* seconds */
};

static uint32_t get16(const struct packets *f, const uint8_t *p)
{
    return f->big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const struct packets *f, const uint8_t *p)
{
    return f->big ? get16(f, p) << 16 | get16(f, p + 2) : get16(f, p + 2) << 16 | get16(f, p);
}

static uint64_t get64(const struct packets *f, const uint8_t *p)
{
    uint64_t first = get32(f, p), second = get32(f, p + 4);
    return f->big ? first << 32 | second : second << 32 | first;
}

static size_t left(const struct packets *f)
{
    return f->file.n - f->at;
}

static int end(struct packets *f)
{
    f->broken = f->broken || left(f) > 0;
    f->at = f->file.n;
    return 0;
}

/* ---- pcap ---- */

/* Sets byte order and resolution by the first four bytes. */
static bool pcap_begin(struct packets *f)
{
    for (int big = 0; big < 2; big++) {
        f->big = big;
        uint32_t magic = get32(f, f->file.p);
        f->nano = magic == 0xA1B23C4Du;
        if (f->nano || magic == 0xA1B2C3D4u)
            return true;
    }
    return false;
}

static int pcap_next(struct packets *f, struct packet *p)
{
    if (left(f) < PCAP_RECORD)
        return end(f);
    const uint8_t *h = f->file.p + f->at;
    uint32_t n = get32(f, h + 8);
    p->time_ns = get32(f, h) * NS + (uint64_t)get32(f, h + 4) * (f->nano ? 1 : 1000);
    p->link = f->link;
    if (n > left(f) - PCAP_RECORD)
        return end(f);
    p->bytes = (struct cqlr_bytes){h + PCAP_RECORD, n};
    f->at += PCAP_RECORD + n;
    return 1;
}

/* ---- pcapng ---- */

/* A time in units of the interface as nanoseconds; one that is made up may wrap. */
static uint64_t to_ns(const struct packet_interface *i, uint64_t t)
{
    unsigned digits = i->resol & 0x7F;
    uint64_t ns;
    if (i->resol & 0x80) {
        unsigned bits = digits > 63 ? 63 : digits;
        uint64_t part = t & ((UINT64_C(1) << bits) - 1);
        unsigned kept = bits > 32 ? 32 : bits; /* so that the product fits */
        ns = (t >> bits) * NS + ((part >> (bits - kept)) * NS >> kept);
    } else {
        for (; digits > 9 && t; digits--)
            t /= 10;
        for (; digits < 9; digits++)
            t *= 10;
        ns = t;
    }
    return ns + (uint64_t)i->offset * NS;
}

static void interface_options(const struct packets *f, struct packet_interface *i, const uint8_t *p,
                              size_t n)
{
    while (n >= 4) {
        uint32_t code = get16(f, p), length = get16(f, p + 2);
        size_t whole = 4 + ((length + 3u) & ~(size_t)3);
        if (whole > n || code == 0)
            return;
        if (code == OPTION_RESOL && length >= 1)
            i->resol = p[4];
        if (code == OPTION_OFFSET && length >= 8)
            i->offset = (int64_t)get64(f, p + 4);
        p += whole;
        n -= whole;
    }
}

/* The body of an interface block: link type, 2 bytes, longest packet, options. */
static int interface_add(struct packets *f, struct cqlr_bytes b)
{
    struct packet_interface i = {.resol = 6};
    if (b.n < 8)
        return end(f);
    i.link = get16(f, b.p);
    i.snaplen = get32(f, b.p + 4);
    interface_options(f, &i, b.p + 8, b.n - 8);
    struct packet_interface *v = memory_grow(f->mem, f->ifs, f->ifs_n, &f->ifs_cap, sizeof *v);
    if (!v)
        return CQLR_E_NOMEM;
    f->ifs = v;
    f->ifs[f->ifs_n++] = i;
    return 1;
}

/* The bytes of a packet block behind its fields of `head` bytes; 0 when there is none. */
static int packet_take(struct packets *f, struct cqlr_bytes b, size_t head, uint32_t interface,
                       uint32_t n, struct packet *p)
{
    if (interface >= f->ifs_n || b.n < head || n > b.n - head) {
        f->broken = true;
        return 0;
    }
    p->link = f->ifs[interface].link;
    p->bytes = (struct cqlr_bytes){b.p + head, n};
    p->time_ns = f->time_ns;
    return 1;
}

static int simple_take(struct packets *f, struct cqlr_bytes b, struct packet *p)
{
    uint32_t n = b.n < 4 ? 0 : get32(f, b.p);
    if (f->ifs_n && f->ifs[0].snaplen && n > f->ifs[0].snaplen)
        n = f->ifs[0].snaplen;
    return packet_take(f, b, 4, 0, n, p);
}

/* Interface (four bytes; in the old block two), time, lengths. */
static int timed_take(struct packets *f, struct cqlr_bytes b, bool old, struct packet *p)
{
    if (b.n < 20)
        return packet_take(f, b, 20, 0, 0, p);
    uint32_t interface = old ? get16(f, b.p) : get32(f, b.p);
    int rc = packet_take(f, b, 20, interface, get32(f, b.p + 12), p);
    if (rc) {
        uint64_t t = (uint64_t)get32(f, b.p + 4) << 32 | get32(f, b.p + 8);
        p->time_ns = f->time_ns = to_ns(&f->ifs[interface], t);
    }
    return rc;
}

/* A section begins: its byte order is told by a number behind the length. */
static bool section_begin(struct packets *f)
{
    const uint8_t *p = f->file.p + f->at;
    for (int big = 0; left(f) >= 12 && big < 2; big++) {
        f->big = big;
        f->ifs_n = 0;
        if (get32(f, p + 8) == 0x1A2B3C4Du)
            return true;
    }
    return false;
}

static int pcapng_next(struct packets *f, struct packet *p)
{
    int rc = 0;
    while (!rc && left(f) >= BLOCK_FRAME) {
        const uint8_t *h = f->file.p + f->at;
        uint32_t type = get32(f, h); /* a section's is the same in both orders */
        if (type == BLOCK_SECTION && !section_begin(f))
            break;
        uint32_t n = get32(f, h + 4);
        if (n < BLOCK_FRAME || n > left(f))
            break;
        struct cqlr_bytes body = {h + 8, n - BLOCK_FRAME};
        f->at += n;
        if (type == BLOCK_INTERFACE)
            rc = interface_add(f, body) < 0 ? CQLR_E_NOMEM : 0;
        else if (type == BLOCK_SIMPLE)
            rc = simple_take(f, body, p);
        else if (type == BLOCK_PACKET || type == BLOCK_OLD)
            rc = timed_take(f, body, type == BLOCK_OLD, p);
    }
    return rc ? rc : end(f);
}

/* ---- both ---- */

static int refuse(struct cqlr_err *err, const char *why)
{
    *err = (struct cqlr_err){.code = CQLR_E_PROTO};
    memcpy(err->text, why, strlen(why) + 1);
    return CQLR_E_PROTO;
}

int packets_init(struct packets *f, struct cqlr_bytes file, const struct cqlr_mem *mem,
                 struct cqlr_err *err)
{
    *f = (struct packets){.file = file, .mem = mem};
    if (file.n >= BLOCK_FRAME && get32(f, file.p) == BLOCK_SECTION && section_begin(f)) {
        f->pcapng = true;
        return 0;
    }
    if (file.n < 4 || !pcap_begin(f))
        return refuse(err, "this is no capture file, neither pcap nor pcapng");
    if (file.n < PCAP_HEADER)
        return refuse(err, "the capture file ends within its header");
    f->link = get32(f, file.p + 20) & 0xFFFF; /* the other bits tell of checksums */
    f->at = PCAP_HEADER;
    return 0;
}

int packets_next(struct packets *f, struct packet *p)
{
    return f->pcapng ? pcapng_next(f, p) : pcap_next(f, p);
}

void packets_fini(struct packets *f)
{
    memory_free(f->mem, f->ifs, f->ifs_cap, sizeof *f->ifs);
    f->ifs = NULL;
}
