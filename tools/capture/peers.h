/*
 * peers.h - which connection a segment belongs to: a tree of the pairs of addresses and ports.
 */
#ifndef CQLRAW_CAPTURE_PEERS_H
#define CQLRAW_CAPTURE_PEERS_H

#include "capture.h"

/* Both sides, the smaller one first, so that both directions have the same pair. */
struct peers_pair {
    struct capture_peer low, high;
};

struct peers {
    struct peers_node *node;
    struct peers_leaf *leaf;
    size_t nodes, nodes_cap, leaves, leaves_cap;
    const struct cqlr_mem *mem;
};

/* Set up: all zero but mem. Free with peers_fini. */
void peers_fini(struct peers *t);

/* Where the number that belongs to this pair is kept, PEERS_NONE in a new one; NULL: no memory.
 * Valid until the next call. */
uint32_t *peers_find(struct peers *t, const struct peers_pair *pair);
#define PEERS_NONE UINT32_MAX

#endif
