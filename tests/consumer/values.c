/*
 * Values of several types: a row is written with bound values and read back; the collections are
 * walked, everything can be printed by its type.
 *
 * usage: values HOST:PORT KEYSPACE
 */
#include <inttypes.h>
#include <stdio.h>

#include <cqlraw/client.h>

static int fail(const struct cqlr_err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return err->code;
}

/* A statement without values and without rows. */
static int run(cqlr_client *cl, const char *cql)
{
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr(cql), NULL);
    int rc = r ? 0 : fail(cqlr_client_err(cl));
    cqlr_reply_free(r);
    return rc;
}

/* ---- writing ---- */

/* Each call checks the type of its marker; the first error stays in b. */
static int bind_person(cqlr_bound *b)
{
    int rc = cqlr_bound_text(b, 0, cqlr_cstr("ann"));
    rc = rc ? rc : cqlr_bound_int(b, 1, 1234567890123);
    rc = rc ? rc : cqlr_bound_double(b, 2, 0.1);
    rc = rc ? rc : cqlr_bound_boolean(b, 3, true);
    rc = rc ? rc : cqlr_bound_text(b, 4, cqlr_cstr("2024-02-29T12:00:00Z")); /* any type, as text */
    rc = rc ? rc : cqlr_bound_text(b, 5, cqlr_cstr("{'mon': 8, 'tue': 7}"));
    return rc ? rc : cqlr_bound_null(b, 6);
}

static int write_person(cqlr_client *cl)
{
    cqlr_prepared *ps = cqlr_sync_prepare(
        cl, cqlr_cstr("INSERT INTO people (name, points, score, member, since, hours, photo) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?)"));
    cqlr_bound *b = ps ? cqlr_bound_new(ps) : NULL;
    cqlr_reply *r = NULL;
    int rc = CQLR_E_NOMEM;
    if (!ps)
        rc = fail(cqlr_client_err(cl));
    else if (b && (rc = bind_person(b)) < 0)
        fail(cqlr_bound_err(b));
    else if (b && !(r = cqlr_sync_execute(cl, b)))
        rc = fail(cqlr_client_err(cl));
    cqlr_reply_free(r);
    cqlr_bound_free(b);
    cqlr_prepared_free(ps);
    return rc;
}

/* ---- reading ---- */

/* A map<text, int>: its keys and values in turn. */
static int print_hours(const struct cqlr_type *type, struct cqlr_value map)
{
    const struct cqlr_type *t;
    struct cqlr_elements e;
    struct cqlr_err err;
    struct cqlr_value v;
    int32_t hours;
    int rc = cqlr_elements_init(&e, type, map, &err);
    while (rc >= 0 && (rc = cqlr_elements_next(&e, &v, &t)) == 1) {
        printf("  %.*s ", (int)v.n, (const char *)v.p);
        rc = cqlr_elements_next(&e, &v, &t);
        if (rc == 1 && cqlr_value_int(v, &hours) == 0)
            printf("%" PRId32 " hours\n", hours);
    }
    return rc < 0 ? fail(&err) : 0;
}

/* Any value by its type, as JSON. */
static int print_cell(const struct cqlr_column *col, struct cqlr_value v)
{
    struct cqlr_wr w;
    struct cqlr_err err;
    cqlr_wr_init(&w, NULL, 0);
    int rc = cqlr_value_print(&w, col->type, v, CQLR_JSON, &err);
    if (rc == 0)
        printf("%.*s: %.*s\n", CQLR_STR(col->name), (int)w.n, (const char *)w.p);
    cqlr_wr_fini(&w);
    return rc < 0 ? fail(&err) : 0;
}

static int read_people(cqlr_client *cl)
{
    struct cqlr_row row;
    int rc, bad = 0;
    cqlr_reply *r = cqlr_sync_query(cl, cqlr_cstr("SELECT * FROM people"), NULL);
    if (!r)
        return fail(cqlr_client_err(cl));
    while (!bad && (rc = cqlr_reply_next(r, &row)) == 1) {
        for (uint32_t i = 0; !bad && i < row.columns->count; i++) {
            const struct cqlr_column *col = &row.columns->col[i];
            bad = print_cell(col, row.cell[i]);
            if (!bad && col->type->id == CQLR_TYPE_MAP)
                bad = print_hours(col->type, row.cell[i]);
        }
    }
    if (!bad && rc < 0)
        bad = fail(cqlr_reply_err(r));
    cqlr_reply_free(r);
    return bad;
}

int main(int argc, char **argv)
{
    struct cqlr_client_opts o;
    char use[100];
    if (argc != 3)
        return 64;
    snprintf(use, sizeof use, "USE \"%.48s\"", argv[2]);
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argv[1];
    cqlr_client *cl = cqlr_client_new(&o);
    int rc = !cl ? CQLR_E_NOMEM : cqlr_sync_connect(cl) < 0 ? fail(cqlr_client_err(cl)) : 0;
    rc = rc ? rc : run(cl, use);
    rc = rc ? rc
            : run(cl, "CREATE TABLE IF NOT EXISTS people (name text PRIMARY KEY, points bigint, "
                      "score double, member boolean, since timestamp, hours map<text, int>, "
                      "photo blob)");
    rc = rc ? rc : write_person(cl);
    rc = rc ? rc : read_people(cl);
    cqlr_client_free(cl);
    return rc < 0;
}
