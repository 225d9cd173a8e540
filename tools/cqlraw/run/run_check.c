/*
 * run_check.c - what the option table cannot say: which options of `run` go together, and texts of
 * options that only `run` has. The first thing that is wrong is told.
 */
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "tools/cqlraw/args/numbers.h"

static bool given(const struct args *a, enum option_id id)
{
    return id == OPT_PARAM ? a->params_n > 0 : a->v[id].given;
}

static int refuse(const char *why)
{
    say(RUN, "%s", why);
    return EXIT_USAGE;
}

/* These do not stand beside each other. */
struct pair {
    enum option_id one;
    const char *one_name;
    enum option_id other;
    const char *other_name;
};

static int check_pairs(const struct args *a)
{
    static const struct pair pairs[] = {
        {OPT_WORKLOAD, "--workload", OPT_PARAM, "-P"},
        {OPT_WORKLOAD, "--workload", OPT_PARAMS_FROM, "--params-from"},
        {OPT_WORKLOAD, "--workload", OPT_TOKEN_RANGES, "--token-ranges"},
        {OPT_WORKLOAD, "--workload", OPT_REDUCE, "--reduce"},
        {OPT_WORKLOAD, "--workload", OPT_DRY_RUN, "--dry-run"},
        {OPT_PARAMS_FROM, "--params-from", OPT_PARAM, "-P"},
        {OPT_PARAMS_FROM, "--params-from", OPT_TOKEN_RANGES, "--token-ranges"},
        {OPT_REDUCE, "--reduce", OPT_WITH_PARAMS, "--with-params"},
        {OPT_REDUCE, "--reduce", OPT_CHECKPOINT, "--checkpoint"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (given(a, pairs[i].one) && given(a, pairs[i].other)) {
            say(RUN, "%s and %s do not go together", pairs[i].one_name, pairs[i].other_name);
            return EXIT_USAGE;
        }
    return 0;
}

static int check_query(const struct args *a)
{
    size_t wanted = given(a, OPT_WORKLOAD) ? 0 : 1;
    if (a->rest_n < wanted)
        return refuse("a query is needed: cqlraw run QUERY [-P NAME=SPEC]...");
    if (a->rest_n > wanted) {
        say(RUN, "unexpected argument \"%s\" (%s)", a->rest[wanted],
            wanted ? "the query is one argument: put it in quotes"
                   : "the queries are in the file of --workload");
        return EXIT_USAGE;
    }
    return 0;
}

static int check_sources(const struct args *a)
{
    bool stream = given(a, OPT_WORKLOAD) || given(a, OPT_PARAMS_FROM);
    if (stream && a->v[OPT_REPEAT].n > 1)
        return refuse("--repeat goes with -P and --token-ranges: a file is read once");
    if (given(a, OPT_PARAMS_FORMAT) && !given(a, OPT_PARAMS_FROM))
        return refuse("--params-format goes with --params-from");
    if (given(a, OPT_TOKEN_RANGES) && args_is(a, OPT_COMBINE, "zip"))
        return refuse("--token-ranges is combined with -P as a product, not with --combine zip");
    return 0;
}

static int check_format(const struct args *a)
{
    enum row_format f = run_format(a);
    bool lines = f == ROWS_NDJSON || f == ROWS_JSON || f == ROWS_CQL || f == ROWS_NONE;
    bool mark = args_is(a, OPT_EMPTY, "mark");
    if (given(a, OPT_WORKLOAD) && !lines)
        return refuse("--workload: rows of different statements have different columns; use "
                      "--format ndjson, json, cql or none");
    if (given(a, OPT_OUTPUT) && f == ROWS_NONE)
        return refuse("--output: there is nothing to write with --format none");
    if (given(a, OPT_WITH_PARAMS) && (f == ROWS_CQL || f == ROWS_NONE))
        return refuse("--with-params goes with --format csv, tsv, table, ndjson or json");
    if (mark && !given(a, OPT_WITH_PARAMS))
        return refuse("--empty mark needs --with-params: the parameters are what is marked");
    if (given(a, OPT_REDUCE) && (f == ROWS_CQL || f == ROWS_NONE))
        return refuse("--reduce goes with --format csv, tsv, table, ndjson or json");
    return 0;
}

static int check_files(const struct args *a)
{
    enum row_format f = run_format(a);
    bool file = given(a, OPT_OUTPUT) && strcmp(a->v[OPT_OUTPUT].text, "-") != 0;
    if (given(a, OPT_RESUME) && !given(a, OPT_CHECKPOINT))
        return refuse("--resume needs --checkpoint FILE");
    if (given(a, OPT_CHECKPOINT) && !file)
        return refuse("--checkpoint needs --output FILE");
    if (given(a, OPT_CHECKPOINT) && !args_is(a, OPT_ORDER, "input"))
        return refuse("--checkpoint needs --order input");
    if (given(a, OPT_CHECKPOINT) && (f == ROWS_TABLE || f == ROWS_JSON))
        return refuse("--checkpoint goes with --format csv, tsv, ndjson or cql");
    if (given(a, OPT_OVERWRITE) && !given(a, OPT_OUTPUT) && !given(a, OPT_BAD) &&
        !given(a, OPT_HDR))
        return refuse("--overwrite goes with --output");
    return 0;
}

enum row_format run_format(const struct args *a)
{
    if (a->v[OPT_FORMAT].given)
        return rows_format(a->v[OPT_FORMAT].text);
    if (a->v[OPT_WORKLOAD].given)
        return ROWS_NDJSON;
    return !a->v[OPT_OUTPUT].given && isatty(STDOUT_FILENO) ? ROWS_TABLE : ROWS_CSV;
}

int run_retry_delay(const struct args *a, uint64_t *first, uint64_t *most)
{
    const char *text = a->v[OPT_RETRY_DELAY].text;
    const char *comma = strchr(text, ',');
    size_t n = comma ? (size_t)(comma - text) : strlen(text);
    bool good = duration_parse((struct cqlr_str){text, n}, first) == NUMBER_OK;
    *most = UINT64_C(5000000000);
    if (good && comma)
        good = duration_parse(cqlr_cstr(comma + 1), most) == NUMBER_OK && *most >= *first;
    if (!comma && *most < *first)
        *most = *first;
    if (good)
        return 0;
    say(RUN, "--retry-delay: \"%s\" is not a time and a longer one, such as 100ms,5s", text);
    return EXIT_USAGE;
}

int run_check(const struct args *a)
{
    uint64_t first, most;
    int rc = check_query(a);
    if (!rc)
        rc = check_pairs(a);
    if (!rc)
        rc = check_sources(a);
    if (!rc)
        rc = check_format(a);
    if (!rc)
        rc = check_files(a);
    return rc ? rc : run_retry_delay(a, &first, &most);
}
