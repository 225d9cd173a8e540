/*
 * conn_auth.c - what a server's authenticator is answered: SASL PLAIN, where the password may go,
 * or what the host's callback writes.
 *
 * The callback's token is written to memory of a writer that overwrites each block before it gives
 * it back, so that neither growing nor ending leaves a copy behind; the link does so with its own.
 */
#include <string.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "src/conn/internal.h"

/* ---- PLAIN ---- */

static void plain(struct cqlr_conn *c)
{
    struct cqlr_err why;
    if (c->opts.tls || c->local || c->opts.plaintext_password || !c->has_password) {
        cqlr_link_authenticate_plain(c->link);
        return;
    }
    cqlr__err_set(
        &why, CQLR_E_AUTH,
        "server asks for the password, which would leave unencrypted, for everyone on the "
        "way to read: use TLS, or allow it (plaintext_password)");
    cqlr_link_refuse(c->link, &why);
}

/* ---- the callback ---- */

static void *wiping_resize(void *arg, void *p, size_t old, size_t n)
{
    const struct cqlr_mem *mem = arg;
    void *to = cqlr__mem_get(mem, n);
    if (n > 0 && !to)
        return NULL;
    if (to && p)
        memcpy(to, p, old < n ? old : n);
    cqlr__mem_wipe(p, old);
    cqlr__mem_free(mem, p, old);
    return to;
}

/* 0, or the reason in err. */
static int ask_host(struct cqlr_conn *c, const struct cqlr_auth_step *step, struct cqlr_wr *token,
                    struct cqlr_err *err)
{
    if (c->opts.on_auth(c->opts.arg, step, token, err) < 0) {
        err->code = CQLR_E_AUTH;
        if (!err->text[0])
            cqlr__err_set(err, CQLR_E_AUTH, "not authenticated: the callback gave no reason");
        return err->code;
    }
    if (token->rc)
        return cqlr__err_set(err, token->rc, "AUTH_RESPONSE: %s", cqlr_errcode_text(token->rc));
    return 0;
}

static void by_callback(struct cqlr_conn *c, const struct cqlr_auth_step *step)
{
    const struct cqlr_mem wiping = {wiping_resize, (void *)(uintptr_t)c->mem};
    struct cqlr_err err = {0};
    struct cqlr_wr token;
    bool success = step->success;
    cqlr_wr_init(&token, &wiping, CQLR_FRAME_MAX - 4);
    if (ask_host(c, step, &token, &err))
        cqlr_link_refuse(c->link, &err);
    else if (success)
        cqlr_link_authenticated(c->link);
    else
        cqlr_link_authenticate(c->link, (struct cqlr_value){token.p, (int32_t)token.n});
    cqlr_wr_fini(&token);
}

void cqlr__conn_authenticate(struct cqlr_conn *c, const struct cqlr_auth_step *step)
{
    if (c->opts.on_auth)
        by_callback(c, step);
    else
        plain(c);
}
