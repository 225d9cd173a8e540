/*
 * Random keys of several shapes are inserted; the token that cqlr_bound_token gave for each is
 * compared with what the server says of the row, and the server's order with that of the tokens.
 *
 * The INSERT has its markers in the opposite order of the key and one in front, so that the
 * positions in Prepared are needed to find the components.
 *
 * usage: tokens HOST:PORT KEYSPACE KEYS [SEED]; prints a line for each shape, exits 1 at a
 * difference
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/client.h>

#define PARTS     3 /* components of a key at most */
#define IN_FLIGHT 200

struct shape {
    const char *table;
    const char *type[PARTS]; /* of the components, in the key's order; NULL: no more */
    size_t least;            /* bytes of a text or blob; a key of one component has to have some */
};

static const struct shape shapes[] = {
    {"t_text", {"text"}, 1},
    {"t_blob", {"blob"}, 1},
    {"t_bigint", {"bigint"}, 0},
    {"t_int", {"int"}, 0},
    {"t_uuid", {"uuid"}, 0},
    {"t_int_text", {"int", "text"}, 0},
    {"t_text_blob_bigint", {"text", "blob", "bigint"}, 0},
};

struct run {
    cqlr_client *cl;
    const struct shape *shape;
    int parts;
    int keys;
    int64_t *token; /* ours, by the column v */
    int sent, pending;
    int failed;
};

struct slot {
    struct run *run;
    cqlr_bound *b;
};

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(2685821657736338717);
}

static int fail(struct run *run, const char *what, const struct cqlr_err *err)
{
    if (!run->failed)
        fprintf(stderr, "%s: %s: %s\n", run->shape->table, what, err->text);
    run->failed = 1;
    return -1;
}

/* ---- keys ---- */

