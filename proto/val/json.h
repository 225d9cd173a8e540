/*
 * json.h - a pull tokenizer over one complete JSON text in memory (RFC 8259).
 *
 * It keeps numbers as the text they are, so no digit is lost, allocates nothing, and recurses
 * nowhere. What it hands out are views of the text. It is strict: whatever the grammar does not
 * allow is an error, also in values that nobody looks at, and so are text that is not UTF-8, lone
 * surrogates in escapes, nesting deeper than CQLR_TYPE_DEPTH and text behind the value.
 */
#ifndef CQLRAW_PROTO_VAL_JSON_H
#define CQLRAW_PROTO_VAL_JSON_H

#include <cqlraw/value.h>

enum cqlr__json_kind {
    CQLR__JSON_OBJECT,
    CQLR__JSON_OBJECT_END,
    CQLR__JSON_ARRAY,
    CQLR__JSON_ARRAY_END,
    CQLR__JSON_KEY, /* of an object; its value comes next */
    CQLR__JSON_STRING,
    CQLR__JSON_NUMBER,
    CQLR__JSON_TRUE,
    CQLR__JSON_FALSE,
    CQLR__JSON_NULL
};

struct cqlr__json_token {
    enum cqlr__json_kind kind;
    struct cqlr_str raw; /* as it stands in the text; of KEY and STRING what is between the quotes,
                            with its escapes */
    bool escaped;        /* KEY, STRING: raw holds a backslash */
};

/* Set up with cqlr__json_init; the fields are json.c's own. */
struct cqlr__json {
    struct cqlr_str text;
    size_t at;            /* of the next character */
    size_t start;         /* of the last token */
    struct cqlr_err *err; /* borrowed as long as the tokenizer is used */
    int rc;               /* 0 or the first error's code, which stays */
    unsigned depth;       /* objects and arrays that are open */
    uint64_t objects;     /* bit d: the one at depth d + 1 is an object */
    enum {
        CQLR__JSON_AT_VALUE,
        CQLR__JSON_AT_FIRST,
        CQLR__JSON_AT_COLON,
        CQLR__JSON_AT_NEXT
    } state;
};

/* `text` is borrowed as long as the tokenizer and its tokens are used. */
void cqlr__json_init(struct cqlr__json *j, struct cqlr_str text, struct cqlr_err *err);

/* 1 and a token, 0 at the end of the document, or CQLR_E_TYPE with one line and the offset in err
 * ("JSON: ',' or ']' expected at 7"). */
CQLR_MUST_USE int cqlr__json_next(struct cqlr__json *j, struct cqlr__json_token *t);

/* Takes the next whole value, checks it and gives its text without the blanks around. 1; 0 when
 * there is none: the end of the array, of the object or of the document was taken instead; or as
 * cqlr__json_next. In an object it is called behind a KEY. */
CQLR_MUST_USE int cqlr__json_value(struct cqlr__json *j, struct cqlr_str *raw);

/* A KEY or STRING of cqlr__json_next without its escapes, appended to w: 0, or w's error, which err
 * has then too. */
CQLR_MUST_USE int cqlr__json_string(struct cqlr_wr *w, const struct cqlr__json_token *t,
                                    struct cqlr_err *err);

/* Whether a KEY or STRING of cqlr__json_next is this text. */
bool cqlr__json_equal(const struct cqlr__json_token *t, struct cqlr_str s);

#endif
