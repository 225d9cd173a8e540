/*
 * cli.h - what the program's files share: the commands, the exit codes, and lines for people on
 * stderr.
 */
#ifndef CQLRAW_CLI_H
#define CQLRAW_CLI_H

#include <cqlraw/base.h>

/* The exit codes are a promise to scripts. An interrupted command ends with 128 + the signal. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_SOME_ERRORS = 1, /* done, with some errors, not more than --max-errors */
    EXIT_ABORTED = 2,     /* too many errors, or a statement failed in `query` */
    EXIT_CONNECT = 3,  /* no connection, TLS, login or prepare; input file missing or unreadable */
    EXIT_OUTPUT = 4,   /* output incomplete or not writable */
    EXIT_INTERNAL = 5, /* internal error, or work left undone after workers kept dying */
    EXIT_USAGE = 64,   /* wrong arguments, also a value of the wrong type */
    EXIT_PIPE = 141    /* the reader of stdout went away */
};

/*
 * No text that is made from one answer is longer. An answer has at most 256 MiB; what it holds
 * takes up to seven times that as text, but a few bytes can be a type of many fields, of which each
 * value takes none and is said at length.
 */
#define TEXT_LIMIT ((size_t)2 << 30)

/* One bit each, so that an option can say which commands take it. */
enum command_bit {
    CMD_RUN = 1,
    CMD_QUERY = 2,
    CMD_SERVE = 4,
    CMD_HELP = 8,
    CMD_VERSION = 16,
    CMD_PING = 32,
    CMD_OPTIONS = 64,
    CMD_FRAME = 128
};

struct args;

struct command {
    const char *name;
    enum command_bit bit;
    const char *usage;   /* behind "cqlraw NAME " */
    const char *about;   /* one line */
    const char *details; /* further lines of the help screen, or NULL */
    const char *example;
    int (*run)(const struct args *a);
};

/* Ends with a row whose name is NULL. */
extern const struct command commands[];
/* NULL when there is none of this name. */
const struct command *command_find(const char *name);

int cmd_run(const struct args *a);
int cmd_query(const struct args *a);
int cmd_ping(const struct args *a);
int cmd_options(const struct args *a);
int cmd_serve(const struct args *a);
int cmd_help(const struct args *a);
int cmd_frame(const struct args *a);
int cmd_version(const struct args *a);

/* "cqlraw COMMAND: TEXT" as one line on stderr (control characters become spaces, an overlong text
 * is cut). command NULL: "cqlraw: TEXT". */
void say(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes code and text to err, as the library does. Returns code. */
int err_set(struct cqlr_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
