/*
 * wire.h - the notations of the CQL native protocol: a bounded reader, a growing writer, the 9-byte
 * frame header, and compressed bodies.
 *
 * Both are sticky: after the first failure every further read yields zero and every further write
 * does nothing, and the first error stays. So a message is written down as the list of its fields,
 * and the result is looked at once, at the end (r.rc, w.rc). All integers on the wire are
 * big-endian (native_protocol_v4.spec sections 2 and 3).
 */
#ifndef CQLRAW_WIRE_H
#define CQLRAW_WIRE_H

#include <string.h>

#include <cqlraw/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- codes (native_protocol_v4.spec sections 2.2, 2.4, 3) ---- */

#define CQLR_FRAME_HEADER 9
#define CQLR_FRAME_MAX    (256u * 1024 * 1024) /* longest body the protocol allows */

enum cqlr_opcode {
    CQLR_OP_ERROR = 0x00,
    CQLR_OP_STARTUP = 0x01,
    CQLR_OP_READY = 0x02,
    CQLR_OP_AUTHENTICATE = 0x03,
    CQLR_OP_OPTIONS = 0x05,
    CQLR_OP_SUPPORTED = 0x06,
    CQLR_OP_QUERY = 0x07,
    CQLR_OP_RESULT = 0x08,
    CQLR_OP_PREPARE = 0x09,
    CQLR_OP_EXECUTE = 0x0A,
    CQLR_OP_REGISTER = 0x0B,
    CQLR_OP_EVENT = 0x0C,
    CQLR_OP_BATCH = 0x0D,
    CQLR_OP_AUTH_CHALLENGE = 0x0E,
    CQLR_OP_AUTH_RESPONSE = 0x0F,
    CQLR_OP_AUTH_SUCCESS = 0x10
};

enum cqlr_frame_flag {
    CQLR_FLAG_COMPRESSED = 0x01,
    CQLR_FLAG_TRACING = 0x02,
    CQLR_FLAG_PAYLOAD = 0x04,
    CQLR_FLAG_WARNING = 0x08
};

enum cqlr_consistency {
    CQLR_CL_ANY = 0,
    CQLR_CL_ONE,
    CQLR_CL_TWO,
    CQLR_CL_THREE,
    CQLR_CL_QUORUM,
    CQLR_CL_ALL,
    CQLR_CL_LOCAL_QUORUM,
    CQLR_CL_EACH_QUORUM,
    CQLR_CL_SERIAL,
    CQLR_CL_LOCAL_SERIAL,
    CQLR_CL_LOCAL_ONE
};

/* "LOCAL_QUORUM", or NULL for a code that is not known. */
CQLR_API const char *cqlr_consistency_name(uint16_t code);

/* "EXECUTE", or NULL for an opcode that is not known. */
CQLR_API const char *cqlr_opcode_name(uint8_t opcode);

/* ---- reader ---- */

/* A place in bytes that are borrowed from the caller. Set up with cqlr_rd_init; look at rc when
 * done. */
struct cqlr_rd {
    const uint8_t *p;     /* next byte */
    const uint8_t *end;   /* one past the last */
    const uint8_t *start; /* offsets in errors count from here */
    struct cqlr_err *err; /* where the first error is told, never NULL */
    int rc;               /* 0 or the first error's code */
};

static inline void cqlr_rd_init(struct cqlr_rd *r, const void *p, size_t n, struct cqlr_err *err)
{
    r->p = r->start = (const uint8_t *)(p ? p : ""); /* arithmetic on NULL is not defined */
    r->end = r->p + n;
    r->err = err;
    r->rc = 0;
}

static inline size_t cqlr_rd_left(const struct cqlr_rd *r)
{
    return (size_t)(r->end - r->p);
}

/* Records "FIELD: need N bytes, M left at OFFSET" unless an error stands already; nothing is left
 * to read after it. Returns r->rc. */
CQLR_API int cqlr_rd_short(struct cqlr_rd *r, uint64_t need, const char *field);

/* Records "FIELD: WHY at OFFSET", likewise. Returns r->rc. */
CQLR_API int cqlr_rd_bad(struct cqlr_rd *r, const char *field, const char *why);

static inline uint16_t cqlr_be16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t cqlr_be32(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | (uint32_t)p[3];
}

static inline uint64_t cqlr_be64(const uint8_t *p)
{
    return ((uint64_t)cqlr_be32(p) << 32) | cqlr_be32(p + 4);
}

/* n bytes as a view; NULL and the error recorded when fewer are left. */
static inline const uint8_t *cqlr_rd_raw(struct cqlr_rd *r, size_t n, const char *field)
{
    const uint8_t *p = r->p;
    if (cqlr_rd_left(r) < n) {
        cqlr_rd_short(r, n, field);
        return NULL;
    }
    r->p += n;
    return p;
}

static inline uint8_t cqlr_rd_u8(struct cqlr_rd *r, const char *field) /* [byte] */
{
    const uint8_t *p = cqlr_rd_raw(r, 1, field);
    return p ? *p : (uint8_t)0;
}

