/*
 * frame.c - the 9-byte header of a frame <-> struct cqlr_frame (native_protocol_v4.spec section 2).
 *
 * Nothing is judged here: a header of any version, opcode and length is read and written as it
 * stands.
 */
#include <cqlraw/wire.h>

#define RESPONSE_BIT 0x80

void cqlr_frame_read(const uint8_t p[CQLR_FRAME_HEADER], struct cqlr_frame *f)
{
    f->response = (p[0] & RESPONSE_BIT) != 0;
    f->version = p[0] & (RESPONSE_BIT - 1);
    f->flags = p[1];
    f->stream = (int16_t)cqlr_be16(p + 2);
    f->opcode = p[4];
    f->length = cqlr_be32(p + 5);
}

void cqlr_frame_write(uint8_t p[CQLR_FRAME_HEADER], const struct cqlr_frame *f)
{
    p[0] = (uint8_t)((f->response ? RESPONSE_BIT : 0) | (f->version & (RESPONSE_BIT - 1)));
    p[1] = f->flags;
    cqlr_put16(p + 2, (uint16_t)f->stream);
    p[4] = f->opcode;
    cqlr_put32(p + 5, f->length);
}
