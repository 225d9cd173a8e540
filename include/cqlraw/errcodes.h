/*
 * errcodes.h - every error code of cqlraw, in one table.
 *
 * A function of this library returns 0, a documented count, or one of these negative codes. The
 * hundreds name the class, so that a caller can decide without knowing each code: see
 * CQLR_ERR_CLASS. To add an error, add a row here; nothing else lists them.
 */
#ifndef CQLRAW_ERRCODES_H
#define CQLRAW_ERRCODES_H

/* X(NAME, number, text) */
#define CQLR_ERROR_MAP(X)                                                                          \
    X(USAGE, -100, "wrong use of the interface")                                                   \
    X(RANGE, -101, "index or value out of range")                                                  \
    X(TYPE, -102, "value does not fit the type")                                                   \
    X(FORKED, -103, "handle belongs to another process")                                           \
    X(STATE, -104, "not possible in this state")                                                   \
    X(NOMEM, -200, "out of memory")                                                                \
    X(LIMIT, -201, "limit exceeded")                                                               \
    X(IO, -300, "input or output error")                                                           \
    X(RESOLVE, -301, "host name not resolved")                                                     \
    X(CONNECT, -302, "cannot connect")                                                             \
    X(OUTPUT, -303, "output not written")                                                          \
    X(PROTO, -400, "malformed frame or message")                                                   \
    X(VERSION, -401, "protocol version not supported")                                             \
    X(SERVER, -500, "error answered by the server")                                                \
    X(AUTH, -501, "authentication")                                                                \
    X(TIMEOUT, -600, "timed out, outcome unknown")                                                 \
    X(CLOSED, -601, "connection closed, outcome unknown")                                          \
    X(CANCELLED, -602, "not sent")                                                                 \
    X(INTERRUPTED, -603, "interrupted")                                                            \
    X(WORKER, -604, "worker process died")                                                         \
    X(TLS, -700, "TLS error")                                                                      \
    X(AGAIN, -800, "not now, try again")

enum cqlr_errcode {
#define CQLR_ERRCODE_ROW(name, number, text) CQLR_E_##name = number,
    CQLR_ERROR_MAP(CQLR_ERRCODE_ROW)
#undef CQLR_ERRCODE_ROW
        CQLR_OK = 0
};

/* The class of a code: 1 usage, 2 memory or limit, 3 io, 4 protocol, 5 server, 6 timeout or closed,
 * 7 TLS, 8 again. */
#define CQLR_ERR_CLASS(code) (-(code) / 100)

#endif