static inline uint16_t cqlr_rd_u16(struct cqlr_rd *r, const char *field) /* [short] */
{
    const uint8_t *p = cqlr_rd_raw(r, 2, field);
    return p ? cqlr_be16(p) : (uint16_t)0;
}

static inline int32_t cqlr_rd_i32(struct cqlr_rd *r, const char *field) /* [int] */
{
    const uint8_t *p = cqlr_rd_raw(r, 4, field);
    return p ? (int32_t)cqlr_be32(p) : 0;
}

static inline int64_t cqlr_rd_i64(struct cqlr_rd *r, const char *field) /* [long] */
{
    const uint8_t *p = cqlr_rd_raw(r, 8, field);
    return p ? (int64_t)cqlr_be64(p) : 0;
}

static inline struct cqlr_str cqlr_rd_string(struct cqlr_rd *r, const char *field) /* [string] */
{
    struct cqlr_str s = {NULL, 0};
    size_t n = cqlr_rd_u16(r, field);
    s.p = (const char *)cqlr_rd_raw(r, n, field);
    s.n = s.p ? n : 0;
    return s;
}

/* [bytes]: any negative length is null. */
static inline struct cqlr_value cqlr_rd_bytes(struct cqlr_rd *r, const char *field)
{
    struct cqlr_value v = {NULL, CQLR_NULL};
    int32_t n = cqlr_rd_i32(r, field);
    if (n < 0 || r->rc)
        return v;
    v.p = cqlr_rd_raw(r, (size_t)n, field);
    v.n = v.p ? n : CQLR_NULL;
    return v;
}

/* [value]: -1 null, -2 unset, lower is an error. */
CQLR_API struct cqlr_value cqlr_rd_value(struct cqlr_rd *r, const char *field);
CQLR_API struct cqlr_str cqlr_rd_long_string(struct cqlr_rd *r, const char *field);
CQLR_API struct cqlr_bytes cqlr_rd_short_bytes(struct cqlr_rd *r, const char *field);

/* [inetaddr] / the address part of [inet]: 4 or 16 bytes, any other size is an error. */
CQLR_API struct cqlr_bytes cqlr_rd_inetaddr(struct cqlr_rd *r, const char *field);

/*
 * Lists and maps stay in wire form in both directions: a count and the bytes of the entries. The
 * reader has walked the entries, so their bounds are known to be good. A span is also its own
 * iterator: each _next call below takes one entry off its front and returns true, false when none
 * is left.
 */
struct cqlr_span {
    uint32_t count;
    const uint8_t *p;
    size_t n;
};

CQLR_API struct cqlr_span cqlr_rd_string_list(struct cqlr_rd *r, const char *field);
CQLR_API struct cqlr_span cqlr_rd_string_map(struct cqlr_rd *r, const char *field);
CQLR_API struct cqlr_span cqlr_rd_string_multimap(struct cqlr_rd *r, const char *field);
CQLR_API struct cqlr_span cqlr_rd_bytes_map(struct cqlr_rd *r, const char *field);

CQLR_API bool cqlr_string_list_next(struct cqlr_span *it, struct cqlr_str *s);
CQLR_API bool cqlr_string_map_next(struct cqlr_span *it, struct cqlr_str *k, struct cqlr_str *v);
CQLR_API bool cqlr_string_multimap_next(struct cqlr_span *it, struct cqlr_str *k,
                                        struct cqlr_span *v);
CQLR_API bool cqlr_bytes_map_next(struct cqlr_span *it, struct cqlr_str *k, struct cqlr_value *v);

/* ---- writer ---- */

/* Bytes that grow. Set up with cqlr_wr_init, free with cqlr_wr_fini; p and n may be read at any
 * time. n never passes `limit`. */
struct cqlr_wr {
    uint8_t *p;
    size_t n;
    size_t cap;
    size_t limit;
    const struct cqlr_mem *mem;
    int rc; /* 0, CQLR_E_NOMEM, CQLR_E_LIMIT (past `limit`), CQLR_E_RANGE (a string or list too long
               for its length field) */
};

/* mem NULL = default; limit 0 = CQLR_FRAME_MAX + header. Allocates nothing. */
CQLR_API void cqlr_wr_init(struct cqlr_wr *w, const struct cqlr_mem *mem, size_t limit);
CQLR_API void cqlr_wr_fini(struct cqlr_wr *w);

/* Makes room for n more bytes; returns w->rc. */
CQLR_API int cqlr_wr_grow(struct cqlr_wr *w, size_t n);

/* Forgets what was written (n = 0) and the error; keeps the memory. */
static inline void cqlr_wr_reset(struct cqlr_wr *w)
{
    w->n = 0;
    w->rc = 0;
}

/* n > 0 bytes to fill in by the caller, already counted in w->n; NULL when the writer has failed.
 */
