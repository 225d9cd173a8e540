/*
 * cmd_serve.c - `cqlraw serve`: the stub server as a command. SIGINT and SIGTERM are its normal
 * end.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/signals.h"
#include "tools/stub/stub.h"

#define SERVE "serve"

/* arg: where the exit code of the write goes. */
static void on_listening(void *arg, const char *addr)
{
    char line[160];
    int n = snprintf(line, sizeof line, "listening on %s\n", addr);
    *(int *)arg = out_stdout(SERVE, line, (size_t)n);
}

static int code_of(int rc)
{
    if (rc == CQLR_E_USAGE || rc == CQLR_E_RANGE)
        return EXIT_USAGE;
    if (rc == CQLR_E_NOMEM)
        return EXIT_INTERNAL;
    return rc == CQLR_E_OUTPUT ? EXIT_OUTPUT : EXIT_CONNECT;
}

int cmd_serve(const struct args *a)
{
    struct stub_opts o;
    struct stub_stats stats = {0};
    struct cqlr_err err = {0};
    int signal = 0, written = 0;
    if (a->rest_n) {
        say(SERVE, "unexpected argument \"%s\"", a->rest[0]);
        return EXIT_USAGE;
    }
    stub_opts_init(&o);
    o.listen = a->v[OPT_LISTEN].text;
    o.port_file = a->v[OPT_PORT_FILE].text;
    o.delay_ns = a->v[OPT_DELAY].n;
    o.auth = a->v[OPT_AUTH].text;
    o.stats = &stats;
    o.on_listening = on_listening;
    o.arg = &written;
    o.stop_fd = signals_open();
    if (o.stop_fd < 0) {
        say(SERVE, "cannot wait for signals: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    int rc = stub_run(&o, &err);
    signals_read(o.stop_fd, &signal);
    close(o.stop_fd);
    if (rc < 0) {
        say(SERVE, "%s", err.text);
        return code_of(rc);
    }
    if (a->v[OPT_STATS].given)
        say(SERVE, "%u connections, at most %u in their handshake at a time", stats.connections,
            stats.handshakes_most);
    return signal == SIGHUP ? 128 + signal : written;
}
