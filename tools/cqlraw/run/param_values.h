/*
 * param_values.h - one -P: the values behind it where they are texts, and the memory they lie in.
 */
#ifndef CQLRAW_PARAM_VALUES_H
#define CQLRAW_PARAM_VALUES_H

#include <cqlraw/bulk.h>

#include "spec.h"

struct param {
    char *name;     /* of the marker; NULL: the next ? */
    char label[16]; /* how people know it when it has no name: its place */
    char *file;     /* contents of @file */
    size_t file_n;
    struct cqlr_str *text;
    size_t count, cap;
};

/* s → out, reading the file it names. 0, or the exit code after one line on stderr. Free with
 * param_free in any case. */
int param_read(struct param *p, const struct spec *s, struct cqlr_source_param *out);
void param_free(struct param *p);

#endif
