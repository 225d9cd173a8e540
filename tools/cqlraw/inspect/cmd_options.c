/*
 * cmd_options.c - `cqlraw options`: the SUPPORTED message of a server and what its system tables
 * say of it and of its peers, as an aligned list or as JSON.
 */
#include <stdio.h>

#include "options_print.h"
#include "tools/cqlraw/args/client_args.h"
#include "tools/cqlraw/config/config_show.h"
#include "tools/cqlraw/io/out.h"
#include "tools/cqlraw/io/signals.h"

#define OPTIONS "options"

#define LOCAL_CQL                                                                                  \
    "SELECT release_version, cql_version, native_protocol_version, cluster_name, partitioner, "    \
    "data_center, rack, host_id, tokens FROM system.local WHERE key='local'"
#define PEERS_V2_CQL                                                                               \
    "SELECT native_address, data_center, rack, release_version, host_id, tokens, native_port "     \
    "FROM system.peers_v2"
#define PEERS_CQL                                                                                  \
    "SELECT rpc_address, data_center, rack, release_version, host_id, tokens FROM system.peers"

static int failed(cqlr_client *client, int code)
{
    char room[CLIENT_ERROR];
    say(OPTIONS, "%s", client_error(cqlr_client_err(client), room));
    return code;
}

/* Servers before Cassandra 4.0 have no peers_v2: that is the error Invalid. */
static cqlr_reply *ask_peers(cqlr_client *client)
{
    cqlr_reply *r = cqlr_sync_query(client, cqlr_cstr(PEERS_V2_CQL), NULL);
    if (!r && cqlr_client_err(client)->server_code == CQLR_SERVER_INVALID)
        r = cqlr_sync_query(client, cqlr_cstr(PEERS_CQL), NULL);
    return r;
}

static int print(const struct server_options *s, bool json)
{
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    cqlr_wr_init(&w, NULL, TEXT_LIMIT);
    int rc = (json ? options_print_json : options_print_text)(&w, s, &err);
    int code = EXIT_ABORTED;
    if (rc < 0)
        say(OPTIONS, "%s", err.code ? err.text : cqlr_errcode_text(rc));
    else
        code = out_stdout(OPTIONS, (const char *)w.p, w.n);
    cqlr_wr_fini(&w);
    return code;
}

static int show(cqlr_client *client, const struct args *a)
{
    struct server_options s = {.address = cqlr_client_peer(client)};
    cqlr_reply *supported = cqlr_sync_options(client);
    cqlr_reply *local = supported ? cqlr_sync_query(client, cqlr_cstr(LOCAL_CQL), NULL) : NULL;
    s.peers = local ? ask_peers(client) : NULL;
    int code = EXIT_ABORTED;
    if (!s.peers) {
        failed(client, code);
    } else if (cqlr_reply_next(local, &s.local) != 1) {
        say(OPTIONS, "system.local has no row");
    } else {
        s.supported = cqlr_reply_supported(supported);
        code = print(&s, a->v[OPT_JSON].given);
    }
    cqlr_reply_free(s.peers);
    cqlr_reply_free(local);
    cqlr_reply_free(supported);
    return code;
}

static int connect_and_show(cqlr_client *client, const struct args *a)
{
    if (cqlr_sync_connect(client) == 0)
        return show(client, a);
    int rc = cqlr_client_err(client)->code;
    return failed(client, rc == CQLR_E_USAGE || rc == CQLR_E_RANGE ? EXIT_USAGE : EXIT_CONNECT);
}

int cmd_options(const struct args *a)
{
    struct cqlr_client_opts o;
    if (a->rest_n) {
        say(OPTIONS, "unexpected argument \"%s\"", a->rest[0]);
        return EXIT_USAGE;
    }
    if (a->v[OPT_CONFIG].given)
        return config_show(a);
    signals_exit();
    int code = client_args(&o, a);
    if (code)
        return code;
    cqlr_client *client = cqlr_client_new(&o);
    if (!client) {
        say(OPTIONS, "out of memory");
        return EXIT_INTERNAL;
    }
    code = connect_and_show(client, a);
    cqlr_client_free(client);
    return code;
}
