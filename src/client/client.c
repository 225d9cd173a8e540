/*
 * The client object: its options and its life. What there is of connections: pool.c.
 *
 * Whatever may call a callback runs between `enter` and `leave`: what a callback closes or frees
 * goes when the outermost of them is left.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/client/internal.h"
#include "src/net/tls.h"

#define SECOND UINT64_C(1000000000)

void cqlr_client_opts_init(struct cqlr_client_opts *o, size_t size)
{
    struct cqlr_conn_opts conn;
    cqlr_conn_opts_init(&conn, sizeof conn);
    const struct cqlr_client_opts defaults = {.size = size,
                                              .contact_points = "127.0.0.1",
                                              .port = 9042,
                                              .connect_timeout = 5 * SECOND,
                                              .request_timeout = 10 * SECOND,
                                              .consistency = CQLR_CL_LOCAL_ONE,
                                              .page_size = 5000,
                                              .max_frame = CQLR_FRAME_MAX,
                                              .compress_from = conn.compress_from,
                                              .heartbeat_interval = conn.heartbeat_interval,
                                              .heartbeat_timeout = conn.heartbeat_timeout,
                                              .max_orphans = 1024,
                                              .reconnect_delay_max = 60 * SECOND};
    memset(o, 0, size);
    memcpy(o, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

/* A page that is zero in a forked child: the kernel tells, no system call per request. */
static uint32_t *alive_new(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint32_t *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (madvise(p, page, MADV_WIPEONFORK) != 0) {
        munmap(p, page);
        return NULL;
    }
    *p = 1;
    return p;
}

static void destroy(cqlr_client *cl)
{
    const struct cqlr_mem *mem = cl->mem;
    while (cl->free_requests) {
        struct cqlr__request *q = cl->free_requests;
        cl->free_requests = q->next;
        mem->resize(mem->arg, q, sizeof *q, 0);
    }
    cqlr__shared_columns_unref(cl->query_columns);
    cqlr__opening_fini(cl);
    if (cl->own_loop)
        cqlr_loop_free(cl->loop);
    if (cl->alive)
        munmap(cl->alive, (size_t)sysconf(_SC_PAGESIZE));
    if (cl->cells)
        mem->resize(mem->arg, cl->cells, cl->cells_cap * sizeof *cl->cells, 0);
    cqlr__mem_string_free(mem, cl->contact_points);
    cqlr__mem_string_free(mem, cl->application_name);
    cqlr__mem_string_free(mem, cl->application_version);
    cqlr__mem_string_free(mem, cl->client_id);
    cqlr__mem_string_free(mem, cl->keyspace);
    cqlr__mem_string_free(mem, cl->username);
    cqlr__mem_secret_free(mem, cl->password);
    cqlr_tls_free(cl->tls);
    cqlr__tls_opts_free(cl->tls_opts, mem);
    mem->resize(mem->arg, cl, sizeof *cl, 0);
}

static bool copy_strings(cqlr_client *cl)
{
    const struct cqlr_client_opts *o = &cl->o;
    const char *hosts = o->contact_points ? o->contact_points : "127.0.0.1";
    return cqlr__mem_string(cl->mem, hosts, &cl->contact_points) &&
           cqlr__mem_string(cl->mem, o->application_name, &cl->application_name) &&
           cqlr__mem_string(cl->mem, o->application_version, &cl->application_version) &&
           cqlr__mem_string(cl->mem, o->client_id, &cl->client_id) &&
           cqlr__mem_string(cl->mem, o->keyspace, &cl->keyspace) &&
           cqlr__mem_string(cl->mem, o->username, &cl->username) &&
           cqlr__mem_string(cl->mem, o->password, &cl->password);
}

static bool copy_tls(cqlr_client *cl)
{
    if (cl->o.tls)
        cl->tls_opts = cqlr__tls_opts_copy(cl->o.tls, cl->mem);
    return !cl->o.tls || cl->tls_opts;
}

