/*
 * tls_opts.c - the settings of tls.h, whatever does the work: their defaults, and a copy of them.
 */
#include <string.h>

#include "proto/base/mem.h"
#include "src/net/tls.h"

void cqlr_tls_opts_init(struct cqlr_tls_opts *o, size_t size)
{
    memset(o, 0, size);
    memcpy(o, &(struct cqlr_tls_opts){.size = size}, size < sizeof *o ? size : sizeof *o);
}

enum { STRINGS = 7 };

static void strings_of(struct cqlr_tls_opts *o, const char **s[STRINGS])
{
    s[0] = &o->ca_file;
    s[1] = &o->ca_dir;
    s[2] = &o->crl_file;
    s[3] = &o->cert_file;
    s[4] = &o->key_file;
    s[5] = &o->key_password;
    s[6] = &o->server_name;
}

struct cqlr_tls_opts *cqlr__tls_opts_copy(const struct cqlr_tls_opts *o, const struct cqlr_mem *mem)
{
    struct cqlr_tls_opts *copy = cqlr__mem_get(mem, sizeof *copy);
    const char **s[STRINGS];
    bool complete = true;
    if (!copy)
        return NULL;
    cqlr_tls_opts_init(copy, sizeof *copy);
    memcpy(copy, o, o->size < sizeof *copy ? o->size : sizeof *copy);
    copy->size = sizeof *copy;
    strings_of(copy, s);
    for (size_t i = 0; i < STRINGS; i++) {
        char *own;
        complete = cqlr__mem_string(mem, *s[i], &own) && complete;
        *s[i] = own;
    }
    if (complete)
        return copy;
    cqlr__tls_opts_free(copy, mem);
    return NULL;
}

void cqlr__tls_opts_free(struct cqlr_tls_opts *o, const struct cqlr_mem *mem)
{
    const char **s[STRINGS];
    if (!o)
        return;
    strings_of(o, s);
    for (size_t i = 0; i < STRINGS; i++) {
        char *own = (char *)(uintptr_t)*s[i];
        if (s[i] == &o->key_password)
            cqlr__mem_secret_free(mem, own);
        else
            cqlr__mem_string_free(mem, own);
    }
    cqlr__mem_free(mem, o, sizeof *o);
}
