/*
 * auth.c - authentication within a client's handshake: AUTHENTICATE is answered by AUTH_RESPONSE,
 * as often as the server sends AUTH_CHALLENGE, until AUTH_SUCCESS (native_protocol_v4.spec sections
 * 4.1.2, 4.2.3, 4.2.7, 4.2.8).
 *
 * The answer is SASL PLAIN, or the host's: then the link stands still, at CQLR__HELLO_ASKED, until
 * the host has given it. No token stays in memory that is given back, nor in the buffer of what
 * leaves once it has left.
 */
#include "proto/link/internal.h"

#define CLASS_SHOWN 120 /* bytes of a class name in an error */

/* ---- what the server says ---- */

static int tell(struct cqlr_link *l, struct cqlr_event *ev)
{
    l->hello = CQLR__HELLO_ASKED;
    ev->kind = CQLR_EV_AUTH;
    ev->auth = &l->step;
    return 1;
}

/* The name is needed longer than the message lasts. */
static int keep_class(struct cqlr_link *l, struct cqlr_str name)
{
    char *copy = cqlr__mem_get(l->mem, name.n);
    if (!copy && name.n)
        return cqlr__err_set(&l->err, CQLR_E_NOMEM, "AUTHENTICATE: out of memory");
    if (name.n)
        memcpy(copy, name.p, name.n);
    l->step =
        (struct cqlr_auth_step){.authenticator = {copy, name.n}, .challenge = {NULL, CQLR_NULL}};
    return 0;
}

int cqlr__auth_asked(struct cqlr_link *l, struct cqlr_event *ev)
{
    struct cqlr_rd r;
    struct cqlr_authenticate m;
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &l->err);
    if (cqlr_authenticate_read(&r, &m) || keep_class(l, m.class_name))
        return l->err.code;
    if (l->auth_events)
        return tell(l, ev);
    l->hello = CQLR__HELLO_ASKED;
    return cqlr_link_authenticate_plain(l);
}

/* It cannot be an answer to what has not left. */
static int before_response(struct cqlr_link *l, const char *what)
{
    return cqlr__err_set(&l->err, CQLR_E_PROTO, "%s before AUTH_RESPONSE was sent", what);
}

/* PLAIN is one token and nothing else. */
static int not_plain(struct cqlr_link *l)
{
    return cqlr__err_set(
        &l->err, CQLR_E_AUTH,
        "server answers AUTH_RESPONSE with a challenge: its authenticator does not "
        "take user name and password (SASL PLAIN)");
}

int cqlr__auth_challenge(struct cqlr_link *l, struct cqlr_event *ev)
{
    struct cqlr_rd r;
    struct cqlr_auth_challenge m;
    if (!l->auth_events)
        return not_plain(l);
    if (l->secret)
        return before_response(l, "AUTH_CHALLENGE");
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &l->err);
    if (cqlr_auth_challenge_read(&r, &m))
        return l->err.code;
    if (++l->step.round >= CQLR_AUTH_ROUNDS)
        return cqlr__err_set(&l->err, CQLR_E_AUTH,
                             "server asks for more than %d rounds of authentication",
                             CQLR_AUTH_ROUNDS);
    l->step.challenge = m.token;
    return tell(l, ev);
}

int cqlr__auth_success(struct cqlr_link *l, struct cqlr_event *ev)
{
    struct cqlr_rd r;
    struct cqlr_auth_success m;
    if (l->secret)
        return before_response(l, "AUTH_SUCCESS");
    cqlr_rd_init(&r, ev->body.p, ev->body.n, &l->err);
    if (cqlr_auth_success_read(&r, &m))
        return l->err.code;
    if (!l->auth_events)
        return cqlr__hello_open(l, ev);
    l->step.round++;
    l->step.challenge = m.token;
    l->step.success = true;
    return tell(l, ev);
}

int cqlr__auth_next(struct cqlr_link *l, struct cqlr_event *ev)
{
    if (l->err.code || l->hello == CQLR__HELLO_ASKED)
        return l->err.code;
    *ev = (struct cqlr_event){.opcode = CQLR_OP_AUTH_SUCCESS};
    return cqlr__hello_open(l, ev);
}

