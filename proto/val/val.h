/*
 * val.h - what the files of proto/val share: text out, text in, and one pair of functions a type.
 *
 * Every scalar type is a pair: _print (bytes → bare text, appended to w; 0 or CQLR_E_TYPE) and
 * _parse (bare text → bytes, likewise). They know nothing of quotes, null or empty: v.n > 0, and
 * the text is not empty. A failure of the writer is not theirs to report: it stands in w->rc. fmt.c
 * and parse.c put the pairs together by the table of scalar.c.
 */
#ifndef CQLRAW_PROTO_VAL_VAL_H
#define CQLRAW_PROTO_VAL_VAL_H

#include <cqlraw/value.h>

#include "proto/base/utf8.h"

/* ---- text out (text.c) ---- */

void cqlr__out(struct cqlr_wr *w, const char *s);
void cqlr__out_u64(struct cqlr_wr *w, uint64_t n,
                   unsigned width); /* decimal, at least width digits */
void cqlr__out_i64(struct cqlr_wr *w, int64_t n);
void cqlr__out_hex(struct cqlr_wr *w, const uint8_t *p, size_t n); /* two digits a byte */
void cqlr__out_quoted(struct cqlr_wr *w, const char *p, size_t n, char quote); /* doubled within */

/* ---- text in (text.c) ---- */

bool cqlr__is_digit(char c);
bool cqlr__is_blank(char c);
char cqlr__lower(char c);    /* of ASCII letters */
int cqlr__hex_digit(char c); /* 0..15 or -1 */
struct cqlr_str cqlr__trim(struct cqlr_str s);
void cqlr__skip_blanks(struct cqlr_str *s);
bool cqlr__equal_nocase(struct cqlr_str s, const char *lower);

/* What comes next, taken off the front of s; false leaves s as it was. */
bool cqlr__take(struct cqlr_str *s, char c);
bool cqlr__take_nocase(struct cqlr_str *s, const char *lower);
bool cqlr__take_u64(struct cqlr_str *s, uint64_t *n); /* digits that fit; false without one */

/* "[+-]digits" and nothing else, within int64. */
bool cqlr__read_i64(struct cqlr_str s, int64_t *n);

/* utf8.c; one character: proto/base/utf8.h. */
bool cqlr__utf8_valid(const uint8_t *p, size_t n);
bool cqlr__ascii_valid(const uint8_t *p, size_t n);

/* A name as CQL reads it back: plain when lower-case and not reserved, else "quoted" (ident.c). */
void cqlr__ident_print(struct cqlr_wr *w, struct cqlr_str name);
/* Takes a name off the front, without its quotes but with what is doubled within. */
bool cqlr__ident_take(struct cqlr_str *s, struct cqlr_str *name, bool *quoted);
/* Whether a name so taken is `field`: plain ones stand for their lower case. */
bool cqlr__ident_equal(struct cqlr_str name, bool quoted, struct cqlr_str field);

/* ---- the scalar types ---- */

#define CQLR__PAIR(name)                                                                           \
    int cqlr__##name##_print(struct cqlr_wr *w, struct cqlr_value v);                              \
    int cqlr__##name##_parse(struct cqlr_wr *w, struct cqlr_str s)

CQLR__PAIR(tinyint);   /* num.c */
CQLR__PAIR(smallint);  /* num.c */
CQLR__PAIR(int);       /* num.c */
CQLR__PAIR(bigint);    /* num.c */
CQLR__PAIR(boolean);   /* num.c */
CQLR__PAIR(blob);      /* text.c */
CQLR__PAIR(varchar);   /* utf8.c */
CQLR__PAIR(ascii);     /* utf8.c */
CQLR__PAIR(float);     /* float.c */
CQLR__PAIR(double);    /* float.c */
CQLR__PAIR(varint);    /* big.c */
CQLR__PAIR(decimal);   /* big.c */
CQLR__PAIR(date);      /* time.c */
CQLR__PAIR(time);      /* time.c */
CQLR__PAIR(timestamp); /* time.c */
CQLR__PAIR(duration);  /* duration.c */
CQLR__PAIR(inet);      /* inet.c */
CQLR__PAIR(uuid);      /* uuid.c */
CQLR__PAIR(timeuuid);  /* uuid.c */

