/*
 * cmd_serve.c - `cqlraw serve`: the stub server as a command, which answers itself, passes on and
 * records, or replays. SIGINT and SIGTERM are its normal end.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/io/file.h"
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

static void on_note(void *arg, const char *text)
{
    (void)arg;
    say(SERVE, "%s", text);
}

/* What goes together: the answers are its own, another server's, or recorded ones. */
static int check(const struct args *a)
{
    const struct option_value *v = a->v;
    const char *other = v[OPT_AUTH].given ? "--auth" : v[OPT_DELAY].given ? "--delay" : NULL;
    if (a->rest_n)
        say(SERVE, "unexpected argument \"%s\"", a->rest[0]);
    else if (v[OPT_REPLAY].given && (v[OPT_UPSTREAM].given || v[OPT_RECORD].given))
        say(SERVE, "--replay does not go with --upstream and --record: it needs no server");
    else if (v[OPT_RECORD].given != v[OPT_UPSTREAM].given)
        say(SERVE, "--record and --upstream go together");
    else if (v[OPT_OVERWRITE].given && !v[OPT_RECORD].given)
        say(SERVE, "--overwrite goes with --record");
    else if (v[OPT_RECORD].given && strcmp(v[OPT_RECORD].text, "-") == 0)
        say(SERVE, "--record: the name of a file is needed");
    else if (other && (v[OPT_REPLAY].given || v[OPT_RECORD].given))
        say(SERVE, "%s is for answers of its own: it does not go with %s", other,
            v[OPT_REPLAY].given ? "--replay" : "--record");
    else
        return 0;
    return EXIT_USAGE;
}

static int serve(const struct args *a, struct stub_opts *o)
{
    struct cqlr_err err = {0};
    struct stub_stats stats = {0};
    int signal = 0, written = 0;
    o->stats = &stats;
    o->on_listening = on_listening;
    o->on_note = on_note;
    o->arg = &written;
    o->stop_fd = signals_open();
    if (o->stop_fd < 0) {
        say(SERVE, "cannot wait for signals: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    int rc = stub_run(o, &err);
    signals_read(o->stop_fd, &signal);
    close(o->stop_fd);
    if (rc < 0) {
        say(SERVE, "%s", err.text);
        return code_of(rc);
    }
    if (a->v[OPT_STATS].given && (o->upstream || o->replay.p))
        say(SERVE, "%u connections", stats.connections);
    else if (a->v[OPT_STATS].given)
        say(SERVE, "%u connections, at most %u in their handshake at a time", stats.connections,
            stats.handshakes_most);
    return signal == SIGHUP ? 128 + signal : written;
}

int cmd_serve(const struct args *a)
{
    struct stub_opts o;
    char *file = NULL;
    int rc = check(a);
    if (rc)
        return rc;
    stub_opts_init(&o);
    o.listen = a->v[OPT_LISTEN].text;
    o.port_file = a->v[OPT_PORT_FILE].text;
    o.delay_ns = a->v[OPT_DELAY].n;
    o.auth = a->v[OPT_AUTH].text;
    o.upstream = a->v[OPT_UPSTREAM].text;
    o.record = a->v[OPT_RECORD].text;
    o.overwrite = a->v[OPT_OVERWRITE].given;
    if (a->v[OPT_REPLAY].given) {
        rc = file_read(SERVE, a->v[OPT_REPLAY].text, &file, &o.replay.n);
        o.replay.p = (const uint8_t *)(file ? file : "");
    }
    if (!rc)
        rc = serve(a, &o);
    free(file);
    return rc;
}
