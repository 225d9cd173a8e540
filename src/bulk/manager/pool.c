/*
 * pool.c - options in, then batch after batch, then the end. A batch is one run of the loop in
 * manager.c over one source; the workers live on from batch to batch. cqlr_bulk_run is a pool with
 * one batch.
 *
 * A batch that failed before any work was given leaves the pool as it was. After any other failure
 * the workers were killed in the middle of something, and the pool only says so.
 */
#include <stdlib.h>

#include "proto/base/err.h"
#include "src/bulk/manager/manager.h"
#include "src/bulk/source/source.h"
#include "src/bulk/source/split.h"

#define IN_FLIGHT_MAX 32767 /* stream ids of one connection */
#define MS            UINT64_C(1000000)

struct cqlr_bulk {
    struct cqlr__manager m;
};

void cqlr_bulk_opts_init(struct cqlr_bulk_opts *o, size_t size)
{
    const struct cqlr_bulk_opts defaults = {.size = size,
                                            .in_flight = 128,
                                            .connects = 2,
                                            .lane_bytes = 2 * 1024 * 1024,
                                            .retries = 3,
                                            .retry_delay = 100 * MS,
                                            .retry_delay_max = 5000 * MS,
                                            .out_fd = -1,
                                            .stop_fd = -1};
    memset(o, 0, size);
    memcpy(o, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

/* ---- options ---- */

static void fill_options(struct cqlr__manager *m, const struct cqlr_bulk_opts *o)
{
    cqlr_bulk_opts_init(&m->o, sizeof m->o);
    memcpy(&m->o, o, o->size < sizeof m->o ? o->size : sizeof m->o);
    m->o.connects = m->o.connects ? m->o.connects : 1;
    m->o.lane_bytes = m->o.lane_bytes ? m->o.lane_bytes : 1;
    m->idempotent = cqlr_bulk_idempotent(&m->o);
}

bool cqlr_bulk_idempotent(const struct cqlr_bulk_opts *o)
{
    return o->idempotence == CQLR_IDEMPOTENT_YES ||
           (o->idempotence == CQLR_IDEMPOTENT_AUTO && cqlr__is_select(o->statement));
}

/* Workers resume each other's sessions of TLS: the table is made before the first of them. Without
 * memory for it each has its own. The parent makes nothing else of TLS. */
static void share_sessions(struct cqlr__manager *m)
{
    const struct cqlr_client_opts *o = m->o.client;
    if (!o)
        return;
    cqlr_client_opts_init(&m->tls.client, sizeof m->tls.client);
    memcpy(&m->tls.client, o, o->size < sizeof *o ? o->size : sizeof *o);
    m->tls.client.size = sizeof m->tls.client;
    if (!m->tls.client.tls)
        return;
    cqlr_tls_opts_init(&m->tls.opts, sizeof m->tls.opts);
    o = &m->tls.client;
    memcpy(&m->tls.opts, o->tls, o->tls->size < sizeof *o->tls ? o->tls->size : sizeof *o->tls);
    m->tls.opts.size = sizeof m->tls.opts;
    if (m->tls.opts.sessions || !(m->tls.sessions = cqlr_tls_sessions_new()))
        return;
    m->tls.opts.sessions = m->tls.sessions;
    m->tls.client.tls = &m->tls.opts;
    m->o.client = &m->tls.client;
}

/* What is wrong with the options, for this source, or NULL. */
static const char *usage_error(const struct cqlr_bulk_opts *o, const cqlr_source *s)
{
    if (!o->client || !s)
        return "client and source are needed";
    if (!o->in_flight || o->in_flight > IN_FLIGHT_MAX)
        return "1 to 32767 requests in flight are possible";
    if (s->form == CQLR__SOURCE_WORKLOAD && o->statement.n)
        return "a workload has its own statements";
    if (s->form == CQLR__SOURCE_JOBS && !o->on_job)
        return "on_job is needed for jobs";
    if (s->form != CQLR__SOURCE_WORKLOAD && s->form != CQLR__SOURCE_JOBS && !o->statement.n)
        return "a statement is needed";
    return NULL;
}

/* ---- new and free ---- */

cqlr_bulk *cqlr__bulk_new(const struct cqlr_bulk_opts *o, const struct cqlr__engine *engine)
{
    cqlr_bulk *b = calloc(1, sizeof *b);
    struct cqlr__manager *m = &b->m;
    if (!b)
        return NULL;
    m->engine = engine;
    fill_options(m, o);
    share_sessions(m);
    m->lanes = m->o.processes ? m->o.processes : cqlr_bulk_cores();
    m->lane = calloc(m->lanes, sizeof *m->lane);
    m->tally = calloc(m->lanes, sizeof *m->tally);
    m->pace = m->o.rate > 0 ? cqlr__pace_new(m->o.rate) : NULL;
    m->loop = cqlr_loop_new(NULL);
    if (!m->lane || !m->tally || !m->loop || (m->o.rate > 0 && !m->pace)) {
        cqlr_bulk_free(b);
        return NULL;
    }
    for (unsigned i = 0; i < m->lanes; i++)
        m->lane[i] = (struct cqlr__lane){.m = m, .slot = (int)i};
    return b;
}

void cqlr_bulk_free(cqlr_bulk *b)
{
    if (!b)
        return;
    if (b->m.alive)
        cqlr__supervise_end(&b->m);
    cqlr_columns_free(b->m.markers);
    cqlr_columns_free(b->m.columns);
    cqlr__pace_free(b->m.pace);
    cqlr_tls_sessions_free(b->m.tls.sessions);
    cqlr_loop_free(b->m.loop);
    free(b->m.lane);
    free(b->m.tally);
    free(b);
}

/* ---- a batch ---- */

/* Never more processes than there are units. */
static unsigned at_most(unsigned processes, uint64_t units)
{
    return units >= processes ? processes : units ? (unsigned)units : 1;
}

static uint64_t units_of(uint64_t sets, uint64_t block)
{
    return sets == UINT64_MAX ? UINT64_MAX : cqlr__split_units(sets, block);
}

static struct cqlr_bulk_plan cut(uint64_t sets, uint64_t block, unsigned processes)
{
    struct cqlr_bulk_plan p = {.sets = sets, .block = block};
    if (!block)
        p.block = cqlr__split_block(sets, at_most(processes, sets));
    p.units = units_of(sets, p.block);
    p.processes = at_most(processes, p.units);
    return p;
}

void cqlr_bulk_plan_get(const struct cqlr_bulk_opts *o, struct cqlr_bulk_plan *p)
{
    uint64_t total = cqlr_source_total(o->source), skip = o->skip < total ? o->skip : total;
    *p = cut(total == UINT64_MAX ? total : total - skip, o->block,
             o->processes ? o->processes : cqlr_bulk_cores());
}

static void begin(struct cqlr__manager *m, cqlr_source *source)
{
    struct cqlr__batch *b = &m->batch;
    struct cqlr_bulk_plan plan;
    *b = (struct cqlr__batch){.total = cqlr_source_total(source), .most_alive = m->alive};
    m->o.source = source;
    m->batches++;
    if (m->pace)
        cqlr__pace_begin(m->pace);
    if (b->total != UINT64_MAX)
        b->first = b->next_index = m->o.skip < b->total ? m->o.skip : b->total;
    plan = cut(cqlr__commit_total(m), m->o.block, m->lanes);
    b->block = plan.block;
    b->workers = plan.processes;
    cqlr_wr_init(&b->wire, NULL, SIZE_MAX / 2);
    cqlr__order_init(&m->order);
    for (unsigned i = 0; i < m->lanes; i++)
        cqlr__report_begin(&m->lane[i]);
}

/* May another batch follow? */
static void look_back(struct cqlr__manager *m)
{
    struct cqlr__batch *b = &m->batch;
    bool nothing_sent =
        !b->checked && (b->rc == CQLR_E_TYPE || b->rc == CQLR_E_RANGE || b->rc == CQLR_E_USAGE);
    if (b->rc < 0 && !nothing_sent) {
        cqlr__supervise_end(m);
        cqlr__err_set(&m->unusable, CQLR_E_STATE, "an earlier batch has failed: %.300s",
                      b->err.text);
    } else if (b->stopping) { /* it was told to stop and came to its end all the same */
        cqlr__supervise_end(m);
    }
}

static int refuse(int code, const char *why, const cqlr_source *source, struct cqlr_bulk_summary *s,
                  size_t size)
{
    struct cqlr_bulk_summary all = {.size = size, .total = source ? source->total : 0};
    all.missing = all.total == UINT64_MAX ? 0 : all.total;
    cqlr__err_set(&all.err, code, "%s", why);
    memcpy(s, &all, size < sizeof all ? size : sizeof all);
    return code;
}

int cqlr_bulk_batch(cqlr_bulk *b, cqlr_source *source, struct cqlr_bulk_summary *s, size_t size)
{
    struct cqlr__manager *m = &b->m;
    const char *wrong = usage_error(&m->o, source);
    if (m->unusable.code)
        return refuse(m->unusable.code, m->unusable.text, source, s, size);
    if (wrong)
        return refuse(CQLR_E_USAGE, wrong, source, s, size);
    begin(m, source);
    cqlr__manager_run(m);
    look_back(m);
    cqlr__manager_close(m);
    cqlr__report_end(m, s, size);
    cqlr__order_fini(&m->order);
    cqlr_wr_fini(&m->batch.wire);
    m->o.source = NULL;
    return m->batch.rc;
}

cqlr_bulk *cqlr_bulk_new(const struct cqlr_bulk_opts *o)
{
    return cqlr__bulk_new(o, &cqlr__engine_client);
}

int cqlr__bulk_run(const struct cqlr_bulk_opts *o, const struct cqlr__engine *engine,
                   struct cqlr_bulk_summary *s, size_t size)
{
    cqlr_bulk *b = cqlr__bulk_new(o, engine);
    int rc;
    if (!b)
        return refuse(CQLR_E_NOMEM, "start: out of memory", o->source, s, size);
    rc = cqlr_bulk_batch(b, o->source, s, size);
    cqlr_bulk_free(b);
    return rc;
}

int cqlr_bulk_run(const struct cqlr_bulk_opts *o, struct cqlr_bulk_summary *s, size_t size)
{
    return cqlr__bulk_run(o, &cqlr__engine_client, s, size);
}
