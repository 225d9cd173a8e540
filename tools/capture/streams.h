/*
 * streams.h - the segments of each direction of the connections -> its bytes in order.
 */
#ifndef CQLRAW_CAPTURE_STREAMS_H
#define CQLRAW_CAPTURE_STREAMS_H

#include "capture.h"
#include "segment.h"

/* A direction: an index into `direction`. */
struct streams {
    struct streams_piece *piece; /* what segments carried, in the order of the file */
    struct streams_direction *direction;
    size_t pieces, pieces_cap, directions, directions_cap;
    size_t now; /* the piece that has come last */
    const struct cqlr_mem *mem;
};

/* Set up: all zero but mem. Free with streams_fini. */
void streams_fini(struct streams *s);

/* First all that there is: */
int streams_open(struct streams *s); /* one direction more: 0 or CQLR_E_NOMEM */
/* true when this segment, a SYN, cannot belong to what came in this direction before. */
bool streams_is_anew(const struct streams *s, uint32_t direction, const struct segment *t);
int streams_add(struct streams *s, uint32_t direction, const struct segment *t, uint64_t time_ns);

/* Then it is sorted, once, and given. */
void streams_sort(struct streams *s);
/* false at the end. All but chunk->connection and from_server is set. */
bool streams_next(struct streams *s, uint32_t *direction, struct capture_chunk *chunk);

#endif
