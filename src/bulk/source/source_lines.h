/*
 * source_lines.h - lines or records from a descriptor, as they come, gathered into blocks of texts
 * for units of work. Only their ends are looked for here; what is in them is the workers' business.
 *
 * A line is given as it stands. A record (CSV, NDJSON, workload) goes with the number of its first
 * line in front, for error texts: cqlr__text_record takes them apart.
 */
#ifndef CQLRAW_SRC_BULK_SOURCE_LINES_H
#define CQLRAW_SRC_BULK_SOURCE_LINES_H

#include "src/bulk/source/source.h"
#include "src/data/csv.h"

#define CQLR__LINE_MAX (16u * 1024 * 1024)

struct cqlr__lines {
    int fd;
    enum cqlr__source_form form;
    bool blanks;         /* CSV of one column: an empty line is a record */
    bool ended;          /* nothing more will be read; `texts` may still hold lines */
    struct cqlr_wr in;   /* bytes that are not lines yet */
    size_t off, scanned; /* of `in`: taken; and known not to end the next one */
    struct cqlr__csv_splitter csv;
    struct cqlr_wr texts; /* lines in the form of struct cqlr__unit_message */
    uint64_t count;       /* lines in `texts` */
    uint64_t line;        /* lines so far, for errors */
    bool idempotent;      /* workload: all lines in `texts` may be executed twice */
};

/* s is a stream, or gives nothing here; borrowed only for the call. */
void cqlr__lines_init(struct cqlr__lines *l, const cqlr_source *s);
void cqlr__lines_fini(struct cqlr__lines *l);

/* Reads once, without waiting. 1 something came (or the end), 0 nothing there now, CQLR_E_IO,
 * CQLR_E_LIMIT (one over 16 MiB, named), CQLR_E_NOMEM. */
CQLR_MUST_USE
int cqlr__lines_read(struct cqlr__lines *l, struct cqlr_err *err);
/* Moves lines that are complete to l->texts until it holds `block` of them, or so many bytes that
 * it should go. true = it is full. */
CQLR_MUST_USE
bool cqlr__lines_gather(struct cqlr__lines *l, uint64_t block);

/* A text of a source of this form as it stood in the input (p NULL: it was null), and the number of
 * its first line (0: not known). */
struct cqlr_str cqlr__text_record(enum cqlr__source_form form, struct cqlr_value text,
                                  uint64_t *line);

#endif
