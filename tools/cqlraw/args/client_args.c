/*
 * client_args.c - see the header. Ranges were checked by the option table.
 *
 * A password leaves this machine in clear text only with --plaintext-password. Which addresses stay
 * on it is judged by their text: a name other than localhost may mean any machine tomorrow.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <cqlraw/version.h>

#include "client_args.h"
#include "tls_args.h"
#include "tools/cqlraw/config/password.h"
#include "tools/cqlraw/io/log.h"
#include "tools/cqlraw/io/text.h"

/* Without "[...]" and ":PORT". */
static struct cqlr_str address_of(struct cqlr_str point)
{
    const char *colon = memchr(point.p, ':', point.n);
    if (point.n && point.p[0] == '[') {
        const char *end = memchr(point.p, ']', point.n);
        return (struct cqlr_str){point.p + 1, end ? (size_t)(end - point.p) - 1 : point.n - 1};
    }
    if (colon && !memchr(colon + 1, ':', point.n - (size_t)(colon + 1 - point.p)))
        point.n = (size_t)(colon - point.p);
    return point;
}

static bool is_local(struct cqlr_str point)
{
    char text[64];
    uint8_t address[4];
    if (point.n >= 5 && memcmp(point.p, "unix:", 5) == 0)
        return true;
    snprintf(text, sizeof text, "%.*s", CQLR_STR(address_of(point)));
    return strcasecmp(text, "localhost") == 0 || strcmp(text, "::1") == 0 ||
           (inet_pton(AF_INET, text, address) == 1 && address[0] == 127);
}

/* The first contact point beyond this machine, or an empty text. */
static struct cqlr_str far_point(const char *points)
{
    for (const char *p = points; *p;) {
        struct cqlr_str point = {p, strcspn(p, ",")};
        p += point.n + (p[point.n] == ',');
        while (point.n && point.p[0] == ' ') {
            point.p++;
            point.n--;
        }
        while (point.n && point.p[point.n - 1] == ' ')
            point.n--;
        if (point.n && !is_local(point))
            return point;
    }
    return (struct cqlr_str){"", 0};
}

/* A crash must not write the password or the key to a core file, and workers inherit that. */
static void no_core(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = 0;
        (void)setrlimit(RLIMIT_CORE, &limit); /* lowering the soft limit is always allowed */
    }
}

static int credentials(struct cqlr_client_opts *o, const struct args *a)
{
    struct cqlr_str far = far_point(o->contact_points);
    o->username = a->v[OPT_USERNAME].text;
    if (o->username && far.n && !o->tls && !a->v[OPT_PLAINTEXT_PASSWORD].given) {
        say(a->command->name,
            "the password would go to %.*s unencrypted, for everyone on the way to read; "
            "--plaintext-password allows it",
            CQLR_STR(far));
        return EXIT_USAGE;
    }
    int rc = password_get(a, &o->password);
    if (!rc && o->password)
        no_core();
    return rc;
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
    if (!rc)
        rc = tls_args(&o->tls, a);
    if (!rc && o->tls && o->tls->cert_file)
        no_core();
    return rc ? rc : credentials(o, a);
}
