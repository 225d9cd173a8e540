/*
 * options.c - the table of all options. A row here is all it takes to parse an option, check it and
 * show it in the help.
 */
#include "args.h"

#define MS       UINT64_C(1000000)
#define HOUR     (3600 * 1000 * MS)
#define CLIENT   (CMD_RUN | CMD_QUERY)
#define ALL      (CMD_RUN | CMD_QUERY | CMD_SERVE | CMD_HELP | CMD_VERSION)
#define NO_LIMIT ((uint64_t)INT64_MAX)

/* clang-format off */
const struct option options[] = {
    {OPT_PARAM, "param", 'P', NULL, "NAME=SPEC", TYPE_TEXTS, NULL, 0, 0, {0}, CMD_RUN,
     "values of a marker, as above; may be repeated"},
    {OPT_PARAM, "param", 'P', NULL, "NAME=VALUE", TYPE_TEXTS, NULL, 0, 0, {0}, CMD_QUERY,
     "bind a marker (or 0, 1, ... by place); \\N null"},
    {OPT_EXECUTE, "execute", 'e', NULL, "CQL", TYPE_TEXTS, NULL, 0, 0, {0}, CMD_QUERY,
     "statements, separated by ; (may be repeated)"},
    {OPT_FILE, "file", 'f', NULL, "FILE", TYPE_TEXT, NULL, 0, 0, {0}, CMD_QUERY,
     "statements from FILE, - standard input"},
    {OPT_PROCESSES, "processes", 'j', "numprocesses", "N|auto", TYPE_NUMBER, "auto", 1, 1024, {0}, CMD_RUN,
     "worker processes; auto = the cores"},
    {OPT_CONCURRENCY, "concurrency", 'c', "maxrequests", "N", TYPE_NUMBER, "128", 1, 32767, {0}, CMD_RUN,
     "requests in flight, per process"},
    {OPT_BLOCK, "block", 0, NULL, "N|auto", TYPE_NUMBER, "auto", 1, NO_LIMIT, {0}, CMD_RUN,
     "parameter sets per unit; auto = up to 256"},
    {OPT_ORDER, "order", 0, NULL, "input|none", TYPE_CHOICE, "input", 0, 0, {0}, CMD_RUN,
     "order of the parameters, or as rows come"},
    {OPT_COMBINE, "combine", 0, NULL, "product|zip", TYPE_CHOICE, "product", 0, 0, {0}, CMD_RUN,
     "all combinations of -P, or in step"},
    {OPT_REPEAT, "repeat", 0, NULL, "N", TYPE_NUMBER, "1", 1, NO_LIMIT, {0}, CMD_RUN,
     "go N times over the parameter sets"},
    {OPT_OUTPUT, "output", 'o', NULL, "FILE", TYPE_TEXT, NULL, 0, 0, {0}, CMD_RUN,
     "rows to FILE (FILE.part until complete)"},
    {OPT_OVERWRITE, "overwrite", 0, NULL, NULL, TYPE_FLAG, NULL, 0, 0, {0}, CMD_RUN,
     "replace FILE if it exists"},
    {OPT_FORMAT, "format", 0, "mode", "csv|table|none", TYPE_CHOICE, NULL, 0, 0, {0}, CMD_RUN,
     "default: table on a terminal, else csv"},
    {OPT_FORMAT, "format", 0, "mode", "table|csv|ndjson", TYPE_CHOICE, "table", 0, 0, {0}, CMD_QUERY,
     "of the rows"},
    {OPT_MAX_ERRORS, "max-errors", 0, NULL, "N|N%", TYPE_ERRORS, "0", 0, NO_LIMIT, {0}, CMD_RUN,
     "failed parameter sets put up with"},
    {OPT_SUMMARY, "summary", 0, NULL, "text|json|none", TYPE_CHOICE, "text", 0, 0, {0}, CMD_RUN,
     "what follows the line \"N queries ...\""},
    {OPT_HOST, "host", 0, NULL, "H[:P][,...]", TYPE_TEXT, "127.0.0.1", 0, 0,
     {"CQLRAW_HOST", "CQLSH_HOST"}, CLIENT, "contact points, tried in this order"},
    {OPT_PORT, "port", 0, NULL, "PORT", TYPE_NUMBER, "9042", 1, 65535,
     {"CQLRAW_PORT", "CQLSH_PORT"}, CLIENT, "for hosts without one"},
    {OPT_CL, "cl", 0, "consistency", "NAME", TYPE_CONSISTENCY, "LOCAL_ONE", 0, 0, {0}, CLIENT,
     "consistency level"},
    {OPT_PAGE_SIZE, "page-size", 0, NULL, "ROWS", TYPE_NUMBER, "5000", 1, INT32_MAX, {0}, CLIENT,
     "rows per page; all pages are fetched"},
    {OPT_TIMEOUT, "timeout", 0, "request-timeout", "TIME", TYPE_DURATION, "10s", MS, 24 * HOUR, {0}, CLIENT,
     "of a request: 250ms 5s 2m 1h"},
    {OPT_CONNECT_TIMEOUT, "connect-timeout", 0, NULL, "TIME", TYPE_DURATION, "5s", MS, 24 * HOUR, {0}, CLIENT,
     "of opening a connection"},
    {OPT_PROTOCOL, "protocol", 0, "protocol-version", "4", TYPE_CHOICE, "4", 0, 0, {0}, CLIENT,
     "version of the native protocol"},
    {OPT_COMPRESSION, "compression", 0, NULL, "none", TYPE_CHOICE, "none", 0, 0, {0}, CLIENT,
     "of frames"},
    {OPT_LISTEN, "listen", 0, NULL, "ADDR:PORT", TYPE_TEXT, "127.0.0.1:0", 0, 0, {0}, CMD_SERVE,
     "where; port 0 = any free one"},
    {OPT_PORT_FILE, "port-file", 0, NULL, "FILE", TYPE_TEXT, NULL, 0, 0, {0}, CMD_SERVE,
     "write the port there once it listens"},
    {OPT_DELAY, "delay", 0, NULL, "TIME", TYPE_DURATION, "0", 0, HOUR, {0}, CMD_SERVE,
     "hold every answer back for so long"},
    {OPT_JSON, "json", 0, NULL, NULL, TYPE_FLAG, NULL, 0, 0, {0}, CMD_VERSION,
     "as a JSON object"},
    {OPT_QUIET, "quiet", 'q', NULL, NULL, TYPE_FLAG, NULL, 0, 0, {0}, CMD_RUN,
     "no progress line"},
    {OPT_HELP, "help", 'h', NULL, NULL, TYPE_FLAG, NULL, 0, 0, {0}, ALL,
     "this text"},
    {0},
};
/* clang-format on */
