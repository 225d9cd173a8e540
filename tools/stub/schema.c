/*
 * schema.c - which tables the stub has, their keys, columns and types: those of a Cassandra 5.0 as
 * far as drivers read them.
 *
 * system.local and system.peers* have every column of the real ones. system_schema.{tables,views}
 * leave the storage options out, which mean nothing here.
 */
#include "tables.h"

static const struct cqlr_type TEXT_TEXT[] = {{.id = CQLR_TYPE_VARCHAR}, {.id = CQLR_TYPE_VARCHAR}};
static const struct cqlr_type UUID_BLOB[] = {{.id = CQLR_TYPE_UUID}, {.id = CQLR_TYPE_BLOB}};

#define SIMPLE(NAME, ID, CQL) static const struct stub_type NAME = {{.id = ID}, CQL}
#define OF(NAME, ID, COUNT, SUB, CQL)                                                              \
    static const struct stub_type NAME = {{.id = ID, .count = COUNT, .sub = SUB}, CQL}

SIMPLE(TEXT, CQLR_TYPE_VARCHAR, "text");
SIMPLE(INT, CQLR_TYPE_INT, "int");
SIMPLE(BOOLEAN, CQLR_TYPE_BOOLEAN, "boolean");
SIMPLE(BLOB, CQLR_TYPE_BLOB, "blob");
SIMPLE(UUID, CQLR_TYPE_UUID, "uuid");
SIMPLE(INET, CQLR_TYPE_INET, "inet");
SIMPLE(TIMESTAMP, CQLR_TYPE_TIMESTAMP, "timestamp");
OF(SET, CQLR_TYPE_SET, 1, TEXT_TEXT, "set<text>");
OF(FROZEN_SET, CQLR_TYPE_SET, 1, TEXT_TEXT, "frozen<set<text>>");
OF(FROZEN_LIST, CQLR_TYPE_LIST, 1, TEXT_TEXT, "frozen<list<text>>");
OF(FROZEN_MAP, CQLR_TYPE_MAP, 2, TEXT_TEXT, "frozen<map<text, text>>");
OF(UUID_BLOB_MAP, CQLR_TYPE_MAP, 2, UUID_BLOB, "map<uuid, blob>");

static const struct stub_column_def LOCAL[] = {
    {"key", &TEXT},
    {"bootstrapped", &TEXT},
    {"broadcast_address", &INET},
    {"broadcast_port", &INT},
    {"cluster_name", &TEXT},
    {"cql_version", &TEXT},
    {"data_center", &TEXT},
    {"gossip_generation", &INT},
    {"host_id", &UUID},
    {"listen_address", &INET},
    {"listen_port", &INT},
    {"native_protocol_version", &TEXT},
    {"partitioner", &TEXT},
    {"rack", &TEXT},
    {"release_version", &TEXT},
    {"rpc_address", &INET},
    {"rpc_port", &INT},
    {"schema_version", &UUID},
    {"tokens", &SET},
    {"truncated_at", &UUID_BLOB_MAP},
};
static const struct stub_column_def PEERS[] = {
    {"peer", &INET},         {"data_center", &TEXT},    {"host_id", &UUID},
    {"preferred_ip", &INET}, {"rack", &TEXT},           {"release_version", &TEXT},
    {"rpc_address", &INET},  {"schema_version", &UUID}, {"tokens", &SET},
};
static const struct stub_column_def PEERS_V2[] = {
    {"peer", &INET},           {"peer_port", &INT},
    {"data_center", &TEXT},    {"host_id", &UUID},
    {"native_address", &INET}, {"native_port", &INT},
    {"preferred_ip", &INET},   {"preferred_port", &INT},
    {"rack", &TEXT},           {"release_version", &TEXT},
    {"schema_version", &UUID}, {"tokens", &SET},
};
static const struct stub_column_def KEYSPACES[] = {
    {"keyspace_name", &TEXT},
    {"durable_writes", &BOOLEAN},
    {"replication", &FROZEN_MAP},
};
static const struct stub_column_def TABLES[] = {
    {"keyspace_name", &TEXT}, {"table_name", &TEXT}, {"comment", &TEXT},
    {"flags", &FROZEN_SET},   {"id", &UUID},
};
static const struct stub_column_def COLUMNS[] = {
    {"keyspace_name", &TEXT},     {"table_name", &TEXT},
    {"column_name", &TEXT},       {"clustering_order", &TEXT},
    {"column_name_bytes", &BLOB}, {"kind", &TEXT},
    {"position", &INT},           {"type", &TEXT},
};
static const struct stub_column_def TYPES[] = {
    {"keyspace_name", &TEXT},
    {"type_name", &TEXT},
    {"field_names", &FROZEN_LIST},
    {"field_types", &FROZEN_LIST},
};
static const struct stub_column_def FUNCTIONS[] = {
    {"keyspace_name", &TEXT},
    {"function_name", &TEXT},
    {"argument_types", &FROZEN_LIST},
    {"argument_names", &FROZEN_LIST},
    {"body", &TEXT},
    {"called_on_null_input", &BOOLEAN},
    {"language", &TEXT},
    {"return_type", &TEXT},
};
static const struct stub_column_def AGGREGATES[] = {
    {"keyspace_name", &TEXT}, {"aggregate_name", &TEXT}, {"argument_types", &FROZEN_LIST},
    {"final_func", &TEXT},    {"initcond", &TEXT},       {"return_type", &TEXT},
    {"state_func", &TEXT},    {"state_type", &TEXT},
};
static const struct stub_column_def INDEXES[] = {
    {"keyspace_name", &TEXT}, {"table_name", &TEXT},    {"index_name", &TEXT},
    {"kind", &TEXT},          {"options", &FROZEN_MAP},
};
static const struct stub_column_def VIEWS[] = {
    {"keyspace_name", &TEXT},   {"view_name", &TEXT}, {"base_table_id", &UUID},
    {"base_table_name", &TEXT}, {"id", &UUID},        {"include_all_columns", &BOOLEAN},
    {"where_clause", &TEXT},
};
static const struct stub_column_def TRIGGERS[] = {
    {"keyspace_name", &TEXT},
    {"table_name", &TEXT},
    {"trigger_name", &TEXT},
    {"options", &FROZEN_MAP},
};
static const struct stub_column_def DROPPED_COLUMNS[] = {
    {"keyspace_name", &TEXT},     {"table_name", &TEXT}, {"column_name", &TEXT},
    {"dropped_time", &TIMESTAMP}, {"kind", &TEXT},       {"type", &TEXT},
};
static const struct stub_column_def VIRTUAL_KEYSPACES[] = {{"keyspace_name", &TEXT}};
static const struct stub_column_def VIRTUAL_TABLES[] = {
    {"keyspace_name", &TEXT},
    {"table_name", &TEXT},
    {"comment", &TEXT},
};

