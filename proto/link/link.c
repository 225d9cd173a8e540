/*
 * link.c - the life of a link: options, creation, what a server says of its end, what it knows
 * about itself.
 */
#include "proto/link/internal.h"

#define OP(name) (UINT32_C(1) << CQLR_OP_##name)
#define OF_RESPONSES                                                                               \
    (OP(ERROR) | OP(READY) | OP(AUTHENTICATE) | OP(SUPPORTED) | OP(RESULT) | OP(EVENT) |           \
     OP(AUTH_CHALLENGE) | OP(AUTH_SUCCESS))
#define OF_REQUESTS                                                                                \
    (OP(STARTUP) | OP(OPTIONS) | OP(QUERY) | OP(PREPARE) | OP(EXECUTE) | OP(REGISTER) |            \
     OP(BATCH) | OP(AUTH_RESPONSE))

#define COMPRESS_FROM 512 /* a smaller body saves less than compressing it costs */

/* Copies what both sides know of an options struct: its size tells how much the caller has. */
static void copy_opts(struct cqlr_link_opts *to, const struct cqlr_link_opts *from, size_t size)
{
    memcpy(to, from, size < sizeof *to ? size : sizeof *to);
}

void cqlr_link_opts_init(struct cqlr_link_opts *o, size_t size)
{
    const struct cqlr_link_opts full = {
        .size = size,
        .role = CQLR_CLIENT,
        .max_frame = CQLR_FRAME_MAX,
        .max_streams = CQLR__STREAM_MAX,
        .compress_from = COMPRESS_FROM,
    };
    memset(o, 0, size);
    copy_opts(o, &full, size);
}

static bool possible(enum cqlr_compression c)
{
    return c == CQLR_COMPRESSION_NONE || (c == CQLR_COMPRESSION_LZ4 && cqlr_lz4_built());
}

static bool valid(const struct cqlr_link_opts *o)
{
    return (o->role == CQLR_CLIENT || o->role == CQLR_SERVER) && o->max_frame >= 1 &&
           o->max_frame <= CQLR_FRAME_MAX && o->max_streams >= 1 &&
           o->max_streams <= CQLR__STREAM_MAX && possible(o->compression);
}

cqlr_link *cqlr_link_new(const struct cqlr_link_opts *opts)
{
    struct cqlr_link_opts o;
    cqlr_link_opts_init(&o, sizeof o);
    copy_opts(&o, opts, opts->size);
    const struct cqlr_mem *mem = cqlr__mem(o.mem);
    struct cqlr_link *l = valid(&o) ? cqlr__mem_get(mem, sizeof *l) : NULL;
    if (!l)
        return NULL;

    bool client = o.role == CQLR_CLIENT;
    *l = (struct cqlr_link){
        .mem = mem,
        .role = o.role,
        .first_byte = CQLR__LINK_VERSION | (client ? CQLR__LINK_RESPONSE : 0),
        .opcodes = client ? OF_RESPONSES : OF_REQUESTS,
        .max_frame = o.max_frame,
        .username = o.username,
        .password = o.password,
        .auth_events = client && o.auth_events,
        .compression = client ? o.compression : CQLR_COMPRESSION_NONE,
        .compress_from = o.compress_from,
    };
    cqlr_wr_init(&l->out, mem, 0);
    cqlr_wr_init(&l->plain, mem, o.max_frame);
    cqlr_wr_init(&l->packed, mem, 0);
    cqlr__streams_init(&l->streams, mem, o.max_streams);
    if (client && cqlr__hello_start(l, &o)) {
        cqlr_link_free(l);
        return NULL;
    }
    return l;
}

void cqlr_link_free(cqlr_link *l)
{
    if (!l)
        return;
    if (l->secret)
        cqlr__link_wipe_out(l);
    cqlr__auth_fini(l);
    cqlr__streams_fini(&l->streams);
    cqlr_wr_fini(&l->out);
    cqlr_wr_fini(&l->plain);
    cqlr_wr_fini(&l->packed);
    cqlr__mem_free(l->mem, l->in, l->in_cap);
    cqlr__mem_free(l->mem, l, sizeof *l);
}

int cqlr_link_compress(cqlr_link *l, enum cqlr_compression compression)
{
    if (l->role != CQLR_SERVER || !possible(compression))
        return CQLR_E_STATE;
    l->compression = compression;
    l->packs = compression != CQLR_COMPRESSION_NONE;
    return 0;
}

int cqlr__link_server_error(struct cqlr_link *l, int code, struct cqlr_bytes body)
{
    struct cqlr_rd r;
    struct cqlr_error m;
    struct cqlr_wr text;
    cqlr_rd_init(&r, body.p, body.n, &l->err);
    if (cqlr_error_read(&r, &m))
        return l->err.code;
    cqlr_wr_init(&text, l->mem, 0);
    cqlr_error_print(&text, &m);
    if (text.rc == 0)
        cqlr__err_set(&l->err, code, "%.*s", (int)text.n, (const char *)text.p);
    else
        cqlr__err_set(&l->err, code, "0x%04X", (unsigned)m.code);
    cqlr_wr_fini(&text);
    l->err.server_code = m.code;
    return code;
}

const struct cqlr_err *cqlr_link_err(const cqlr_link *l)
{
    return &l->err;
}

bool cqlr_link_is_open(const cqlr_link *l)
{
    return l->hello == CQLR__HELLO_DONE && !l->err.code;
}

unsigned cqlr_link_in_flight(const cqlr_link *l)
{
    return l->streams.in_flight;
}

unsigned cqlr_link_orphans(const cqlr_link *l)
{
    return l->streams.orphans;
}

void cqlr_link_forget(cqlr_link *l, int16_t stream)
{
    cqlr__streams_forget(&l->streams, stream);
}
