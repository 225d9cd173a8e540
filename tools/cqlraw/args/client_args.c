/*
 * client_args.c - see the header. Ranges were checked by the option table.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <cqlraw/version.h>

#include "client_args.h"
#include "tools/cqlraw/config/password.h"
#include "tools/cqlraw/config/secret.h"
#include "tools/cqlraw/io/log.h"
#include "tools/cqlraw/io/text.h"

static int credentials(struct cqlr_client_opts *o, const struct args *a)
{
    o->username = a->v[OPT_USERNAME].text;
    o->plaintext_password = a->v[OPT_PLAINTEXT_PASSWORD].given;
    if (o->username)
        secret_guard();
    return password_get(a, &o->password);
}

const char *client_error(const struct cqlr_err *err, char room[CLIENT_ERROR])
{
    static const char option[] = "(plaintext_password)", flag[] = "(--plaintext-password)";
    const char *at = err->code == CQLR_E_AUTH ? strstr(err->text, option) : NULL;
    if (!at)
        return err->text;
    snprintf(room, CLIENT_ERROR, "%.*s%s%s", (int)(at - err->text), err->text, flag,
             at + strlen(option));
    return room;
}

static int compression(struct cqlr_client_opts *o, const struct args *a)
{
    if (!args_is(a, OPT_COMPRESSION, "lz4"))
        return 0;
    o->compression = CQLR_COMPRESSION_LZ4;
    if (cqlr_lz4_built())
        return 0;
    say(a->command->name, "--compression lz4: this cqlraw was built without LZ4");
    return EXIT_USAGE;
}

/* A random UUID (RFC 9562 section 5.4), the same for all connections of this run, those of workers
 * too. NULL: the kernel has none. */
static const char *client_id(void)
{
    static char text[37];
    uint8_t b[16];
    struct text t = {.p = text, .size = sizeof text};
    if (getrandom(b, sizeof b, 0) != sizeof b)
        return NULL;
    b[6] = (uint8_t)(0x40 | (b[6] & 0x0F));
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
    for (size_t i = 0; i < sizeof b; i++)
        text_add(&t, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
    return text;
}

int client_args(struct cqlr_client_opts *o, const struct args *a)
{
    cqlr_client_opts_init(o, sizeof *o);
    o->contact_points = a->v[OPT_HOST].text;
    o->port = (uint16_t)a->v[OPT_PORT].n;
    if (a->v[OPT_CL].from != FROM_NOWHERE)
        o->consistency = (uint16_t)a->v[OPT_CL].n;
    if (args_is(a, OPT_SCL, "SERIAL"))
        o->serial_consistency = CQLR_CL_SERIAL;
    if (args_is(a, OPT_SCL, "LOCAL_SERIAL"))
        o->serial_consistency = CQLR_CL_LOCAL_SERIAL;
    if (a->v[OPT_PAGE_SIZE].from != FROM_NOWHERE)
        o->page_size = (int32_t)a->v[OPT_PAGE_SIZE].n;
    o->request_timeout = a->v[OPT_TIMEOUT].n;
    o->connect_timeout = a->v[OPT_CONNECT_TIMEOUT].n;
    o->keyspace = a->v[OPT_KEYSPACE].text;
    o->application_name = "cqlraw";
    o->application_version = CQLRAW_VERSION;
    o->client_id = client_id();
    if (log_wanted(a)) {
        o->log = log_line;
        o->log_arg = (void *)(uintptr_t)a; /* which log_line only reads */
    }
    int rc = compression(o, a);
    return rc ? rc : credentials(o, a);
}