void cqlr__auth_fini(struct cqlr_link *l)
{
    cqlr__mem_free(l->mem, (char *)l->step.authenticator.p, l->step.authenticator.n);
}

/* ---- what it is answered ---- */

/* 0, or why nothing can be answered now. */
static int not_asked(const struct cqlr_link *l, bool success)
{
    if (l->err.code)
        return l->err.code;
    return l->hello == CQLR__HELLO_ASKED && l->step.success == success ? 0 : CQLR_E_STATE;
}

static int response_failed(struct cqlr_link *l, int rc)
{
    cqlr_link_drop(l);
    return cqlr__err_set(&l->err, rc, "AUTH_RESPONSE: %s", cqlr_errcode_text(rc));
}

/* Whatever else `out` holds is no secret, so growing it leaves nothing behind. */
static int send_token(struct cqlr_link *l, struct cqlr_value token)
{
    const struct cqlr_auth_response m = {.token = token};
    struct cqlr_wr *w = cqlr_link_begin(l);
    l->secret = true;
    int rc = cqlr_auth_response_write(w, &m);
    if (!rc)
        rc = cqlr__link_end_frame(l, CQLR_OP_AUTH_RESPONSE, 0, 0);
    if (rc)
        return response_failed(l, rc);
    l->hello = CQLR__HELLO_AUTH;
    return 0;
}

int cqlr_link_authenticate(cqlr_link *l, struct cqlr_value token)
{
    int rc = not_asked(l, false);
    if (token.n < 0)
        token.n = CQLR_NULL; /* "not set" is for values only */
    return rc ? rc : send_token(l, token);
}

/* SASL PLAIN (RFC 4616) without an authorization identity: NUL user NUL password. Room is made
 * first, so that growing leaves no copy of the secret behind. */
static void write_plain(struct cqlr_wr *token, struct cqlr_str user, struct cqlr_str password)
{
    cqlr_wr_grow(token, user.n + password.n + 2);
    cqlr_wr_u8(token, 0);
    cqlr_wr_raw(token, user.p, user.n);
    cqlr_wr_u8(token, 0);
    cqlr_wr_raw(token, password.p, password.n);
}

static int no_credentials(struct cqlr_link *l)
{
    size_t shown = l->step.authenticator.n;
    if (shown > CLASS_SHOWN)
        shown = cqlr__text_cut(l->step.authenticator.p, CLASS_SHOWN);
    return cqlr__err_set(&l->err, CQLR_E_AUTH,
                         "server asks for authentication (%.*s); give a user name and password%s",
                         (int)shown, shown ? l->step.authenticator.p : "",
                         l->username && l->password ? ", not empty ones" : "");
}

/* Whatever class the server names is answered with PLAIN, which is what the password authenticators
 * of Cassandra and its relatives understand. */
int cqlr_link_authenticate_plain(cqlr_link *l)
{
    struct cqlr_wr token;
    int rc = not_asked(l, false);
    if (!rc && l->step.round > 0)
        rc = CQLR_E_STATE;
    if (rc)
        return rc;
    if (!l->username || !l->password || !*l->username || !*l->password)
        return no_credentials(l);
    l->auth_events = false;
    cqlr_wr_init(&token, l->mem, CQLR_FRAME_MAX - 4);
    write_plain(&token, cqlr_cstr(l->username), cqlr_cstr(l->password));
    rc = token.rc ? response_failed(l, token.rc)
                  : send_token(l, (struct cqlr_value){token.p, (int32_t)token.n});
    cqlr__mem_wipe(token.p, token.cap);
    cqlr_wr_fini(&token);
    return rc;
}

int cqlr_link_authenticated(cqlr_link *l)
{
    int rc = not_asked(l, true);
    if (!rc)
        l->hello = CQLR__HELLO_PROVEN;
    return rc;
}

int cqlr_link_refuse(cqlr_link *l, const struct cqlr_err *why)
{
    int rc = l->err.code || l->hello == CQLR__HELLO_ASKED ? l->err.code : CQLR_E_STATE;
    return rc ? rc : cqlr__err_set(&l->err, why->code ? why->code : CQLR_E_AUTH, "%s", why->text);
}
