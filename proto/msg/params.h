/*
 * params.h - the parts of <query_parameters> that BATCH has too (params.c).
 */
#ifndef CQLRAW_PROTO_MSG_PARAMS_H
#define CQLRAW_PROTO_MSG_PARAMS_H

#include <cqlraw/msg.h>

/* [short] count and as many ([string] name if NAMES, [value]), walked and checked. */
struct cqlr_span cqlr__values_read(struct cqlr_rd *r, uint8_t flags);

/* The last two fields, each there when its flag is set; what is not there is left as it was. */
void cqlr__serial_timestamp_read(struct cqlr_rd *r, uint8_t flags, uint16_t *serial,
                                 int64_t *timestamp);
void cqlr__serial_timestamp_write(struct cqlr_wr *w, uint8_t flags, uint16_t serial,
                                  int64_t timestamp);
/* Whether a server could accept them. */
bool cqlr__serial_timestamp_ok(uint8_t flags, uint16_t serial, int64_t timestamp);

#endif
