/*
 * base.h - what every other header needs: visibility, views, the allocator hook, the error object.
 *
 * A view (struct cqlr_str, struct cqlr_bytes, struct cqlr_value) owns nothing: it points into
 * memory that the function which returned it names. Pointers are documented by one of three words:
 * "borrowed until X", "owned by the caller, free with X", "taken". A pointer that is given to a
 * function and not documented is borrowed until that returns. NULL is fine for every _free.
 *
 * There are no globals: different objects may be used in different threads at the same time, one
 * object, and what was made from it, in one at a time.
 *
 * Option structs are filled in by their _init, which is given their size (so that they can grow
 * without a break of the ABI), and then changed field by field.
 */
#ifndef CQLRAW_BASE_H
#define CQLRAW_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cqlraw/errcodes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CQLR_API      __attribute__((visibility("default")))
#define CQLR_MUST_USE __attribute__((warn_unused_result))

/* Text of known length; not terminated. p may be NULL when n is 0. */
struct cqlr_str {
    const char *p;
    size_t n;
};

/* printf("%.*s", CQLR_STR(s)) */
#ifdef __cplusplus
#define CQLR_STR(s) static_cast<int>((s).n), (s).p
#else
#define CQLR_STR(s) (int)(s).n, (s).p
#endif

/* Bytes of known length. */
struct cqlr_bytes {
    const uint8_t *p;
    size_t n;
};

/* A [value] or [bytes] of the protocol (native_protocol_v4.spec section 3): n >= 0 bytes at p (0 is
 * "empty", which is not null), CQLR_NULL, or CQLR_UNSET (requests only). */
struct cqlr_value {
    const uint8_t *p;
    int32_t n;
};
#define CQLR_NULL  (-1)
#define CQLR_UNSET (-2)

/* What a descriptor is waited for, and what it is ready for. */
enum {
    CQLR_READ = 1,
    CQLR_WRITE = 2,
    CQLR_HANGUP = 4 /* error or hang-up; reported whether asked for or not */
};

/* Times and durations are nanoseconds of one monotonic clock; this one never comes. */
#define CQLR_NEVER UINT64_MAX

/*
 * The allocator hook. resize(arg, NULL, 0, n) allocates, resize(arg, p, old, n) changes the size
 * and keeps the contents, resize(arg, p, old, 0) frees and returns NULL. NULL for n > 0 means "no
 * memory" and leaves p as it was. The size a block has is always given back, so an arena or a
 * counting allocator needs no headers. Objects keep the pointer: the struct must outlive them.
 */
struct cqlr_mem {
    void *(*resize)(void *arg, void *p, size_t old, size_t n);
    void *arg;
};

/* malloc and free; what NULL means wherever a `mem` is taken. */
CQLR_API const struct cqlr_mem *cqlr_mem_default(void);

/* Memory that is freed together, such as a type tree: blocks in a chain. Set up with
 * cqlr_arena_init only (`mem` is borrowed until cqlr_arena_fini). */
struct cqlr_arena {
    const struct cqlr_mem *mem;
    struct cqlr_arena_block *blocks;
};
CQLR_API void cqlr_arena_init(struct cqlr_arena *a, const struct cqlr_mem *mem);
CQLR_API void cqlr_arena_fini(struct cqlr_arena *a);
/* n zeroed bytes aligned for any type, borrowed until cqlr_arena_fini; NULL: no memory. */
CQLR_API void *cqlr_arena_get(struct cqlr_arena *a, size_t n);

#define CQLR_ERR_TEXT 400

/* What went wrong, in the object that failed. Valid until the next call that fails on the same
 * object. */
struct cqlr_err {
    int code;            /* CQLR_E_*, 0 = no error */
    int sys_errno;       /* errno of the system call, or 0 */
    int32_t server_code; /* error code of an ERROR message, or 0 */
    size_t offset;       /* place in the message that was being read, or 0 */
    /* One line, no newline, always terminated; UTF-8; one that was longer ends with "...". */
    char text[CQLR_ERR_TEXT];
};

/* The fixed text of a code ("malformed frame or message"); never NULL, a constant. */
CQLR_API const char *cqlr_errcode_text(int code);

/* The name of a code ("PROTO"); never NULL, a constant. */
CQLR_API const char *cqlr_errcode_name(int code);

#ifdef __cplusplus
}
#endif
#endif
