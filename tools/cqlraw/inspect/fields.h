/*
 * fields.h - the fields of something, as indented lines for people ("    page size 100") or as one
 * JSON object on a line ({"page_size":100}). Pure.
 *
 * A field is its label and what is put behind it. Within JSON objects and arrays the commas come by
 * themselves.
 */
#ifndef CQLRAW_FIELDS_H
#define CQLRAW_FIELDS_H

#include <cqlraw/wire.h>

struct fields {
    struct cqlr_wr *w;
    struct cqlr_wr scratch; /* a text that is not final yet: fields_scratch */
    size_t begun;           /* lines: where the value of the last field begins */
    bool json;
};

void fields_init(struct fields *f, struct cqlr_wr *w, bool json);
void fields_fini(struct fields *f);

/* ---- JSON: structure. Lines: nothing ---- */

void fields_open(struct fields *f, char bracket);  /* { or [, as the next element */
void fields_close(struct fields *f, char bracket); /* } or ] */
void fields_key(struct fields *f, const char *key);

/* ---- what stands behind a label or key, or in an array ---- */

/* JSON: a string. Lines: the text as a terminal may show it. */
void fields_text(struct fields *f, struct cqlr_str s);
void fields_number(struct fields *f, int64_t n);
/* 0x and the bytes; in lines only the first of many, and how many they are. */
void fields_bytes(struct fields *f, const uint8_t *p, size_t n);
/* null, unset, or the bytes. */
void fields_value(struct fields *f, struct cqlr_value v);
/* JSON as it stands. */
void fields_raw(struct fields *f, struct cqlr_str json);
/* Lines: as it stands. JSON: nothing. */
void fields_plain(struct fields *f, const char *text);

/* A writer of the same memory and limit, empty; the text that was written there, borrowed until the
 * next of these calls. Where that has failed, w has failed likewise. */
struct cqlr_wr *fields_scratch(struct fields *f);
struct cqlr_str fields_scratched(struct fields *f);

/* Lines: only the first bytes of a long text, and how many the value has. */
void fields_cut(struct fields *f, struct cqlr_str text, size_t value);

/* ---- whole fields ---- */

/* JSON: "key": and the value is the caller's. Lines: the label, '_' as a blank, and a blank. */
void field_begin(struct fields *f, const char *key);
/* The same for a key that is data. JSON: the key is `name`. Lines: the label, and the name. */
void field_begin_entry(struct fields *f, const char *label, struct cqlr_str name);
void field_end(struct fields *f);

void field_text(struct fields *f, const char *key, struct cqlr_str s);
void field_number(struct fields *f, const char *key, int64_t n);
void field_bytes(struct fields *f, const char *key, const uint8_t *p, size_t n);
void field_value(struct fields *f, const char *key, struct cqlr_value v);
void field_truth(struct fields *f, const char *key, bool b);
/* A [string list]. JSON: an array. Lines: one each, labelled `one`. */
void field_list(struct fields *f, const char *key, const char *one, struct cqlr_span list);

#endif
