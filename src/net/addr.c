/*
 * addr.c - contact points: text → host and port → socket addresses → text.
 *
 * A list is taken apart in place, one host at a time, so that one host that cannot be resolved need
 * not keep the others from being tried.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/net/addr.h"

#define LOCAL          "unix:" /* what stands before a path */
#define NAME_MAX_BYTES 255     /* of a host name (RFC 1035), or of an address with a zone */

static struct cqlr_str trim(struct cqlr_str s)
{
    while (s.n > 0 && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* What stands before the first `c`; s is left with what stands behind it, or with nothing. */
static struct cqlr_str split(struct cqlr_str *s, char c)
{
    const char *at = s->n ? memchr(s->p, c, s->n) : NULL;
    struct cqlr_str head = {s->p, at ? (size_t)(at - s->p) : s->n};
    size_t used = head.n + (at != NULL);
    s->p += used;
    s->n -= used;
    return head;
}

/* 1..65535 in decimal, nothing else. */
static bool parse_port(struct cqlr_str s, uint16_t *port)
{
    unsigned v = 0;
    if (s.n < 1 || s.n > 5)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(s.p[i] - '0');
    }
    *port = (uint16_t)v;
    return v >= 1 && v <= UINT16_MAX;
}

/* Takes the name off s; what is left is empty or ":PORT". An address of IPv6 needs brackets only
 * when a port follows. */
static bool take_name(struct cqlr_str *s, struct cqlr_str *name)
{
    const char *colon = memchr(s->p, ':', s->n);
    if (*s->p == '[') {
        s->p++;
        s->n--;
        if (!memchr(s->p, ']', s->n))
            return false;
        *name = split(s, ']');
        return s->n == 0 || *s->p == ':';
    }
    bool bare_v6 = colon && memchr(colon + 1, ':', s->n - (size_t)(colon + 1 - s->p));
    name->p = s->p;
    name->n = colon && !bare_v6 ? (size_t)(colon - s->p) : s->n;
    s->p += name->n;
    s->n -= name->n;
    return true;
}

static bool parse_host(struct cqlr_str s, uint16_t default_port, struct cqlr__host *host)
{
    host->port = default_port;
    host->is_path = false;
    if (s.n == 0 || !take_name(&s, &host->name))
        return false;
    if (host->name.n == 0 || host->name.n > NAME_MAX_BYTES || memchr(host->name.p, 0, host->name.n))
        return false;
    if (s.n == 0)
        return true;
    return parse_port((struct cqlr_str){s.p + 1, s.n - 1}, &host->port);
}

static bool is_path(struct cqlr_str s)
{
    return s.n > strlen(LOCAL) && memcmp(s.p, LOCAL "/", strlen(LOCAL "/")) == 0;
}

static int parse_path(struct cqlr_str s, struct cqlr__host *host, struct cqlr_err *err)
{
    struct cqlr_str path = {s.p + strlen(LOCAL), s.n - strlen(LOCAL)};
    *host = (struct cqlr__host){.name = path, .is_path = true};
    if (path.n >= sizeof((struct sockaddr_un *)0)->sun_path)
        return cqlr__err_set(err, CQLR_E_USAGE,
                             "the path of a Unix socket has at most %zu bytes, not %zu: \"%.*s\"",
                             sizeof((struct sockaddr_un *)0)->sun_path - 1, path.n, CQLR_STR(path));
    if (memchr(path.p, 0, path.n))
        return cqlr__err_set(err, CQLR_E_USAGE, "NUL in the path of a Unix socket");
    return 1;
}

int cqlr__host_next(struct cqlr_str *list, uint16_t default_port, struct cqlr__host *host,
                    struct cqlr_err *err)
{
    if (trim(*list).n == 0)
        return 0;
    struct cqlr_str s = trim(split(list, ','));
    if (is_path(s))
        return parse_path(s, host, err);
    if (parse_host(s, default_port, host))
        return 1;
    return cqlr__err_set(err, CQLR_E_USAGE,
                         "\"%.*s\" is not HOST, HOST:PORT, [ADDRESS]:PORT or unix:/PATH",
                         CQLR_STR(s));
}

void cqlr__addrs_init(struct cqlr__addrs *a, const struct cqlr_mem *mem)
{
    *a = (struct cqlr__addrs){.mem = cqlr__mem(mem)};
}

void cqlr__addrs_fini(struct cqlr__addrs *a)
{
    cqlr__mem_array_free(a->mem, a->list, a->cap, sizeof *a->list);
    cqlr__addrs_init(a, a->mem);
}

static bool append(struct cqlr__addrs *a, const void *sa, socklen_t n, struct cqlr_str name)
{
    if (a->count == a->cap) {
        size_t cap = a->cap ? a->cap * 2 : 8;
        void *list = cqlr__mem_array_resize(a->mem, a->list, a->cap, cap, sizeof *a->list);
        if (!list)
            return false;
        a->list = list;
        a->cap = cap;
    }
    memcpy(&a->list[a->count].sa, sa, n);
    a->list[a->count].name = name;
    a->list[a->count++].len = n;
    return true;
}

static int no_memory(struct cqlr_err *err)
{
    return cqlr__err_set(err, CQLR_E_NOMEM, "%s", cqlr_errcode_text(CQLR_E_NOMEM));
}

/* A path that parse_path has let pass. */
static int append_path(struct cqlr__addrs *a, struct cqlr_str path, struct cqlr_err *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    memcpy(sa.sun_path, path.p, path.n);
    return append(a, &sa, sizeof sa, (struct cqlr_str){0}) ? 1 : no_memory(err);
}

static int append_all(struct cqlr__addrs *a, const struct addrinfo *ai, struct cqlr_str name,
                      struct cqlr_err *err)
{
    int found = 0;
    for (; ai; ai = ai->ai_next) {
        if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
            continue;
        if (!append(a, ai->ai_addr, ai->ai_addrlen, name))
            return no_memory(err);
        found++;
    }
    return found;
}

int cqlr__addrs_add(struct cqlr__addrs *a, const struct cqlr__host *host, struct cqlr_err *err)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV,
    };
    char name[NAME_MAX_BYTES + 1];
    char port[6];
    struct addrinfo *ai = NULL;
    if (host->is_path)
        return append_path(a, host->name, err);
    snprintf(name, sizeof name, "%.*s", CQLR_STR(host->name));
    snprintf(port, sizeof port, "%u", (unsigned)host->port);

    int rc = getaddrinfo(name, port, &hints, &ai);
    if (rc) {
        int sys = rc == EAI_SYSTEM ? errno : 0;
        cqlr__err_set(err, CQLR_E_RESOLVE, "%s: %s", name, sys ? strerror(sys) : gai_strerror(rc));
        err->sys_errno = sys;
        return CQLR_E_RESOLVE;
    }
    int found = append_all(a, ai, host->name, err);
    freeaddrinfo(ai);
    if (found == 0)
        return cqlr__err_set(err, CQLR_E_RESOLVE, "%s: no address of IPv4 or IPv6", name);
    return found;
}

