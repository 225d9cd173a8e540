/*
 * commands.c - the table of commands, and the shortest of them.
 */
#include <stdio.h>
#include <string.h>

#include <cqlraw/link.h>
#include <cqlraw/tls.h>
#include <cqlraw/version.h>

#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/args/suggest.h"
#include "tools/cqlraw/io/out.h"

const struct command commands[] = {
    {"run", CMD_RUN, "QUERY [-P NAME=SPEC]... [OPTIONS]",
     "one statement, many parameter sets, all cores; rows in their order",
     "SPEC:  id=1..1M   id=0..100:5   id=9..1      integers; with step; downwards\n"
     "       d=2024-01-01..2024-12-31:1d           dates; steps d, w, mo, y\n"
     "       t=2024-01-01T00Z..2024-01-02T00Z:15m  times; steps also ms, s, m, h\n"
     "       c=a,b,c   c==a,b,c   c=@file   c=@-   list; one text; a line each; stdin\n"
     "NAME:  the marker's name (the column of the ?), or 0, 1, ... by place, or _\n",
     "cqlraw run \"SELECT * FROM app.users WHERE id=?\" -P id=1..1M -o users.csv", cmd_run},
    {"query", CMD_QUERY, "[-e CQL]... [CQL] [-f FILE] [-P NAME=VALUE]... [OPTIONS]",
     "statements in order, rows as a table, CSV or JSON", NULL,
     "cqlraw query \"SELECT key, release_version FROM system.local\" --format ndjson", cmd_query},
    {"ping", CMD_PING, "[HOST[:PORT]]... [OPTIONS]",
     "times to connect, of the handshake and of round trips",
     "A line for each address (without arguments: for each of --host); times of round\n"
     "trips are min/median/max. All are measured at the same time. Exit code 3 if any\n"
     "of them fails.\n",
     "cqlraw ping 10.0.0.1 10.0.0.2 -n 10 -i 100ms --query", cmd_ping},
    {"options", CMD_OPTIONS, "[OPTIONS]",
     "what a server supports and who it is: versions, cluster, ring", NULL,
     "cqlraw options --host 10.0.0.1 --json", cmd_options},
    {"serve", CMD_SERVE, "[OPTIONS]", "a small CQL server for tests; records and replays real ones",
     "Alone it answers SELECT on its own system tables. With --upstream and --record\n"
     "it passes connections on to a server and writes what passes, which \"frame decode\n"
     "--pcap\" and Wireshark read. With --replay it answers from such a file; what is\n"
     "not in it gets an error that says so.\n",
     "cqlraw serve --port-file p & sleep 1; cqlraw query Q --port $(cat p)", cmd_serve},
    {"frame", CMD_FRAME,
     "decode --hex STR | --pcap FILE | FILE | - [OPTIONS]\n"
     "       cqlraw frame encode REQUEST [ARGUMENT]... [OPTIONS]",
     "what protocol frames say, also those of a capture; requests as bytes",
     "encode: STARTUP [KEY=VALUE]...  OPTIONS  REGISTER [EVENT]...  QUERY CQL\n"
     "        PREPARE CQL  EXECUTE --id HEX  BATCH [CQL | id:HEX]...\n"
     "        AUTH_RESPONSE VALUE\n",
     "cqlraw frame decode --pcap session.pcapng --pair", cmd_frame},
    {"help", CMD_HELP, "[COMMAND]", "what there is, and the options of a command", NULL,
     "cqlraw help run", cmd_help},
    {"version", CMD_VERSION, "[--json]", "the version, and what was built in", NULL,
     "cqlraw version --json", cmd_version},
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (name_equal(name, strlen(name), c->name))
            return c;
    return NULL;
}

int cmd_version(const struct args *a)
{
    char text[240];
    bool tls = cqlr_tls_built(), lz4 = cqlr_lz4_built();
    if (a->rest_n) {
        say("version", "unexpected argument \"%s\"", a->rest[0]);
        return EXIT_USAGE;
    }
    if (a->v[OPT_JSON].given)
        snprintf(text, sizeof text,
                 "{\"cqlraw\":\"%s\",\"library\":\"%s\",\"protocol\":[4],\"tls\":%s,\"lz4\":%s}\n",
                 CQLRAW_VERSION, cqlr_version(), tls ? "true" : "false", lz4 ? "true" : "false");
    else
        snprintf(text, sizeof text, "cqlraw %s\nTLS %s, LZ4 %s\n", CQLRAW_VERSION,
                 tls ? "yes" : "no", lz4 ? "yes" : "no");
    return out_stdout("version", text, strlen(text));
}