#define DEF(ID, KEYSPACE, NAME, COMMENT, PARTITION_KEY, CLUSTERING, COLUMN)                        \
    [ID] = {KEYSPACE, NAME, COMMENT, PARTITION_KEY, CLUSTERING, sizeof COLUMN / sizeof *COLUMN,    \
            COLUMN}

#define S "system_schema"
#define V "system_virtual_schema"

const struct stub_table_def stub_table_defs[STUB_TABLE_COUNT] = {
    DEF(STUB_LOCAL, "system", "local", "information about the local node", 1, 0, LOCAL),
    DEF(STUB_PEERS, "system", "peers", "information about known peers", 1, 0, PEERS),
    DEF(STUB_PEERS_V2, "system", "peers_v2", "information about known peers", 1, 1, PEERS_V2),
    DEF(STUB_KEYSPACES, S, "keyspaces", "keyspace definitions", 1, 0, KEYSPACES),
    DEF(STUB_TABLES, S, "tables", "table definitions", 1, 1, TABLES),
    DEF(STUB_COLUMNS, S, "columns", "column definitions", 1, 2, COLUMNS),
    DEF(STUB_TYPES, S, "types", "user defined type definitions", 1, 1, TYPES),
    DEF(STUB_FUNCTIONS, S, "functions", "user defined function definitions", 1, 2, FUNCTIONS),
    DEF(STUB_AGGREGATES, S, "aggregates", "user defined aggregate definitions", 1, 2, AGGREGATES),
    DEF(STUB_INDEXES, S, "indexes", "secondary index definitions", 1, 2, INDEXES),
    DEF(STUB_VIEWS, S, "views", "materialized views definitions", 1, 1, VIEWS),
    DEF(STUB_TRIGGERS, S, "triggers", "trigger definitions", 1, 2, TRIGGERS),
    DEF(STUB_DROPPED_COLUMNS, S, "dropped_columns", "dropped columns", 1, 2, DROPPED_COLUMNS),
    DEF(STUB_VIRTUAL_KEYSPACES, V, "keyspaces", "virtual keyspaces", 1, 0, VIRTUAL_KEYSPACES),
    DEF(STUB_VIRTUAL_TABLES, V, "tables", "virtual tables", 1, 1, VIRTUAL_TABLES),
    DEF(STUB_VIRTUAL_COLUMNS, V, "columns", "virtual column definitions", 1, 2, COLUMNS),
};
