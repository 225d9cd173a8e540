/*
 * inet.c - 4 or 16 bytes ⇄ the text of an IPv4 or IPv6 address (native_protocol_v4.spec
 * section 6.10).
 *
 * IPv6 is printed as RFC 5952 says: lower case, no leading zeros, the first longest run of at least
 * two zero groups as "::", a dotted end for IPv4-mapped and IPv4-compatible addresses. Read are all
 * forms of RFC 4291 section 2.2; there are no zones, and no numbers with leading zeros in IPv4,
 * which some read as octal.
 */
#include <string.h>

#include "proto/val/val.h"

#define GROUPS 8

static void out_ipv4(struct cqlr_wr *w, const uint8_t *p)
{
    for (int i = 0; i < 4; i++) {
        cqlr__out(w, i ? "." : "");
        cqlr__out_u64(w, p[i], 1);
    }
}

static void out_group(struct cqlr_wr *w, const uint8_t *p)
{
    unsigned group = cqlr_be16(p);
    int digits = group > 0xFFF ? 4 : group > 0xFF ? 3 : group > 0xF ? 2 : 1;
    while (digits-- > 0)
        cqlr_wr_u8(w, (uint8_t) "0123456789abcdef"[group >> (4 * digits) & 15]);
}

/* The first longest run of zero groups: its length, and its start in *at. */
static int zero_run(const uint8_t *p, int *at)
{
    int best = 0;
    for (int i = 0, run = 0; i < GROUPS; i++) {
        run = cqlr_be16(p + i * 2) ? 0 : run + 1;
        if (run > best) {
            best = run;
            *at = i - run + 1;
        }
    }
    return best;
}

static void out_ipv6(struct cqlr_wr *w, const uint8_t *p)
{
    int at = 0, run = zero_run(p, &at);
    bool mapped = at == 0 && run == 5 && cqlr_be16(p + 10) == 0xFFFF;
    if (mapped || (at == 0 && run == 6)) { /* as inet_ntop, and so cqlsh, shows them */
        cqlr__out(w, mapped ? "::ffff:" : "::");
        out_ipv4(w, p + 12);
        return;
    }
    if (run < 2)
        run = 0;
    for (int i = 0; i < GROUPS; i++) {
        if (run && i == at) {
            cqlr__out(w, "::");
            i += run - 1;
        } else {
            cqlr__out(w, i && !(run && i == at + run) ? ":" : "");
            out_group(w, p + i * 2);
        }
    }
}

int cqlr__inet_print(struct cqlr_wr *w, struct cqlr_value v)
{
    if (v.n == 4)
        out_ipv4(w, v.p);
    else if (v.n == 16)
        out_ipv6(w, v.p);
    else
        return CQLR_E_TYPE;
    return 0;
}

static bool read_ipv4(struct cqlr_str s, uint8_t *out)
{
    for (int i = 0; i < 4; i++) {
        uint64_t n;
        if (i && !cqlr__take(&s, '.'))
            return false;
        bool octal = s.n > 1 && s.p[0] == '0' && cqlr__is_digit(s.p[1]);
        if (octal || !cqlr__take_u64(&s, &n) || n > 255)
            return false;
        out[i] = (uint8_t)n;
    }
    return !s.n;
}

/* One to four hex digits. */
static bool take_group(struct cqlr_str *s, uint8_t *out)
{
    unsigned group = 0, n = 0;
    for (; s->n && cqlr__hex_digit(s->p[0]) >= 0; s->p++, s->n--, n++) {
        if (n == 4)
            return false;
        group = group << 4 | (unsigned)cqlr__hex_digit(s->p[0]);
    }
    cqlr_put16(out, (uint16_t)group);
    return n > 0;
}

static bool read_ipv6(struct cqlr_str s, uint8_t *out)
{
    size_t n = 0, gap = SIZE_MAX; /* bytes read, and where the "::" stood */
    bool more = true;
    if (cqlr__take_nocase(&s, "::")) {
        gap = 0;
        more = s.n > 0;
    }
    while (more && n < 16) {
        if (n <= 12 && memchr(s.p, '.', s.n) && !memchr(s.p, ':', s.n)) {
            if (!read_ipv4(s, out + n))
                return false;
            s.n = 0;
            n += 4;
        } else if (!take_group(&s, out + n)) {
            return false;
        } else {
            n += 2;
        }
        more = false;
        if (gap == SIZE_MAX && cqlr__take_nocase(&s, "::")) {
            gap = n;
            more = s.n > 0;
        } else if (s.n) {
            more = cqlr__take(&s, ':');
            if (!more)
                return false;
        }
    }
    if (more || s.n || (gap == SIZE_MAX) != (n == 16))
        return false;
    if (gap != SIZE_MAX) { /* the zeros that the "::" stands for */
        memmove(out + 16 - (n - gap), out + gap, n - gap);
        memset(out + gap, 0, 16 - n);
    }
    return true;
}

int cqlr__inet_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    uint8_t address[16];
    bool v6 = memchr(s.p, ':', s.n) != NULL;
    if (!(v6 ? read_ipv6(s, address) : read_ipv4(s, address)))
        return CQLR_E_TYPE;
    cqlr_wr_raw(w, address, v6 ? 16 : 4);
    return 0;
}