cqlr_client *cqlr_client_new(const struct cqlr_client_opts *o)
{
    const struct cqlr_mem *mem = o->mem ? o->mem : cqlr_mem_default();
    cqlr_client *cl = mem->resize(mem->arg, NULL, 0, sizeof *cl);
    if (!cl)
        return NULL;
    *cl = (cqlr_client){.mem = mem};
    cqlr_client_opts_init(&cl->o, sizeof cl->o);
    memcpy(&cl->o, o, o->size < sizeof cl->o ? o->size : sizeof cl->o);
    cqlr__addrs_init(&cl->opening.addrs, mem);
    cqlr__renew_init(cl);
    cl->alive = alive_new();
    cl->loop = o->loop ? o->loop : cqlr_loop_new(mem);
    cl->own_loop = !o->loop && cl->loop;
    if (!copy_strings(cl) || !copy_tls(cl) || !cl->alive || !cl->loop) {
        destroy(cl);
        return NULL;
    }
    return cl;
}

const struct cqlr_err *cqlr_client_err(const cqlr_client *cl)
{
    return &cl->err;
}

int cqlr__client_usable(cqlr_client *cl)
{
    if (*cl->alive != 1)
        return cqlr__err_set(&cl->err, CQLR_E_FORKED,
                             "this client was made before fork, in another process");
    if (!cl->current)
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "not connected");
    return 0;
}

void cqlr__client_enter(cqlr_client *cl)
{
    cl->depth++;
}

void cqlr__client_leave(cqlr_client *cl)
{
    if (--cl->depth > 0)
        return;
    cqlr__pool_sweep(cl);
    if (cl->freeing)
        destroy(cl);
}

void cqlr__client_state(cqlr_client *cl)
{
    bool open = cl->current != NULL;
    if (open == cl->told_open)
        return;
    cl->told_open = open;
    if (cl->o.on_state)
        cl->o.on_state(cl->o.state_arg, open);
}

uint64_t cqlr__client_now(const cqlr_client *cl)
{
    return cqlr_loop_in_turn(cl->loop) ? cqlr_loop_now(cl->loop) : cqlr_now();
}

void cqlr__client_log(const cqlr_client *cl, enum cqlr_log_level level, const char *fmt, ...)
{
    char line[CQLR_ERR_TEXT + 100]; /* an error, and what happened to it */
    va_list ap;
    if (!cl->o.log)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    cqlr__text_one_line(line, strlen(line));
    cl->o.log(cl->o.log_arg, level, line);
}

/* ---- opening and closing ---- */

static int check_startup(cqlr_client *cl, const char *what, const char *value)
{
    if (value && strlen(value) > UINT16_MAX)
        return cqlr__err_set(&cl->err, CQLR_E_USAGE, "%s has more than %u bytes", what,
                             (unsigned)UINT16_MAX);
    return 0;
}

static int check_compression(cqlr_client *cl)
{
    if (cl->o.compression == CQLR_COMPRESSION_NONE)
        return 0;
    if (cl->o.compression != CQLR_COMPRESSION_LZ4)
        return cqlr__err_set(&cl->err, CQLR_E_USAGE, "compression is %d, which is none",
                             (int)cl->o.compression);
    if (!cqlr_lz4_built())
        return cqlr__err_set(&cl->err, CQLR_E_USAGE, "this library was built without LZ4");
    return 0;
}

/* What a connection would only answer with "no memory". */
static int check_options(cqlr_client *cl)
{
    int rc;
    if (cl->o.max_frame < 1 || cl->o.max_frame > CQLR_FRAME_MAX)
        return cqlr__err_set(&cl->err, CQLR_E_USAGE, "max_frame is %u, not 1 to %u",
                             cl->o.max_frame, CQLR_FRAME_MAX);
    if ((rc = check_startup(cl, "application_name", cl->application_name)) < 0 ||
        (rc = check_startup(cl, "application_version", cl->application_version)) < 0 ||
        (rc = check_startup(cl, "client_id", cl->client_id)) < 0)
        return rc;
    return check_compression(cl);
}

int cqlr_client_open(cqlr_client *cl, cqlr_open_fn *fn, void *arg)
{
    int rc;
    if (*cl->alive != 1)
        return cqlr__client_usable(cl);
    if (cl->current || cl->opening.kind || cqlr__renew_pending(cl))
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "already open or opening");
    if (cl->freeing)
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "opened by a callback of its own end");
    if ((rc = check_options(cl)) < 0)
        return rc;
    if (cl->tls_opts && !cl->tls && !(cl->tls = cqlr_tls_new(cl->tls_opts, &cl->err)))
        return cl->err.code;
    cqlr__client_enter(cl);
    cqlr__renew_stop(cl);
    rc = cqlr__opening_begin(cl, CQLR__OPENING_ASKED, fn, arg);
    if (rc < 0)
        cl->err = cl->opening.err;
    cqlr__client_leave(cl);
    return rc;
}

