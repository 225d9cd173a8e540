/*
 * addr.h - contact points as text → socket addresses, and back to text for messages.
 */
#ifndef CQLRAW_SRC_NET_ADDR_H
#define CQLRAW_SRC_NET_ADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cqlraw/base.h>

/* An address that a connection can be made to: IPv4 and IPv6, which is what names resolve to, or
 * the path of a Unix socket. */
struct cqlr__addr {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } sa;
    socklen_t len;
    struct cqlr_str
        name; /* the host as it was typed, borrowed from that text; of a path: nothing */
};

/* "HOST", "HOST:PORT", "[V6]", "[V6]:PORT", a bare "V6" or "unix:/PATH", taken apart. host is
 * borrowed from the text. */
struct cqlr__host {
    struct cqlr_str name; /* or the path */
    uint16_t port;        /* 0 when it is a path */
    bool is_path;
};

/* Takes one host off the front of a list that is separated by commas (blanks around are ignored):
 * 1, 0 at the end, or CQLR_E_USAGE with the text that is wrong in err. */
int cqlr__host_next(struct cqlr_str *list, uint16_t default_port, struct cqlr__host *host,
                    struct cqlr_err *err);

/* Addresses in the order in which they are to be tried. */
struct cqlr__addrs {
    const struct cqlr_mem *mem;
    struct cqlr__addr *list;
    size_t count;
    size_t cap;
    /* Told of each host that cannot be resolved; NULL = nobody. Set after init. */
    void (*passed_over)(void *arg, const struct cqlr_err *why);
    void *arg;
};
void cqlr__addrs_init(struct cqlr__addrs *a, const struct cqlr_mem *mem);
void cqlr__addrs_fini(struct cqlr__addrs *a);

/* Appends the addresses of a host, in the resolver's order: how many, CQLR_E_RESOLVE ("NAME: Name
 * or service not known"), or CQLR_E_NOMEM. May block in getaddrinfo. */
int cqlr__addrs_add(struct cqlr__addrs *a, const struct cqlr__host *host, struct cqlr_err *err);

/* The same for all hosts of a list. A host that cannot be resolved is passed over as long as
 * another one can: how many, CQLR_E_USAGE (the text is wrong or empty), or the last host's error.
 */
int cqlr__addrs_resolve(struct cqlr__addrs *a, const char *hosts, uint16_t default_port,
                        struct cqlr_err *err);

/* What is sent there stays on this machine: a Unix socket, or the loopback (127.0.0.0/8, ::1, and
 * the former as an address of IPv6). */
bool cqlr__addr_is_local(const struct sockaddr *sa, socklen_t n);

#define CQLR__ADDR_TEXT 128
/* "127.0.0.1:9042", "[::1]:9042", "unix:/path"; always terminated. An address of another family is
 * named by its number. */
void cqlr__addr_print(const struct sockaddr *sa, socklen_t n, char text[CQLR__ADDR_TEXT]);

#endif