static inline uint8_t *cqlr_wr_room(struct cqlr_wr *w, size_t n)
{
    uint8_t *p;
    if (w->rc || (w->cap - w->n < n && cqlr_wr_grow(w, n)))
        return NULL;
    p = w->p + w->n;
    w->n += n;
    return p;
}

static inline void cqlr_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void cqlr_put32(uint8_t *p, uint32_t v)
{
    cqlr_put16(p, (uint16_t)(v >> 16));
    cqlr_put16(p + 2, (uint16_t)v);
}

static inline void cqlr_put64(uint8_t *p, uint64_t v)
{
    cqlr_put32(p, (uint32_t)(v >> 32));
    cqlr_put32(p + 4, (uint32_t)v);
}

static inline void cqlr_wr_raw(struct cqlr_wr *w, const void *p, size_t n)
{
    uint8_t *q = n ? cqlr_wr_room(w, n) : NULL;
    if (q)
        memcpy(q, p, n);
}

static inline void cqlr_wr_u8(struct cqlr_wr *w, uint8_t v)
{
    uint8_t *q = cqlr_wr_room(w, 1);
    if (q)
        *q = v;
}

static inline void cqlr_wr_u16(struct cqlr_wr *w, uint16_t v)
{
    uint8_t *q = cqlr_wr_room(w, 2);
    if (q)
        cqlr_put16(q, v);
}

static inline void cqlr_wr_i32(struct cqlr_wr *w, int32_t v)
{
    uint8_t *q = cqlr_wr_room(w, 4);
    if (q)
        cqlr_put32(q, (uint32_t)v);
}

static inline void cqlr_wr_i64(struct cqlr_wr *w, int64_t v)
{
    uint8_t *q = cqlr_wr_room(w, 8);
    if (q)
        cqlr_put64(q, (uint64_t)v);
}

/* [string]; more than 65,535 bytes set w->rc to CQLR_E_RANGE. */
CQLR_API void cqlr_wr_string(struct cqlr_wr *w, struct cqlr_str s);
CQLR_API void cqlr_wr_long_string(struct cqlr_wr *w, struct cqlr_str s);
CQLR_API void cqlr_wr_short_bytes(struct cqlr_wr *w, struct cqlr_bytes b);

/* [bytes] or [value]: length and bytes, or the negative length alone. */
CQLR_API void cqlr_wr_value(struct cqlr_wr *w, struct cqlr_value v);

/* [short] count and the entries of a span; a count over 65,535 sets CQLR_E_RANGE. */
CQLR_API void cqlr_wr_span(struct cqlr_wr *w, struct cqlr_span s);

static inline struct cqlr_str cqlr_cstr(const char *s)
{
    struct cqlr_str v;
    v.p = s;
    v.n = strlen(s);
    return v;
}

/* Are they the same bytes? */
static inline bool cqlr_str_equal(struct cqlr_str a, struct cqlr_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ---- frame header (native_protocol_v4.spec section 2) ---- */

struct cqlr_frame {
    bool response;   /* direction bit */
    uint8_t version; /* low seven bits: 4 */
    uint8_t flags;   /* enum cqlr_frame_flag; unknown bits are kept */
    int16_t stream;
    uint8_t opcode;  /* enum cqlr_opcode, or a value that is not known */
    uint32_t length; /* body bytes that follow */
};

/* Header ⇄ struct. Nothing is judged here: the link knows which versions, opcodes and lengths it
 * accepts. */
CQLR_API void cqlr_frame_read(const uint8_t p[CQLR_FRAME_HEADER], struct cqlr_frame *f);
CQLR_API void cqlr_frame_write(uint8_t p[CQLR_FRAME_HEADER], const struct cqlr_frame *f);

/* ---- compressed bodies (native_protocol_v4.spec section 5): lz4 is [int] size of the plain body,
 * then one LZ4 block. The whole body is compressed, prefix included; the header never is ---- */

/* What STARTUP may ask for. A library built without LZ4 knows the value and refuses it. */
enum cqlr_compression { CQLR_COMPRESSION_NONE, CQLR_COMPRESSION_LZ4 };

/* false when the library was built without LZ4: reading and writing then give CQLR_E_STATE. */
CQLR_API bool cqlr_lz4_built(void);
/* Appends the plain body to w. The announced size must be at most `max`, at most 255 x the block,
 * and exactly what comes out; all of the block must be used. CQLR_E_PROTO with the reason in err
 * otherwise, or the writer's error; what w held stays as it was. `body` must not lie in w. */
CQLR_API CQLR_MUST_USE int cqlr_lz4_read(struct cqlr_wr *w, struct cqlr_bytes body, uint32_t max,
                                         struct cqlr_err *err);
/* Appends the compressed form of `plain` to w, which may be longer. Returns w->rc. `plain` must not
 * lie in w. */
CQLR_API CQLR_MUST_USE int cqlr_lz4_write(struct cqlr_wr *w, struct cqlr_bytes plain);

#ifdef __cplusplus
}
#endif
#endif