int cqlr__addrs_resolve(struct cqlr__addrs *a, const char *hosts, uint16_t default_port,
                        struct cqlr_err *err)
{
    struct cqlr_str list = {hosts, strlen(hosts)};
    struct cqlr__host host;
    int found = 0;
    int failed = 0;
    int rc;
    while ((rc = cqlr__host_next(&list, default_port, &host, err)) == 1) {
        int n = cqlr__addrs_add(a, &host, err);
        if (n == CQLR_E_NOMEM)
            return n;
        if (n >= 0) {
            found += n;
            continue;
        }
        failed = n;
        if (a->passed_over)
            a->passed_over(a->arg, err);
    }
    if (rc < 0)
        return rc;
    if (!found && !failed)
        return cqlr__err_set(err, CQLR_E_USAGE, "no host is given");
    return found ? found : failed;
}

bool cqlr__addr_is_local(const struct sockaddr *sa, socklen_t n)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (sa->sa_family == AF_INET && n >= sizeof v4) {
        memcpy(&v4, sa, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (sa->sa_family == AF_INET6 && n >= sizeof v6) {
        memcpy(&v6, sa, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
    }
    return sa->sa_family == AF_UNIX;
}

static void print_v6(const struct sockaddr_in6 *sa, char text[CQLR__ADDR_TEXT])
{
    char host[INET6_ADDRSTRLEN];
    char zone[16] = "";
    inet_ntop(AF_INET6, &sa->sin6_addr, host, sizeof host);
    if (sa->sin6_scope_id)
        snprintf(zone, sizeof zone, "%%%u", (unsigned)sa->sin6_scope_id);
    snprintf(text, CQLR__ADDR_TEXT, "[%s%s]:%u", host, zone, (unsigned)ntohs(sa->sin6_port));
}

void cqlr__addr_print(const struct sockaddr *sa, socklen_t n, char text[CQLR__ADDR_TEXT])
{
    char host[INET_ADDRSTRLEN];
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (sa->sa_family == AF_INET && n >= sizeof v4) {
        memcpy(&v4, sa, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
        snprintf(text, CQLR__ADDR_TEXT, "%s:%u", host, (unsigned)ntohs(v4.sin_port));
    } else if (sa->sa_family == AF_INET6 && n >= sizeof v6) {
        memcpy(&v6, sa, sizeof v6);
        print_v6(&v6, text);
    } else if (sa->sa_family == AF_UNIX && n > offsetof(struct sockaddr_un, sun_path)) {
        int room = (int)(n - offsetof(struct sockaddr_un, sun_path));
        snprintf(text, CQLR__ADDR_TEXT, LOCAL "%.*s", room,
                 ((const struct sockaddr_un *)sa)->sun_path);
    } else {
        snprintf(text, CQLR__ADDR_TEXT, "address family %d", sa->sa_family);
    }
}
