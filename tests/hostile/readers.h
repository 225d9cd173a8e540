/*
 * readers.h - bytes that were a frame once, given to everything of the codec that reads.
 */
#ifndef CQLRAW_TESTS_READERS_H
#define CQLRAW_TESTS_READERS_H

#include <cqlraw/msg.h>

/* What the frame was before it was damaged: it tells how far a link has to be to take it. */
struct origin {
    bool response;
    bool compressed; /* with LZ4 */
    uint8_t opcode;
    int16_t stream; /* 1 for every answer to a request */
};

/* The n bytes at p lie in a block of exactly this size. `mem` is where memory comes from. NULL, or
 * which promise was not kept. */
const char *readers_run(const struct origin *o, const uint8_t *p, size_t n,
                        const struct cqlr_mem *mem);

#endif
