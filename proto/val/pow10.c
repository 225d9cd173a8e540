/*
 * pow10.c - the table of powers of ten (pow10.h), which tools/pow10-table writes.
 */
#include "proto/val/pow10.h"

static const struct cqlr__pow10 powers[] = {
#include "proto/val/pow10_table.inc"
};

const struct cqlr__pow10 *cqlr__pow10(int k)
{
    return &powers[k - CQLR__POW10_MIN];
}
