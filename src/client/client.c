/*
 * The client object: its options, its life, and opening: contact points are tried in order until
 * one is READY.
 *
 * Invariant: `open_fn` is set exactly while opening; `conn` is set while a connection exists,
 * opening included; `is_open` only between READY and the end.
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

#define SECOND   UINT64_C(1000000000)
#define GIVEN_UP SIZE_MAX /* addr_next: the user closed, no further address is tried */

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

static void free_string(const struct cqlr_mem *mem, char *s)
{
    if (s)
        mem->resize(mem->arg, s, strlen(s) + 1, 0);
}

static void free_secret(const struct cqlr_mem *mem, char *s)
{
    size_t n = s ? strlen(s) : 0;
    cqlr__mem_wipe(s, n);
    cqlr__mem_free(mem, s, n + 1);
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
    cqlr__addrs_fini(&cl->addrs);
    if (cl->own_loop)
        cqlr_loop_free(cl->loop);
    if (cl->alive)
        munmap(cl->alive, (size_t)sysconf(_SC_PAGESIZE));
    if (cl->cells)
        mem->resize(mem->arg, cl->cells, cl->cells_cap * sizeof *cl->cells, 0);
    free_string(mem, cl->contact_points);
    free_string(mem, cl->application_name);
    free_string(mem, cl->application_version);
    free_string(mem, cl->client_id);
    free_string(mem, cl->keyspace);
    free_string(mem, cl->username);
    free_secret(mem, cl->password);
    cqlr_tls_free(cl->tls);
    cqlr__tls_opts_free(cl->tls_opts, mem);
    mem->resize(mem->arg, cl, sizeof *cl, 0);
}

/* True unless memory ran out; NULL stays NULL. */
static bool copy_string(const struct cqlr_mem *mem, const char *s, char **copy)
{
    size_t n = s ? strlen(s) + 1 : 0;
    *copy = cqlr__mem_get(mem, n);
    if (*copy)
        memcpy(*copy, s, n);
    return *copy || !s;
}

static bool copy_strings(cqlr_client *cl)
{
    const struct cqlr_client_opts *o = &cl->o;
    const char *hosts = o->contact_points ? o->contact_points : "127.0.0.1";
    return copy_string(cl->mem, hosts, &cl->contact_points) &&
           copy_string(cl->mem, o->application_name, &cl->application_name) &&
           copy_string(cl->mem, o->application_version, &cl->application_version) &&
           copy_string(cl->mem, o->client_id, &cl->client_id) &&
           copy_string(cl->mem, o->keyspace, &cl->keyspace) &&
           copy_string(cl->mem, o->username, &cl->username) &&
           copy_string(cl->mem, o->password, &cl->password);
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
    cqlr__addrs_init(&cl->addrs, mem);
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
    if (!cl->is_open)
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "not connected");
    return 0;
}

void cqlr__client_enter(cqlr_client *cl)
{
    cl->depth++;
}

void cqlr__client_leave(cqlr_client *cl)
{
    if (--cl->depth == 0 && cl->freeing)
        destroy(cl);
}