/* Text of characters of one to four bytes, `n` bytes at most and `least` at least. */
static size_t random_text(uint8_t *p, size_t least, size_t n)
{
    static const char *const chars[] = {
        "a", "Z", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    size_t at = 0;
    while (at < n) {
        const char *c = chars[next_random() % (sizeof chars / sizeof chars[0])];
        size_t len = strlen(c);
        if (at + len > n && at >= least)
            break;
        if (at + len <= n) {
            memcpy(p + at, c, len);
            at += len;
        }
    }
    return at;
}

static size_t random_bytes(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(next_random() >> 32);
    return n;
}

static int bind_random(cqlr_bound *b, unsigned marker, const char *type, size_t least)
{
    uint8_t bytes[64];
    size_t n = 16; /* uuid */
    if (strcmp(type, "int") == 0)
        n = 4;
    else if (strcmp(type, "bigint") == 0)
        n = 8;
    else if (strcmp(type, "uuid") != 0)
        n = least + next_random() % (64 - least);
    n = strcmp(type, "text") == 0 ? random_text(bytes, least, n) : random_bytes(bytes, n);
    return cqlr_bound_bytes(b, marker, bytes, n);
}

/* ---- inserting ---- */

static void on_inserted(void *arg, cqlr_reply *r);

static int send_next(struct slot *s)
{
    struct run *run = s->run;
    int v = run->sent;
    cqlr_bound_reset(s->b);
    int rc = cqlr_bound_int(s->b, 0, v);
    for (int i = 0; rc == 0 && i < run->parts; i++)
        rc = bind_random(s->b, (unsigned)(run->parts - i), run->shape->type[i], run->shape->least);
    if (rc == 0 && cqlr_bound_token(s->b, &run->token[v]) != 1)
        rc = CQLR_E_STATE;
    if (rc < 0)
        return fail(run, "a key", cqlr_bound_err(s->b));
    if (cqlr_client_execute(run->cl, s->b, on_inserted, s) < 0)
        return fail(run, "INSERT", cqlr_client_err(run->cl));
    run->sent++;
    run->pending++;
    return 0;
}

static void on_inserted(void *arg, cqlr_reply *r)
{
    struct slot *s = arg;
    struct run *run = s->run;
    run->pending--;
    if (cqlr_reply_rc(r) < 0)
        (void)fail(run, "INSERT", cqlr_reply_err(r));
    if (!run->failed && run->sent < run->keys)
        (void)send_next(s);
}

static int insert_all(struct run *run, cqlr_prepared *ps)
{
    static struct slot slots[IN_FLIGHT];
    for (int i = 0; i < IN_FLIGHT; i++) {
        slots[i] = (struct slot){run, cqlr_bound_new(ps)};
        if (!run->failed && run->sent < run->keys)
            (void)send_next(&slots[i]);
    }
    while (run->pending && cqlr_client_turn(run->cl) == 0)
        ;
    for (int i = 0; i < IN_FLIGHT; i++)
        cqlr_bound_free(slots[i].b);
    return run->failed ? -1 : 0;
}

/* ---- comparing ---- */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Rows come in the order of their tokens: those of each are ours for its key, and with ours in
 * order and without repetition (random keys can be equal) there is none missing. */
static int compare(struct run *run, cqlr_reply *r)
{
    struct cqlr_row row;
    int rows = 0, at = 0, rc;
    int64_t *ours = malloc((size_t)run->keys * sizeof *ours);
    memcpy(ours, run->token, (size_t)run->keys * sizeof *ours);
    qsort(ours, (size_t)run->keys, sizeof *ours, by_value);
    while ((rc = cqlr_reply_next(r, &row)) == 1) {
        int64_t v = cqlr_row_int(&row, 0), token = cqlr_row_int(&row, 1);
        while (at > 0 && at < run->keys && ours[at] == ours[at - 1])
            at++;
        if (v >= run->keys || run->token[v] != token || at == run->keys || ours[at++] != token) {
            fprintf(stderr, "%s: row %" PRId64 " has token %" PRId64 ", ours is %" PRId64 "\n",
                    run->shape->table, v, token, v < run->keys ? run->token[v] : 0);
            run->failed = 1;
            break;
        }
        rows++;
    }
    while (at > 0 && at < run->keys && ours[at] == ours[at - 1])
        at++;
    if (rc < 0)
        (void)fail(run, "SELECT", cqlr_reply_err(r));
    else if (!run->failed && at != run->keys)
        run->failed = fprintf(stderr, "%s: rows are missing\n", run->shape->table) > 0;
    free(ours);
    printf("%s: %d keys, %d rows\n", run->shape->table, run->sent, rows);
    return run->failed ? -1 : 0;
}

/* ---- a shape ---- */

static cqlr_reply *query(struct run *run, const char *keyspace, const char *before,
                         const char *after)
{
    char cql[600];
    snprintf(cql, sizeof cql, "%s %.48s.%s%s", before, keyspace, run->shape->table, after);
    cqlr_reply *r = cqlr_sync_query(run->cl, cqlr_cstr(cql), NULL);
    if (!r)
        (void)fail(run, cql, cqlr_client_err(run->cl));
    return r;
}

static cqlr_prepared *prepare_insert(struct run *run, const char *keyspace)
{
    static const char *const columns[] = {"v, k0) VALUES (?, ?)", "v, k1, k0) VALUES (?, ?, ?)",
                                          "v, k2, k1, k0) VALUES (?, ?, ?, ?)"};
    char cql[600];
    snprintf(cql, sizeof cql, "INSERT INTO %.48s.%s (%s", keyspace, run->shape->table,
             columns[run->parts - 1]);
    cqlr_prepared *ps = cqlr_sync_prepare(run->cl, cqlr_cstr(cql));
    if (!ps)
        (void)fail(run, cql, cqlr_client_err(run->cl));
    return ps;
}

static int run_shape(struct run *run, const char *keyspace)
{
    static const char *const names[] = {"k0", "k0, k1", "k0, k1, k2"};
    char columns[200] = " (v int", after[400], before[100];
    cqlr_reply *r;
    for (run->parts = 0; run->parts < PARTS && run->shape->type[run->parts]; run->parts++)
        snprintf(columns + strlen(columns), sizeof columns - strlen(columns), ", k%d %s",
                 run->parts, run->shape->type[run->parts]);
    snprintf(after, sizeof after, "%s, PRIMARY KEY ((%s)))", columns, names[run->parts - 1]);
    r = query(run, keyspace, "CREATE TABLE", after);
    cqlr_reply_free(r);
    cqlr_prepared *ps = r ? prepare_insert(run, keyspace) : NULL;
    int rc = ps ? insert_all(run, ps) : -1;
    cqlr_prepared_free(ps);
    snprintf(before, sizeof before, "SELECT v, token(%s) FROM", names[run->parts - 1]);
    if (rc == 0 && (r = query(run, keyspace, before, "")) != NULL) {
        rc = compare(run, r);
        cqlr_reply_free(r);
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    int failed = 0;
    if (argc < 4)
        return 64;
    seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argv[1];
    o.request_timeout = UINT64_C(60000000000);
    cqlr_client *cl = cqlr_client_new(&o);
    if (!cl || cqlr_sync_connect(cl) < 0) {
        fprintf(stderr, "%s\n", cl ? cqlr_client_err(cl)->text : "out of memory");
        return 1;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct run run = {.cl = cl, .shape = &shapes[i], .keys = (int)strtol(argv[3], NULL, 10)};
        run.token = calloc((size_t)run.keys, sizeof *run.token);
        failed |= !run.token || run_shape(&run, argv[2]) < 0;
        free(run.token);
    }
    cqlr_client_free(cl);
    return failed;
}
