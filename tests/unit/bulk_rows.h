/*
 * bulk_rows.h - a bulk run's page as the tests of servers that go away want it: its rows counted,
 * one byte of output for each page.
 */
#ifndef CQLRAW_TESTS_BULK_ROWS_H
#define CQLRAW_TESTS_BULK_ROWS_H

#include <cqlraw/bulk.h>

static inline int count_rows(void *arg, const struct cqlr_item *item, cqlr_reply *r,
                             struct cqlr_wr *out, uint64_t *rows, struct cqlr_err *err)
{
    int64_t n = cqlr_reply_skip(r);
    (void)arg;
    (void)item;
    (void)err;
    cqlr_wr_u8(out, '.');
    *rows = n > 0 ? (uint64_t)n : 0;
    return n < 0 ? (int)n : 0;
}

#endif
