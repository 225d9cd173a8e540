/*
 * source_in.h - a worker's end of TO_SOURCE: pieces of bytes → the source of the batch that begins.
 * The one of the batch before lives until the engine has let go of it.
 */
#ifndef CQLRAW_SRC_BULK_SOURCE_IN_H
#define CQLRAW_SRC_BULK_SOURCE_IN_H

#include "src/bulk/source/source.h"

/* Zero-initialise. What is in it lives as long as the process. */
struct cqlr__source_in {
    const cqlr_source *source;
    uint64_t low; /* see struct cqlr__source_message */
    struct cqlr_wr bytes, old_bytes;
    cqlr_source *own, *old; /* own: `source`, when it came as bytes, and reads from `bytes` */
    bool under_way;         /* pieces are missing */
};

/* A message. 1 = in->source is the new one: hand it on, then call _received. 0 = pieces follow. Or
 * a negative code with the reason in err. */
CQLR_MUST_USE
int cqlr__source_receive(struct cqlr__source_in *in, const uint8_t *p, size_t n,
                         const cqlr_source *inherited, struct cqlr_err *err);
/* Nobody uses the source of the batch before any more. */
void cqlr__source_received(struct cqlr__source_in *in);

#endif
