/*
 * uuid.c - uuid and timeuuid: 16 bytes ⇄ 8-4-4-4-12 hex digits (native_protocol_v4.spec
 * sections 6.19, 6.23). A timeuuid is of version 1; what a server sends is shown as it is.
 */
#include "proto/val/val.h"

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int cqlr__uuid_print(struct cqlr_wr *w, struct cqlr_value v)
{
    if (v.n != 16)
        return CQLR_E_TYPE;
    for (int i = 0; i < 16; i++) {
        cqlr__out(w, dash_before(i) ? "-" : "");
        cqlr__out_hex(w, v.p + i, 1);
    }
    return 0;
}

static bool read_uuid(struct cqlr_str s, uint8_t out[16])
{
    if (s.n != 36)
        return false;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i) && !cqlr__take(&s, '-'))
            return false;
        int high = cqlr__hex_digit(s.p[0]), low = cqlr__hex_digit(s.p[1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
        s.p += 2;
        s.n -= 2;
    }
    return true;
}

int cqlr__uuid_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    uint8_t uuid[16];
    if (!read_uuid(s, uuid))
        return CQLR_E_TYPE;
    cqlr_wr_raw(w, uuid, sizeof uuid);
    return 0;
}

int cqlr__timeuuid_print(struct cqlr_wr *w, struct cqlr_value v)
{
    return cqlr__uuid_print(w, v);
}

int cqlr__timeuuid_parse(struct cqlr_wr *w, struct cqlr_str s)
{
    uint8_t uuid[16];
    if (!read_uuid(s, uuid) || uuid[6] >> 4 != 1)
        return CQLR_E_TYPE;
    cqlr_wr_raw(w, uuid, sizeof uuid);
    return 0;
}