/* Closing says goodbye. Freeing tells also those whom an end that is under way has not told yet. */
static void end_one(struct cqlr__pooled *p, bool forever)
{
    cqlr_conn_close(p->conn);
    if (forever && p->conn)
        cqlr_conn_free(p->conn);
}

/* Ends all connections there are now: a callback may open the client anew. */
static void end_all(cqlr_client *cl, bool forever)
{
    bool opening = cl->opening.kind == CQLR__OPENING_ASKED;
    cqlr_open_fn *fn = cl->opening.fn;
    void *arg = cl->opening.arg;
    char peer[CQLR__ADDR_TEXT];
    snprintf(peer, sizeof peer, "%s", cqlr_client_peer(cl));
    cl->closing++;
    cqlr__renew_stop(cl);
    cqlr__opening_drop(cl);
    for (struct cqlr__pooled *p = cl->pool; p; p = p->next)
        if (p->conn && !p->opening)
            end_one(p, forever);
    cl->closing--;
    if (!opening)
        return;
    cqlr__client_log(cl, CQLR_LOG_DEBUG, "%s: closed", peer);
    fn(arg, cqlr__err_set(&cl->err, CQLR_E_CLOSED, "%s: connection closed by this side", peer));
}

void cqlr_client_close(cqlr_client *cl)
{
    if (*cl->alive != 1) {
        (void)cqlr__client_usable(cl);
        return;
    }
    cqlr__client_enter(cl);
    end_all(cl, false);
    cqlr__client_leave(cl);
}

/* In a forked child: nothing is sent and nobody is called, only descriptors and memory go. The
 * loop's epoll object is shared with the parent, so nothing is removed from it. */
static void forget_all(cqlr_client *cl)
{
    for (struct cqlr__pooled *p = cl->pool; p; p = p->next) {
        cqlr_conn *conn = p->conn;
        cqlr__attach_forget(&p->attach);
        p->conn = NULL;
        cqlr_conn_free(conn);
    }
}

void cqlr_client_free(cqlr_client *cl)
{
    if (!cl || cl->freeing)
        return;
    cqlr__client_enter(cl);
    cl->freeing = true;
    if (*cl->alive == 1) {
        end_all(cl, true);
        cqlr__resumed_close(cl);
    } else {
        forget_all(cl);
    }
    cqlr_loop_timer_clear(cl->loop, &cl->expiry);
    cqlr_loop_timer_clear(cl->loop, &cl->renew.timer);
    cqlr_loop_timer_clear(cl->loop, &cl->opening.stagger);
    cqlr__client_leave(cl);
}

/* ---- hosting ---- */

int cqlr_client_fd(const cqlr_client *cl)
{
    return cqlr_loop_fd(cl->loop);
}

uint64_t cqlr_client_deadline(const cqlr_client *cl)
{
    return cqlr_loop_deadline(cl->loop);
}

int cqlr_client_turn(cqlr_client *cl)
{
    int rc;
    if (*cl->alive != 1)
        return cqlr__client_usable(cl);
    if (cl->depth || cqlr_loop_in_turn(cl->loop))
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "turned from inside a callback");
    cqlr__client_enter(cl);
    rc = cqlr_loop_turn(cl->loop, 0);
    if (rc < 0)
        (void)cqlr__err_set(&cl->err, rc, "event loop: %s", strerror(errno));
    cqlr__client_leave(cl);
    return rc;
}

const char *cqlr_client_peer(const cqlr_client *cl)
{
    const struct cqlr__pooled *p = cl->current;
    if (!p)
        p = cl->opening.reached;
    if (!p) /* the last one that is being tried */
        for (p = cl->pool; p && !(p->conn && p->opening);)
            p = p->next;
    return p ? cqlr__pooled_peer(p) : "";
}

const char *cqlr_client_tls(const cqlr_client *cl)
{
    return cl->current ? cqlr_conn_tls(cl->current->conn) : "";
}
