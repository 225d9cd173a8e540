/*
 * args.h - the command line: one table of options, from which come parsing, defaults, range checks
 * and help.
 */
#ifndef CQLRAW_ARGS_H
#define CQLRAW_ARGS_H

#include "tools/cqlraw/cli.h"

enum option_id {
    OPT_PARAM,
    OPT_PARAMS_FROM,
    OPT_PARAMS_FORMAT,
    OPT_WORKLOAD,
    OPT_TOKEN_RANGES,
    OPT_EXECUTE,
    OPT_FILE,
    OPT_PROCESSES,
    OPT_CONCURRENCY,
    OPT_RATE,
    OPT_BLOCK,
    OPT_ORDER,
    OPT_REORDER_MEMORY,
    OPT_COMBINE,
    OPT_REPEAT,
    OPT_REDUCE,
    OPT_OUTPUT,
    OPT_OVERWRITE,
    OPT_FORMAT,
    OPT_WITH_PARAMS,
    OPT_EMPTY,
    OPT_EXPAND,
    OPT_TRACE,
    OPT_MAX_ERRORS,
    OPT_BAD,
    OPT_CHECKPOINT,
    OPT_RESUME,
    OPT_DRY_RUN,
    OPT_IDEMPOTENT,
    OPT_RETRIES,
    OPT_RETRY_DELAY,
    OPT_OUTAGE_WAIT,
    OPT_SUMMARY,
    OPT_HDR,
    OPT_PER_WORKER,
    OPT_HOST,
    OPT_PORT,
    OPT_KEYSPACE,
    OPT_USERNAME,
    OPT_PASSWORD,
    OPT_PASSWORD_FILE,
    OPT_PASSWORD_FD,
    OPT_PLAINTEXT_PASSWORD,
    OPT_TLS,
    OPT_CACERT,
    OPT_CRL,
    OPT_CERT,
    OPT_KEY,
    OPT_KEY_PASSWORD_FILE,
    OPT_TLS_SERVERNAME,
    OPT_INSECURE,
    OPT_PROFILE,
    OPT_CONFIG_FILE,
    OPT_CQLSHRC,
    OPT_CREDENTIALS,
    OPT_NO_CONFIG,
    OPT_CONFIG,
    OPT_CL,
    OPT_SCL,
    OPT_PAGE_SIZE,
    OPT_TIMEOUT,
    OPT_CONNECT_TIMEOUT,
    OPT_PROTOCOL,
    OPT_COMPRESSION,
    OPT_COUNT_N,
    OPT_INTERVAL,
    OPT_QUERY,
    OPT_HEX,
    OPT_PCAP,
    OPT_PAIR,
    OPT_OPCODE,
    OPT_STREAM,
    OPT_ID,
    OPT_BATCH_TYPE,
    OPT_PAGING_STATE,
    OPT_TIMESTAMP,
    OPT_SKIP,
    OPT_LZ4,
    OPT_BINARY,
    OPT_SHOW_SECRETS,
    OPT_LISTEN,
    OPT_PORT_FILE,
    OPT_DELAY,
    OPT_AUTH,
    OPT_UPSTREAM,
    OPT_RECORD,
    OPT_REPLAY,
    OPT_STATS,
    OPT_JSON,
    OPT_COLOR,
    OPT_VERBOSE,
    OPT_LOG,
    OPT_QUIET,
    OPT_ALL,
    OPT_HELP,
    OPT_COUNT
};

enum option_type {
    TYPE_FLAG,
    TYPE_TEXT,
    TYPE_TEXTS,    /* may be given many times */
    TYPE_NUMBER,   /* min..max; "auto" = 0 when the argument's name allows it */
    TYPE_SIZE,     /* min..max bytes: 256MiB, 64k, 4096 */
    TYPE_RATE,     /* per second: 50k, 0.5; above 0 */
    TYPE_DURATION, /* min..max ns */
    TYPE_CHOICE,   /* one of the argument's name: "input|none" */
    TYPE_ERRORS,   /* N or N% */
    TYPE_CONSISTENCY
};

/* Where the help shows it: on the one screen of --help, or with --all only. */
enum help_group { HELP_MAIN, HELP_MORE, HELP_CONNECTION, HELP_TLS };

struct option {
    enum option_id id;
    const char *name;
    char letter;       /* 0 = none */
    unsigned commands; /* enum command_bit */
    enum help_group group;
    enum option_type type;
    const char *arg;   /* what stands behind it in the help */
    const char *alias; /* another long name, not shown in the help */
    const char *def;   /* NULL = none */
    uint64_t min, max;
    const char
        *env[2]; /* taken when the option is not given; the first that is set and not empty */
    const char *help;
};

/* Ends with a row whose name is NULL. An id may have several rows, for different commands. */
extern const struct option options[];

/* Where a value is from; higher goes first. */
enum option_from { FROM_NOWHERE, FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_COMMAND_LINE };

struct option_value {
    bool given; /* not just the default; a flag: it is on */
    enum option_from from;
    const char *origin; /* the variable, or "FILE:LINE"; NULL otherwise */
    const char *text;   /* as given, or the default, or NULL */
    uint64_t n;         /* NUMBER, SIZE, DURATION, CONSISTENCY, ERRORS in numbers */
    double share;       /* ERRORS in percent, as a share of 1; 0 = in numbers */
    double rate;        /* RATE */
};

/* A parsed command line. Strings are borrowed from argv, the environment and the configuration. */
struct args {
    const struct command *command; /* NULL: none given */
    struct option_value v[OPT_COUNT];
    const char **params; /* -P, in order */
    size_t params_n;
    const char **execute; /* -e, in order */
    size_t execute_n;
    const char **rest; /* behind the command, what is not an option */
    size_t rest_n;
    struct config *config; /* NULL = none was read */
    char *secret; /* SECRET_SIZE bytes for a password, of commands that connect; wiped when freed */
    char *key_secret; /* as many for the password of a key */
    int log_fd;       /* -1 = none; log.h */
};

#define SECRET_SIZE 1024

/* argv → args; what is not on the command line comes from the environment, the configuration (for
 * commands that connect) or the table, in this order. A password is moved out of argv and the
 * environment. 0, or EXIT_USAGE after one line on stderr (EXIT_INTERNAL: no memory). With --help or
 * without a command the values are those of the command line only. Free (and wipe) with args_free
 * in any case. */
int args_parse(struct args *a, int argc, char **argv);
void args_free(struct args *a);

/* true when the option's value is this choice. */
bool args_is(const struct args *a, enum option_id id, const char *choice);

/* The row of an option for these commands, else any row of that name. Give a name or a letter. */
const struct option *option_find(const char *name, size_t n, char letter, unsigned commands);

/* Has a command that connects this option? Only those read the configuration. */
bool option_connects(const struct option *o);

/* What a text says, as that option's value; `shown` is how the option is named in the one line on
 * stderr. 0 or EXIT_USAGE. */
int option_read(const struct option *o, const char *command, const char *shown, const char *text,
                struct option_value *v);

#endif
