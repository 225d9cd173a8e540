/*
 * auth.c - AUTHENTICATE: the server names the authenticator it wants to be answered
 * (native_protocol_v4.spec section 4.2.3); and the tokens that follow: AUTH_RESPONSE (4.1.2) is
 * answered by AUTH_CHALLENGE (4.2.7), AUTH_SUCCESS (4.2.8) or ERROR.
 *
 * Tokens are opaque here, and views into what was read: nothing keeps a copy of a secret.
 */
#include <cqlraw/msg.h>

int cqlr_authenticate_read(struct cqlr_rd *r, struct cqlr_authenticate *m)
{
    m->class_name = cqlr_rd_string(r, "AUTHENTICATE class");
    return r->rc;
}

int cqlr_authenticate_write(struct cqlr_wr *w, const struct cqlr_authenticate *m)
{
    cqlr_wr_string(w, m->class_name);
    return w->rc;
}

int cqlr_auth_response_read(struct cqlr_rd *r, struct cqlr_auth_response *m)
{
    m->token = cqlr_rd_bytes(r, "AUTH_RESPONSE token");
    return r->rc;
}

int cqlr_auth_response_write(struct cqlr_wr *w, const struct cqlr_auth_response *m)
{
    cqlr_wr_value(w, m->token);
    return w->rc;
}

int cqlr_auth_challenge_read(struct cqlr_rd *r, struct cqlr_auth_challenge *m)
{
    m->token = cqlr_rd_bytes(r, "AUTH_CHALLENGE token");
    return r->rc;
}

int cqlr_auth_challenge_write(struct cqlr_wr *w, const struct cqlr_auth_challenge *m)
{
    cqlr_wr_value(w, m->token);
    return w->rc;
}

int cqlr_auth_success_read(struct cqlr_rd *r, struct cqlr_auth_success *m)
{
    m->token = cqlr_rd_bytes(r, "AUTH_SUCCESS token");
    return r->rc;
}

int cqlr_auth_success_write(struct cqlr_wr *w, const struct cqlr_auth_success *m)
{
    cqlr_wr_value(w, m->token);
    return w->rc;
}