/* A row of the type table (scalar.c). */
struct cqlr__scalar {
    const char *name;
    const char *class_name; /* without its package; NULL for CUSTOM */
    int (*print)(struct cqlr_wr *w, struct cqlr_value v);
    int (*parse)(struct cqlr_wr *w, struct cqlr_str s);
    bool quoted;   /* its CQL literal stands in ' */
    bool number;   /* its JSON may be bare: whatever text of it starts like a number or is true or
                      false */
    bool empty_ok; /* 0 bytes are a value of it */
    uint8_t fixed; /* bytes of an element of a vector; 0: a length stands in front of each */
};

/* NULL for types that have sub types, and for ids that are no type. */
const struct cqlr__scalar *cqlr__scalar_get(enum cqlr_type_id id);

/* The type of this class, a name without its package; CUSTOM when none has it. */
enum cqlr_type_id cqlr__scalar_find(struct cqlr_str class_name);

/* text or ascii: every byte of its text counts, there are no quotes to take off. */
bool cqlr__is_text(const struct cqlr_type *t);

/* ---- errors (misfit.c) ---- */

/* CQLR_E_TYPE with "'4x' is not an int", and a reason unless it is NULL. */
int cqlr__misfit(struct cqlr_err *err, const struct cqlr_type *t, struct cqlr_str s,
                 const char *why);
/* CQLR_E_TYPE with "3 bytes that are not an int". */
int cqlr__misfit_bytes(struct cqlr_err *err, const struct cqlr_type *t, struct cqlr_value v);
/* That code with "300 is not a tinyint". */
int cqlr__misfit_int(struct cqlr_err *err, int code, const struct cqlr_type *t, int64_t n);

/* ---- elements (coll.c) ---- */

/* Bytes of an element of this type in a vector; 0 when each has its length in front. Over INT32_MAX
 * it is some number over INT32_MAX. */
uint64_t cqlr__fixed_width(const struct cqlr_type *t);

/* Around the elements of a list, set, map, vector or tuple that is written: _begin makes room for
 * their number where it stands in front of them, _end fills it in; false when the type has another
 * number of them. */
size_t cqlr__elements_begin(struct cqlr_wr *w, const struct cqlr_type *t);
bool cqlr__elements_end(struct cqlr_wr *w, const struct cqlr_type *t, size_t at, uint32_t count);
uint32_t cqlr__elements_max(const struct cqlr_type *t); /* a map's are entries */

/* Around the bytes of an element of a value of type `of`, whose length is not known before they are
 * written: _begin says where it begins, _end fills its length in. Between them nothing written
 * stands for null where `of` allows it. */
size_t cqlr__element_begin(struct cqlr_wr *w, const struct cqlr_type *of);
int cqlr__element_end(struct cqlr_wr *w, const struct cqlr_type *of, size_t at,
                      struct cqlr_err *err);

/* ---- class names (class_name.c) ---- */

/*
 * A custom type's class name → *t, which stands `depth` deep. A name that is not known, or is no
 * class name at all, is CUSTOM with this text. Nodes come from the arena; views of the text stay in
 * them. Returns 0 or CQLR_E_NOMEM.
 */
int cqlr__class_read(struct cqlr_arena *a, struct cqlr_str text, unsigned depth,
                     struct cqlr_type *t);
/* As the server writes it, without FrozenType; `depth` as above. */
void cqlr__class_write(struct cqlr_wr *w, const struct cqlr_type *t, unsigned depth);

/* Unsigned [vint] (vint.c): put returns how many bytes it has written. */
#define CQLR__UVINT_MAX 9
uint64_t cqlr__uvint_read(struct cqlr_rd *r, const char *field);
unsigned cqlr__uvint_put(uint8_t p[CQLR__UVINT_MAX], uint64_t n);

#define CQLR__DAY_NS     INT64_C(86400000000000)
#define CQLR__DATE_EPOCH UINT32_C(0x80000000) /* 1970-01-01 as a date */

unsigned cqlr__days_in_month(int64_t year, unsigned month); /* calendar.c */

/* Bytes of a varint of the least length (num.c). */
void cqlr__varint_write(struct cqlr_wr *w, int64_t n);

#endif
