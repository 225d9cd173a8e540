/*
 * args.h - the command line: one table of options, from which come parsing, defaults, range checks
 * and help.
 */
#ifndef CQLRAW_ARGS_H
#define CQLRAW_ARGS_H

#include "cli.h"

enum option_id {
    OPT_PARAM,
    OPT_EXECUTE,
    OPT_FILE,
    OPT_PROCESSES,
    OPT_CONCURRENCY,
    OPT_BLOCK,
    OPT_ORDER,
    OPT_COMBINE,
    OPT_REPEAT,
    OPT_OUTPUT,
    OPT_OVERWRITE,
    OPT_FORMAT,
    OPT_MAX_ERRORS,
    OPT_SUMMARY,
    OPT_HOST,
    OPT_PORT,
    OPT_CL,
    OPT_PAGE_SIZE,
    OPT_TIMEOUT,
    OPT_CONNECT_TIMEOUT,
    OPT_PROTOCOL,
    OPT_COMPRESSION,
    OPT_LISTEN,
    OPT_PORT_FILE,
    OPT_DELAY,
    OPT_JSON,
    OPT_QUIET,
    OPT_HELP,
    OPT_COUNT
};

enum option_type {
    TYPE_FLAG,
    TYPE_TEXT,
    TYPE_TEXTS,    /* may be given many times */
    TYPE_NUMBER,   /* min..max; "auto" = 0 when the argument's name allows it */
    TYPE_DURATION, /* min..max ns */
    TYPE_CHOICE,   /* one of the argument's name: "input|none" */
    TYPE_ERRORS,   /* N or N% */
    TYPE_CONSISTENCY
};

struct option {
    enum option_id id;
    const char *name;
    char letter;       /* 0 = none */
    const char *alias; /* another long name, not shown in the help */
    const char *arg;   /* what stands behind it in the help */
    enum option_type type;
    const char *def; /* NULL = none */
    uint64_t min, max;
    const char
        *env[2];       /* taken when the option is not given; the first that is set and not empty */
    unsigned commands; /* enum command_bit */
    const char *help;
};

/* Ends with a row whose name is NULL. An id may have several rows, for different commands. */
extern const struct option options[];

struct option_value {
    bool given;       /* on the command line or by the environment */
    const char *text; /* as given, or the default, or NULL */
    uint64_t n;       /* NUMBER, DURATION, CONSISTENCY, ERRORS in numbers */
    double share;     /* ERRORS in percent, as a share of 1; 0 = in numbers */
};

/* A parsed command line. Strings are borrowed from argv and the environment. */
struct args {
    const struct command *command; /* NULL: none given */
    struct option_value v[OPT_COUNT];
    const char **params; /* -P, in order */
    size_t params_n;
    const char **execute; /* -e, in order */
    size_t execute_n;
    const char **rest; /* behind the command, what is not an option */
    size_t rest_n;
};

/* argv → args. 0, or EXIT_USAGE after one line on stderr (EXIT_INTERNAL: no memory). With --help
 * the values may be incomplete. Free with args_free in any case. */
int args_parse(struct args *a, int argc, char **argv);
void args_free(struct args *a);

/* true when the option's value is this choice. */
bool args_is(const struct args *a, enum option_id id, const char *choice);

/* What a text says, as that option's value; `shown` is how the option is named in the one line on
 * stderr. 0 or EXIT_USAGE. */
int option_read(const struct option *o, const char *command, const char *shown, const char *text,
                struct option_value *v);

#endif