uint64_t cqlr__client_now(const cqlr_client *cl)
{
    return cl->depth ? cqlr_loop_now(cl->loop) : cqlr_now();
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

/* ---- opening ---- */

static int try_next(cqlr_client *cl);

/* The address that was tried cannot be used; the reason stands in cl->err. That of the last one is
 * the caller's to hear. */
static void pass_over(cqlr_client *cl)
{
    if (cl->addr_next < cl->addrs.count)
        cqlr__client_log(cl, CQLR_LOG_WARNING, "address passed over: %s", cl->err.text);
}

static void on_unresolved(void *arg, const struct cqlr_err *why)
{
    cqlr__client_log(arg, CQLR_LOG_WARNING, "contact point passed over: %s", why->text);
}

static void finish_open(cqlr_client *cl, int rc)
{
    cqlr_open_fn *fn = cl->open_fn;
    cl->open_fn = NULL;
    cqlr__addrs_fini(&cl->addrs);
    if (fn)
        fn(cl->open_arg, rc);
}

/* The answer to USE. When the connection ended meanwhile, on_close goes on. */
static void on_keyspace(void *arg, cqlr_reply *r)
{
    cqlr_client *cl = arg;
    struct cqlr_err why = *cqlr_reply_err(r);
    int rc = cqlr_reply_rc(r);
    if (rc == 0) {
        finish_open(cl, 0);
    } else if (rc == CQLR_E_SERVER || rc == CQLR_E_TIMEOUT) {
        cqlr__err_prefix(&why, "%s: USE \"%.100s\"", cqlr_client_peer(cl), cl->keyspace);
        cqlr__client_lose(cl, &why);
    }
}

/* The name as it stands: within double quotes, which are doubled. */
static int use_keyspace(cqlr_client *cl)
{
    struct cqlr_wr cql;
    int rc;
    cqlr_wr_init(&cql, cl->mem, 0);
    cqlr_wr_raw(&cql, "USE \"", 5);
    for (const char *p = cl->keyspace; *p; p++) {
        if (*p == '"')
            cqlr_wr_u8(&cql, '"');
        cqlr_wr_u8(&cql, (uint8_t)*p);
    }
    cqlr_wr_u8(&cql, '"');
    if (cql.rc)
        rc = cqlr__err_set(&cl->err, cql.rc, "out of memory");
    else
        rc = cqlr_client_query(cl, (struct cqlr_str){(const char *)cql.p, cql.n}, NULL, on_keyspace,
                               cl);
    cqlr_wr_fini(&cql);
    return rc;
}

static void on_open(void *arg)
{
    cqlr_client *cl = arg;
    cl->is_open = true;
    const char *tls = cqlr_conn_tls(cl->conn);
    cqlr__client_log(cl, CQLR_LOG_INFO, "%s: connected in %.1f ms%s%s", cqlr_client_peer(cl),
                     (double)(cqlr_now() - cl->connect_start) / 1e6, *tls ? ", " : "", tls);
    if (!cl->keyspace) {
        finish_open(cl, 0);
    } else if (use_keyspace(cl) < 0) {
        struct cqlr_err why = cl->err;
        cqlr__client_lose(cl, &why);
    }
}

static void drop_conn(cqlr_client *cl)
{
    cqlr_conn *conn = cl->conn;
    cqlr__detach(&cl->attach);
    cl->is_open = false;
    cl->conn = NULL;
    cqlr_conn_free(conn);
}

static void on_close(void *arg, int rc)
{
    cqlr_client *cl = arg;
    bool opening = !cl->is_open || cl->open_fn; /* or its keyspace is not set yet */
    if (!cl->conn)                              /* freed in a forked child: nobody is told */
        return;
    cl->err = cl->lost_for ? *cl->lost_for : *cqlr_conn_err(cl->conn);
    rc = cl->lost_for ? cl->lost_for->code : rc;
    if (cl->addr_next == GIVEN_UP)
        cqlr__client_log(cl, CQLR_LOG_DEBUG, "%s: closed", cqlr_client_peer(cl));
    else if (!opening)
        cqlr__client_log(cl, CQLR_LOG_WARNING, "connection lost: %s", cl->err.text);
    drop_conn(cl);
    if (!opening || !cl->open_fn)
        return;
    /* Credentials that one node refuses are not tried on the next: that would lock the account. And
     * a keyspace is there for all nodes or for none. */
    if (cl->addr_next != GIVEN_UP && rc != CQLR_E_AUTH && rc != CQLR_E_SERVER) {
        pass_over(cl);
        rc = try_next(cl);
    }
    if (rc < 0)
        finish_open(cl, rc);
}

void cqlr__client_lose(cqlr_client *cl, const struct cqlr_err *why)
{
    cl->lost_for = why;
    cqlr_conn_close(cl->conn);
    cl->lost_for = NULL;
}

static int on_auth(void *arg, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                   struct cqlr_err *err)
{
    const cqlr_client *cl = arg;
    return cl->o.on_auth(cl->o.auth_arg, step, token, err);
}

static int open_one(cqlr_client *cl, const struct cqlr__addr *addr)
{
    struct cqlr_conn_opts o;
    char name[256]; /* longer ones are no names, see addr.c */
    int rc;
    cqlr_conn_opts_init(&o, sizeof o);
    snprintf(name, sizeof name, "%.*s", CQLR_STR(addr->name));
    o.tls = cl->tls;
    o.tls_name = addr->name.n ? name : NULL;
    o.mem = cl->mem;
    o.max_frame = cl->o.max_frame;
    o.application_name = cl->application_name;
    o.application_version = cl->application_version;
    o.client_id = cl->client_id;
    o.throw_on_overload = cl->o.throw_on_overload;
    o.no_compact = cl->o.no_compact;
    o.compression = cl->o.compression;
    o.compress_from = cl->o.compress_from;
    o.username = cl->username;
    o.password = cl->password;
    o.plaintext_password = cl->o.plaintext_password;
    o.on_auth = cl->o.on_auth ? on_auth : NULL;
    o.connect_timeout = cl->o.connect_timeout;
    o.request_timeout = cl->o.request_timeout;
    o.on_open = on_open;
    o.on_close = on_close;
    o.arg = cl;
    cl->conn = cqlr_conn_new(&o);
    if (!cl->conn)
        return cqlr__err_set(&cl->err, CQLR_E_NOMEM, "out of memory");
    cl->connect_start = cqlr_now();
    rc = cqlr_conn_open(cl->conn, (const struct sockaddr *)&addr->sa, addr->len, cl->connect_start);
    if (rc < 0)
        cl->err = *cqlr_conn_err(cl->conn);
    else if ((rc = cqlr__attach(&cl->attach, cl, cl->conn)) < 0)
        (void)cqlr__err_set(&cl->err, rc, "cannot watch the connection: %s", strerror(errno));
    if (rc < 0)
        drop_conn(cl);
    return rc;
}

/* Starts with the next address that lets itself be started with; negative when none is left, the
 * last reason in cl->err. */
static int try_next(cqlr_client *cl)
{
    while (cl->addr_next < cl->addrs.count) {
        int rc = open_one(cl, &cl->addrs.list[cl->addr_next++]);
        if (rc >= 0) {
            cqlr__client_log(cl, CQLR_LOG_DEBUG, "%s: connecting", cqlr_client_peer(cl));
            return 0;
        }
        pass_over(cl);
    }
    if (cl->addrs.count > 1)
        cqlr__err_prefix(&cl->err, "none of %zu addresses answered, the last", cl->addrs.count);
    return cl->err.code;
}

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
    if (cl->conn || cl->open_fn)
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "already open or opening");
    if (cl->freeing)
        return cqlr__err_set(&cl->err, CQLR_E_STATE, "opened by a callback of its own end");
    if ((rc = check_options(cl)) < 0)
        return rc;
    if (cl->tls_opts && !cl->tls && !(cl->tls = cqlr_tls_new(cl->tls_opts, &cl->err)))
        return cl->err.code;
    cqlr__addrs_fini(&cl->addrs);
    cqlr__addrs_init(&cl->addrs, cl->mem);
    cl->addrs.passed_over = on_unresolved;
    cl->addrs.arg = cl;
    rc = cqlr__addrs_resolve(&cl->addrs, cl->contact_points, cl->o.port, &cl->err);
    if (rc < 0)
        return rc;
    cl->addr_next = 0;
    cl->open_arg = arg;
    rc = try_next(cl);
    if (rc < 0)
        return rc;
    cl->open_fn = fn;
    return 0;
}

