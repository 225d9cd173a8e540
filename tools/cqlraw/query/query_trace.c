/*
 * query_trace.c - a trace id → the rows of system_traces.sessions and .events, as cqlsh shows them.
 *
 * The server writes them after it has answered, and the duration of the session last: drivers ask
 * for it until it is there.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "query_rows.h"
#include "query_trace.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/redact.h"
#include "tools/cqlraw/rows/cells.h"
#include "tools/cqlraw/rows/out_table.h"

#define MS   UINT64_C(1000000)
#define WAIT (2000 * MS)
#define SESSION_CQL                                                                                \
    "SELECT request, started_at, coordinator, duration, client FROM system_traces.sessions"
#define EVENTS_CQL                                                                                 \
    "SELECT activity, thread, event_id, source, source_elapsed FROM system_traces.events"

enum { S_REQUEST, S_STARTED, S_COORDINATOR, S_DURATION, S_CLIENT };
enum { E_ACTIVITY, E_THREAD, E_ID, E_SOURCE, E_ELAPSED };

struct trace {
    cqlr_client *client;
    char id[40]; /* as text */
    struct table table;
    struct cqlr_wr cell;     /* what the next cell of the table says */
    struct cqlr_row session; /* its row, of the reply that is kept */
};

/* ---- asking ---- */

static cqlr_reply *ask(const struct trace *t, const char *select)
{
    char cql[200];
    struct cqlr_request_opts o;
    cqlr_request_opts_init(t->client, &o, sizeof o);
    o.consistency = CQLR_CL_ONE;
    snprintf(cql, sizeof cql, "%s WHERE session_id = %s", select, t->id);
    return cqlr_sync_query(t->client, cqlr_cstr(cql), &o);
}

static void pause_for(uint64_t ns)
{
    const struct timespec ts = {(time_t)(ns / (1000 * MS)), (long)(ns % (1000 * MS))};
    nanosleep(&ts, NULL);
}

/* The reply with t->session in it, complete or as it is when the time is over. NULL: an error (rc
 * < 0), or there is none. */
static cqlr_reply *wait_session(struct trace *t, int *rc)
{
    uint64_t now = cqlr_now(), end = now + WAIT, step = 3 * MS;
    for (;; now = cqlr_now()) {
        cqlr_reply *r = ask(t, SESSION_CQL);
        *rc = r ? cqlr_reply_next(r, &t->session) : cqlr_client_err(t->client)->code;
        bool complete = *rc == 1 && t->session.cell[S_DURATION].n >= 0;
        if (complete || *rc < 0 || now >= end) {
            if (*rc == 1)
                return r;
            cqlr_reply_free(r);
            return NULL;
        }
        cqlr_reply_free(r);
        pause_for(step < end - now ? step : end - now);
        step = step < 100 * MS ? step * 2 : step;
    }
}

/* ---- cells ---- */

/* The server traces statements as they stand. */
static void put_cell(struct trace *t)
{
    size_t n = t->cell.p ? redact((char *)t->cell.p, t->cell.n) : 0;
    table_cell(&t->table, (struct cqlr_str){t->cell.p ? (const char *)t->cell.p : "", n});
    cqlr_wr_reset(&t->cell);
}

static void put_text(struct trace *t, const char *text)
{
    table_cell(&t->table, cqlr_cstr(text));
}

/* A value that is not there or cannot be read is shown as --. */
static void add_value(struct trace *t, const struct cqlr_row *row, uint32_t i)
{
    struct cqlr_err err;
    if (row->cell[i].n < 0 || cell_print(&t->cell, row, i, CQLR_TEXT, &err) < 0)
        cqlr_wr_raw(&t->cell, "--", 2);
}

static void put_value(struct trace *t, const struct cqlr_row *row, uint32_t i)
{
    add_value(t, row, i);
    put_cell(t);
}

/* Microseconds since the epoch, UTC. */
static void put_time(struct trace *t, int64_t us)
{
    char text[64];
    int64_t year, day = us / 86400000000, rest = us % 86400000000;
    unsigned month, mday;
    if (rest < 0) {
        rest += 86400000000;
        day--;
    }
    cqlr_date_from_days(day, &year, &month, &mday);
    snprintf(text, sizeof text, "%04lld-%02u-%02u %02d:%02d:%02d.%06d", (long long)year, month,
             mday, (int)(rest / 3600000000), (int)(rest / 60000000 % 60),
             (int)(rest / 1000000 % 60), (int)(rest % 1000000));
    put_text(t, text);
}

/* The time in a version 1 UUID: 100 ns since 1582-10-15 (RFC 4122 section 4.1.4). */
static void put_event_time(struct trace *t, struct cqlr_value id)
{
    if (id.n != 16) {
        put_text(t, "--");
        return;
    }
    uint64_t ticks = ((uint64_t)(cqlr_be16(id.p + 6) & 0x0fff) << 48) |
                     ((uint64_t)cqlr_be16(id.p + 4) << 32) | cqlr_be32(id.p);
    put_time(t, ((int64_t)ticks - INT64_C(0x01b21dd213814000)) / 10);
}

