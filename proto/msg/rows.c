/*
 * rows.c - RESULT/Rows: metadata, a row count, and rows x columns [bytes] (native_protocol_v4.spec
 * section 4.2.5.2).
 *
 * cqlr_rows_next and cqlr_rows_skip are where a client spends its time. Every cell still to come
 * has its 4-byte length in the message (checked once, when the page is opened); what is left beside
 * those lengths is `spare`, the bytes there are for values. So one comparison a cell keeps the
 * reader inside: a value may not be longer than `spare`, and null, being negative, is found by the
 * same comparison.
 */
#include "proto/msg/meta.h"

/* Rows without columns take no bytes: their number has a bound of its own. */
#define ROWS_WITHOUT_COLUMNS (1u << 20)

void cqlr__rows_read(struct cqlr_rd *r, const struct cqlr_columns *known, struct cqlr_rows *m)
{
    cqlr__metadata_read(r, known, &m->spec, &m->paging_state);
    m->count = cqlr__count_read(r, "rows count");
    uint64_t lengths = (uint64_t)m->count * m->spec.count * 4; /* 2^31 x 2^31 x 4 fits */
    if (lengths > cqlr_rd_left(r))
        cqlr_rd_short(r, lengths, "rows");
    else if (m->spec.count == 0 && m->count > ROWS_WITHOUT_COLUMNS)
        cqlr_rd_bad(r, "rows count", "too many rows without columns");
    if (r->rc)
        m->count = 0;
    m->left = m->count;
    m->rd = *r;
}

/* The bytes there are for the values of the rows that are left. */
static size_t rows_spare(const struct cqlr_rows *rows)
{
    return cqlr_rd_left(&rows->rd) - (size_t)rows->left * rows->spec.count * 4;
}

/* A value at `p` is longer than what is left for values. */
static int rows_fail(struct cqlr_rows *rows, const uint8_t *p)
{
    rows->left = 0;
    rows->rd.p = p;
    return cqlr_rd_bad(&rows->rd, "row value", "length passes the end of the message");
}

int cqlr_rows_next(struct cqlr_rows *rows, struct cqlr_value *cells)
{
    const uint8_t *p = rows->rd.p;
    if (!rows->left)
        return rows->rd.rc;
    size_t spare = rows_spare(rows);
    for (uint32_t i = 0; i < rows->spec.count; i++) {
        int32_t n = (int32_t)cqlr_be32(p);
        p += 4;
        if ((size_t)n <= spare) {
            cells[i].p = p;
            cells[i].n = n;
            p += n;
            spare -= (size_t)n;
        } else if (n < 0) {
            cells[i].p = NULL;
            cells[i].n = CQLR_NULL;
        } else {
            return rows_fail(rows, p - 4);
        }
    }
    rows->rd.p = p;
    rows->left--;
    return 1;
}

int64_t cqlr_rows_skip(struct cqlr_rows *rows)
{
    const uint8_t *p = rows->rd.p;
    int64_t skipped = rows->left;
    if (!rows->left)
        return rows->rd.rc;
    size_t spare = rows_spare(rows);
    for (size_t i = (size_t)rows->left * rows->spec.count; i > 0; i--) {
        int32_t n = (int32_t)cqlr_be32(p);
        p += 4;
        if ((size_t)n <= spare) {
            p += n;
            spare -= (size_t)n;
        } else if (n >= 0) {
            return rows_fail(rows, p - 4);
        }
    }
    rows->rd.p = p;
    rows->left = 0;
    return skipped;
}

int cqlr_rows_write(struct cqlr_wr *w, const struct cqlr_column *col, uint32_t columns,
                    uint32_t flags, struct cqlr_value paging_state, uint32_t rows)
{
    cqlr_wr_i32(w, CQLR_RESULT_ROWS);
    cqlr__metadata_write(w, col, columns, flags, paging_state);
    cqlr__count_write(w, rows);
    return w->rc;
}
