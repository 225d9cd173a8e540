/*
 * csv.h - comma separated values as RFC 4180 says: bytes as they come → records, a record → cells.
 *
 * A cell that begins with a quote ends at its closing quote; commas, newlines and doubled quotes
 * within belong to it. In a cell without quotes a quote is a character like any other. Records end
 * with LF or CRLF. A quoted cell is told from an unquoted one, so that a missing value can be told
 * from an empty text.
 */
#ifndef CQLRAW_SRC_DATA_CSV_H
#define CQLRAW_SRC_DATA_CSV_H

#include <cqlraw/wire.h>

/* Looks for the end of a record, over as many pieces as it comes in. Zero-initialised it stands at
 * the start of one. */
struct cqlr__csv_splitter {
    enum {
        CQLR__CSV_CELL_START,
        CQLR__CSV_PLAIN,
        CQLR__CSV_QUOTED,
        CQLR__CSV_QUOTE_SEEN /* within quotes: the closing one, or the first of two */
    } state;
};

/* Goes on over n bytes. The length up to and with the newline that ends the record (and the next
 * one begins), or 0 when it does not end here. At the end of the input, what is left is the last
 * record. */
size_t cqlr__csv_split(struct cqlr__csv_splitter *s, const uint8_t *p, size_t n);

/* The record without its newline. */
struct cqlr_str cqlr__csv_chomp(struct cqlr_str record);

/* An input without the byte order mark it may begin with. */
struct cqlr_str cqlr__csv_unmark(struct cqlr_str input);

/* How many line feeds there are. */
size_t cqlr__csv_newlines(struct cqlr_str s);

/* Takes the cells of one record (without its newline) one by one. */
struct cqlr__csv {
    struct cqlr_str left;
    uint64_t line; /* of the place where `left` begins, for errors */
    bool more;     /* a cell follows, be it empty */
};
struct cqlr__csv_cell {
    struct cqlr_str text; /* never NULL; borrowed from the record, or from scratch until the next */
    bool quoted;
};

/* `line` is the number of the record's first line. */
void cqlr__csv_init(struct cqlr__csv *c, struct cqlr_str record, uint64_t line);
/* 1 and a cell, 0 no more, CQLR_E_TYPE ("line 3: closing quote missing") or CQLR_E_NOMEM with the
 * reason in err. `scratch` holds a cell that had doubled quotes. */
CQLR_MUST_USE
int cqlr__csv_next(struct cqlr__csv *c, struct cqlr__csv_cell *cell, struct cqlr_wr *scratch,
                   struct cqlr_err *err);

#endif