static void end_row(struct trace *t)
{
    put_value(t, &t->session, S_CLIENT);
    t->table.rows++; /* a trace is laid out in one piece, so that all widths are known */
}

static void put_start(struct trace *t)
{
    put_value(t, &t->session, S_REQUEST);
    put_time(t, cqlr_row_int(&t->session, S_STARTED) * 1000);
    put_value(t, &t->session, S_COORDINATOR);
    put_text(t, "0");
    end_row(t);
}

static void put_event(struct trace *t, const struct cqlr_row *row)
{
    add_value(t, row, E_ACTIVITY);
    cqlr_wr_raw(&t->cell, " [", 2);
    add_value(t, row, E_THREAD);
    cqlr_wr_u8(&t->cell, ']');
    put_cell(t);
    put_event_time(t, row->cell[E_ID]);
    put_value(t, row, E_SOURCE);
    put_value(t, row, E_ELAPSED);
    end_row(t);
}

static void put_finish(struct trace *t)
{
    int64_t duration = cqlr_row_int(&t->session, S_DURATION);
    put_text(t, "Request complete");
    put_time(t, cqlr_row_int(&t->session, S_STARTED) * 1000 + duration);
    put_value(t, &t->session, S_COORDINATOR);
    put_value(t, &t->session, S_DURATION);
    end_row(t);
}

/* ---- the whole ---- */

static int put_events(struct trace *t)
{
    static const char *const names[] = {"activity", "timestamp", "source", "source_elapsed",
                                        "client"};
    struct cqlr_row row;
    int rc;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put_text(t, names[i]);
    put_start(t);
    cqlr_reply *r = ask(t, EVENTS_CQL);
    if (!r)
        return cqlr_client_err(t->client)->code;
    while ((rc = cqlr_reply_next(r, &row)) == 1)
        put_event(t, &row);
    cqlr_reply_free(r);
    if (t->session.cell[S_DURATION].n >= 0)
        put_finish(t);
    return rc;
}

/* 0 or a code of the library; *code is that of the write. */
static int print_session(struct trace *t, int fd, bool bold, int *code)
{
    struct cqlr_wr text;
    int rc = table_init(&t->table, 5);
    t->table.bold = bold;
    cqlr_wr_init(&text, NULL, TEXT_LIMIT);
    cqlr_wr_raw(&text, "\nTracing session: ", 18);
    cqlr_wr_raw(&text, t->id, strlen(t->id));
    cqlr_wr_raw(&text, "\n\n", 2);
    if (!rc)
        rc = put_events(t);
    if (!rc)
        rc = table_flush(&t->table, &text);
    if (!rc)
        *code = out_text(fd, QUERY, (const char *)text.p, text.n);
    cqlr_wr_fini(&text);
    table_fini(&t->table);
    return rc;
}

/* Likewise; *code is -1 after a warning. */
static int print_trace(struct trace *t, int fd, bool bold, int *code)
{
    int rc;
    cqlr_reply *session = wait_session(t, &rc);
    if (rc < 0)
        return rc;
    bool complete = session && t->session.cell[S_DURATION].n >= 0;
    if (session)
        rc = print_session(t, fd, bold, code);
    if (rc == 0 && *code == 0 && !complete) {
        say(QUERY, "warning: the trace %s was not complete after 2 s", t->id);
        *code = -1;
    }
    cqlr_reply_free(session);
    return rc;
}

/* The id as text; whatever 16 bytes are, they are a UUID. */
static void print_id(struct trace *t, const uint8_t id[16])
{
    static const struct cqlr_type type = {.id = CQLR_TYPE_UUID};
    struct cqlr_err err;
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, 0);
    (void)!cqlr_value_print(&w, &type, (struct cqlr_value){id, 16}, CQLR_TEXT, &err);
    snprintf(t->id, sizeof t->id, "%.*s", (int)w.n, w.n ? (const char *)w.p : "");
    cqlr_wr_fini(&w);
}

int query_trace_print(cqlr_client *client, const uint8_t id[16], int fd, bool bold)
{
    struct trace t = {.client = client};
    int code = 0;
    print_id(&t, id);
    cqlr_wr_init(&t.cell, NULL, 0);
    int rc = print_trace(&t, fd, bold, &code);
    cqlr_wr_fini(&t.cell);
    if (rc >= 0)
        return code;
    const struct cqlr_err *err = cqlr_client_err(client);
    say(QUERY, "warning: the trace cannot be shown: %s",
        rc == err->code ? err->text : cqlr_errcode_text(rc));
    return -1;
}
