/*
 * peers.c - a crit-bit tree: an inner node names the first bit in which the keys below its two
 * sides differ. A hash table would need a secret so that nobody can choose addresses that collide;
 * this is never deeper than a key has bits.
 */
#include "peers.h"

#include <string.h>

#include "memory.h"

#define LEAF      (UINT32_C(1) << 31) /* of a child: the index of a leaf, not of a node */
#define KEY_BYTES sizeof(struct peers_pair)

struct peers_node {
    uint32_t bit;
    uint32_t child[2];
};

struct peers_leaf {
    struct peers_pair pair;
    uint32_t number;
};

void peers_fini(struct peers *t)
{
    memory_free(t->mem, t->node, t->nodes_cap, sizeof *t->node);
    memory_free(t->mem, t->leaf, t->leaves_cap, sizeof *t->leaf);
}

static unsigned bit_of(const struct peers_pair *pair, uint32_t bit)
{
    const uint8_t *key = (const uint8_t *)pair;
    return (unsigned)key[bit / 8] >> (7 - bit % 8) & 1u;
}

/* The first bit in which two keys differ; KEY_BYTES * 8 when they are the same. */
static uint32_t first_difference(const struct peers_pair *a, const struct peers_pair *b)
{
    const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;
    uint32_t i = 0;
    while (i < KEY_BYTES && p[i] == q[i])
        i++;
    i *= 8;
    while (i < KEY_BYTES * 8 && bit_of(a, i) == bit_of(b, i))
        i++;
    return i;
}

static uint32_t leaf_add(struct peers *t, const struct peers_pair *pair)
{
    struct peers_leaf *v = memory_grow(t->mem, t->leaf, t->leaves, &t->leaves_cap, sizeof *t->leaf);
    if (!v || t->leaves >= LEAF - 1)
        return PEERS_NONE;
    t->leaf = v;
    t->leaf[t->leaves] = (struct peers_leaf){*pair, PEERS_NONE};
    return (uint32_t)t->leaves++ | LEAF;
}

/* The root is child 0 of node 0, which has no bit of its own. */
static uint32_t *root(struct peers *t)
{
    return &t->node[0].child[0];
}

/* Puts a new leaf where its key parts from the others, at this bit. */
static uint32_t *insert(struct peers *t, const struct peers_pair *pair, uint32_t bit)
{
    struct peers_node *v = memory_grow(t->mem, t->node, t->nodes, &t->nodes_cap, sizeof *v);
    t->node = v ? v : t->node;
    uint32_t leaf = v ? leaf_add(t, pair) : PEERS_NONE;
    if (leaf == PEERS_NONE)
        return NULL;
    uint32_t added = (uint32_t)t->nodes++;
    uint32_t *at = root(t);
    if (added == 0) {
        *at = leaf;
    } else {
        while (!(*at & LEAF) && t->node[*at].bit < bit)
            at = &t->node[*at].child[bit_of(pair, t->node[*at].bit)];
        unsigned side = bit_of(pair, bit);
        v[added].bit = bit;
        v[added].child[side] = leaf;
        v[added].child[!side] = *at;
        *at = added;
    }
    return &t->leaf[leaf & ~LEAF].number;
}

uint32_t *peers_find(struct peers *t, const struct peers_pair *pair)
{
    if (t->leaves == 0)
        return insert(t, pair, 0);
    uint32_t at = *root(t);
    while (!(at & LEAF))
        at = t->node[at].child[bit_of(pair, t->node[at].bit)];
    struct peers_leaf *nearest = &t->leaf[at & ~LEAF];
    uint32_t bit = first_difference(&nearest->pair, pair);
    return bit == KEY_BYTES * 8 ? &nearest->number : insert(t, pair, bit);
}