void cqlr_client_close(cqlr_client *cl)
{
    if (*cl->alive != 1) {
        (void)cqlr__client_usable(cl);
        return;
    }
    cqlr__client_enter(cl);
    cl->addr_next = GIVEN_UP;
    if (cl->conn)
        cqlr_conn_close(cl->conn);
    cqlr__client_leave(cl);
}

/* Freeing the connection, not closing it, tells also those whom an end that is under way has not
 * told yet: nobody is called later. In a forked child nothing is sent and nobody is called at all:
 * only descriptors and memory go. The loop's epoll object is shared with the parent, so nothing is
 * removed from it. */
void cqlr_client_free(cqlr_client *cl)
{
    if (!cl || cl->freeing)
        return;
    cqlr__client_enter(cl);
    cl->freeing = true;
    if (*cl->alive == 1) {
        cl->addr_next = GIVEN_UP;
        if (cl->conn)
            cqlr_conn_close(cl->conn); /* says goodbye, which freeing does not */
        cqlr_conn_free(cl->conn);
        cqlr__resumed_close(cl);
    } else if (cl->conn) {
        cqlr_conn *conn = cl->conn;
        cl->conn = NULL;
        cqlr_conn_free(conn);
    }
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
    return cl->conn ? cqlr_conn_peer(cl->conn) : "";
}

const char *cqlr_client_tls(const cqlr_client *cl)
{
    return cl->conn ? cqlr_conn_tls(cl->conn) : "";
}
