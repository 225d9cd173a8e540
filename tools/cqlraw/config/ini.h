/*
 * ini.h - the INI files of cqlsh and of this program, item by item. Pure.
 */
#ifndef CQLRAW_INI_H
#define CQLRAW_INI_H

#include <cqlraw/base.h>

/* Views into the text. */
struct ini_item {
    struct cqlr_str section;
    struct cqlr_str key;
    struct cqlr_str value; /* may hold newlines: an indented line goes on with the value */
    unsigned line;         /* of the key, from 1 */
};

struct ini {
    struct cqlr_str rest;
    struct cqlr_str section;
    unsigned line; /* read last */
};

/* Starts at the front of the text, which is borrowed. */
void ini_init(struct ini *i, struct cqlr_str text);
/* 1, 0 at the end, or -1: what is wrong with i->line is in *why (static). */
int ini_next(struct ini *i, struct ini_item *item, const char **why);

#endif
