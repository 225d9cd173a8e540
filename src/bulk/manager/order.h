/*
 * order.h - the units under way, from the oldest that is not committed to the newest that exists:
 * who has each, how far it has come, and in which order their output may leave. Pure bookkeeping:
 * no process, no descriptor.
 *
 * Two rules make an ordered merge without deadlock and with bounded memory: a holder gets units in
 * ascending order only, so the records of the oldest unit are always the first that its holder has
 * to give; and what a holder published before it was lost is kept with the unit (`saved`), so that
 * the next holder goes on behind it.
 */
#ifndef CQLRAW_SRC_BULK_ORDER_H
#define CQLRAW_SRC_BULK_ORDER_H

#include "src/bulk/lane/lane.h"

#define CQLR__NOBODY       (-1)
#define CQLR__CAREFUL_FROM 2 /* strikes, from which on a unit is executed one request at a time */
#define CQLR__MOST_STRIKES 3 /* that end the run */

struct cqlr__unit {
    uint64_t number, first, count;
    uint64_t item, page;  /* accepted so far: complete parameter sets, and pages of the next one, */
    uint64_t item_rows;   /* with so many rows */
    struct cqlr_wr state; /* its paging state behind those pages */
    struct cqlr_wr texts; /* lines: the texts, in the form of struct cqlr__unit_message */
    uint64_t text_item;   /* the text at text_off is this one's */
    size_t text_off;
    bool idempotent;      /* all its parameter sets may be executed twice */
    int holder;           /* or CQLR__NOBODY */
    uint64_t base;        /* what its holder had been given before, in parameter sets */
    uint64_t from;        /* `item` when the holder got it */
    unsigned strikes;     /* holders lost in a row without progress */
    struct cqlr_wr saved; /* accepted records of lost holders, not committed yet */
    size_t saved_off;
};

struct cqlr__order {
    struct cqlr__unit *ring;
    size_t cap, head;  /* cap is a power of two or 0 */
    uint64_t oldest;   /* number of the first unit that is held here */
    uint64_t next;     /* number behind the last */
    uint64_t unheld;   /* no unit below this one is free to be given */
    size_t text_bytes; /* of all units' texts */
};

void cqlr__order_init(struct cqlr__order *o);
void cqlr__order_fini(struct cqlr__order *o);

/* Appends a unit, with the number o->next; `texts` (NULL: none) is taken. NULL: no memory. Pointers
 * to units are good until the next add. */
struct cqlr__unit *cqlr__order_add(struct cqlr__order *o, uint64_t first, uint64_t count,
                                   struct cqlr_wr *texts);
/* The unit of this number, or NULL when it is not under way. */
struct cqlr__unit *cqlr__order_unit(struct cqlr__order *o, uint64_t number);
/* The lowest unit from `least` on that nobody holds and that is not complete, or NULL. */
struct cqlr__unit *cqlr__order_free_unit(struct cqlr__order *o, uint64_t least);
/* How many such units there are; counting stops at `most`. */
uint64_t cqlr__order_free_count(struct cqlr__order *o, uint64_t most);
void cqlr__order_give(struct cqlr__unit *u, int holder, uint64_t base);
/* The unit is free again. */
void cqlr__order_take_back(struct cqlr__order *o, struct cqlr__unit *u);

/* The text of an item (null: it is null, or there are none), borrowed from the unit. Cheap when
 * items are asked for in ascending order. */
struct cqlr_value cqlr__order_text(struct cqlr__unit *u, uint64_t item);

/* Accepts what a holder published: does the record go on exactly where the unit is? Moves the
 * unit's progress. 0, CQLR_E_WORKER when it does not fit, CQLR_E_NOMEM. */
CQLR_MUST_USE
int cqlr__order_accept(struct cqlr__unit *u, int holder, const struct cqlr__record *rec,
                       const uint8_t *p);
/* Keeps an accepted record that cannot be committed yet. 0 or CQLR_E_NOMEM. */
CQLR_MUST_USE
int cqlr__order_save(struct cqlr__unit *u, const struct cqlr__record *rec, const uint8_t *p);
/* 1 and the next saved record, 0 none. */
int cqlr__order_saved(struct cqlr__unit *u, struct cqlr__record *rec, const uint8_t **p);

/* Everything accepted and nothing saved. */
static inline bool cqlr__unit_done(const struct cqlr__unit *u)
{
    return u->item == u->count && u->saved_off == u->saved.n;
}
/* Forgets the units at the front that are done. */
void cqlr__order_trim(struct cqlr__order *o);

#endif
