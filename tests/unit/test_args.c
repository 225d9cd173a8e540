/*
 * test_args.c - the command line: where options may stand, how their names compare, their values,
 * and that every mistake is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/args/suggest.h"

/* The program's own table names functions of all commands; the parser needs names and bits only. */
const struct command commands[] = {
    {.name = "run", .bit = CMD_RUN},
    {.name = "query", .bit = CMD_QUERY},
    {.name = "serve", .bit = CMD_SERVE},
    {.name = NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (name_equal(name, strlen(name), c->name))
            return c;
    return NULL;
}

/* What say() was told last, instead of stderr. */
static char said[512];

void say(const char *command, const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(said, sizeof said, "cqlraw%s%s: ", command ? " " : "", command ? command : "");
    va_start(ap, fmt);
    vsnprintf(said + n, sizeof said - (size_t)n, fmt, ap);
    va_end(ap);
}

/* `line` is cut at every '|'. */
static int parse(struct args *a, const char *line)
{
    static char text[512];
    char *argv[32] = {"cqlraw"};
    int argc = 1;
    snprintf(text, sizeof text, "%s", line);
    for (char *p = text; p; argc++) {
        argv[argc] = p;
        p = strchr(p, '|');
        if (p)
            *p++ = '\0';
    }
    said[0] = '\0';
    return args_parse(a, argc, argv);
}

static void parses(struct args *a, const char *line)
{
    if (parse(a, line) != 0)
        fail_msg("%s: %s", line, said);
}

static void refused(const char *line, const char *want)
{
    struct args a;
    int rc = parse(&a, line);
    args_free(&a);
    if (rc != EXIT_USAGE || strcmp(said, want) != 0)
        fail_msg("%s: %d \"%s\" instead of \"%s\"", line, rc, said, want);
}

static void options_stand_anywhere(void **state)
{
    struct args a;
    (void)state;
    parses(&a, "-j|4|--block=10|run|Q|-c7|--order|none|-P|a=1|--|-P");
    assert_string_equal(a.command->name, "run");
    assert_int_equal(a.v[OPT_PROCESSES].n, 4);
    assert_int_equal(a.v[OPT_BLOCK].n, 10);
    assert_int_equal(a.v[OPT_CONCURRENCY].n, 7);
    assert_true(args_is(&a, OPT_ORDER, "none"));
    assert_int_equal(a.params_n, 1);
    assert_int_equal(a.rest_n, 2);
    assert_string_equal(a.rest[0], "Q");
    assert_string_equal(a.rest[1], "-P");
    args_free(&a);
    parses(&a, "run|-qj4|-P|a=1|-P|b=2|Q");
    assert_true(a.v[OPT_QUIET].given);
    assert_int_equal(a.v[OPT_PROCESSES].n, 4);
    assert_int_equal(a.params_n, 2);
    assert_string_equal(a.params[1], "b=2");
    args_free(&a);
}

static void names_compare_without_case_and_hyphens(void **state)
{
    static const char *const line[] = {"run|--max-errors|5|Q", "run|--maxErrors=5|Q",
                                       "run|--MAX_ERRORS|5|Q", "RUN|--MAXERRORS|5|Q"};
    struct args a;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        parses(&a, line[i]);
        assert_int_equal(a.v[OPT_MAX_ERRORS].n, 5);
        args_free(&a);
    }
    parses(&a, "run|--cl|localquorum|Q|--request-timeout|250ms");
    assert_int_equal(a.v[OPT_CL].n, 6);
    assert_int_equal(a.v[OPT_TIMEOUT].n, 250000000);
    args_free(&a);
}

static void defaults_come_from_the_table(void **state)
{
    struct args a;
    (void)state;
    parses(&a, "run|Q");
    assert_int_equal(a.v[OPT_CONCURRENCY].n, 128);
    assert_int_equal(a.v[OPT_PROCESSES].n, 0);
    assert_int_equal(a.v[OPT_REPEAT].n, 1);
    assert_int_equal(a.v[OPT_TIMEOUT].n, 10000000000);
    assert_int_equal(a.v[OPT_PORT].n, 9042);
    assert_int_equal(a.v[OPT_CL].n, 10);
    assert_string_equal(a.v[OPT_HOST].text, "127.0.0.1");
    assert_true(args_is(&a, OPT_SUMMARY, "text"));
    assert_false(a.v[OPT_FORMAT].given);
    args_free(&a);
    parses(&a, "query|Q");
    assert_true(args_is(&a, OPT_FORMAT, "table"));
    args_free(&a);
}

static void the_environment_stands_in_for_host_and_port(void **state)
{
    struct args a;
    (void)state;
    setenv("CQLSH_HOST", "other", 1);
    setenv("CQLRAW_HOST", "mine", 1);
    setenv("CQLRAW_PORT", "9999", 1);
    parses(&a, "run|Q");
    assert_string_equal(a.v[OPT_HOST].text, "mine");
    assert_int_equal(a.v[OPT_PORT].n, 9999);
    args_free(&a);
    parses(&a, "run|--port|1|Q");
    assert_int_equal(a.v[OPT_PORT].n, 1);
    args_free(&a);
    setenv("CQLRAW_HOST", "", 1);
    parses(&a, "run|Q");
    assert_string_equal(a.v[OPT_HOST].text, "other");
    args_free(&a);
    setenv("CQLRAW_PORT", "x", 1);
    refused("run|Q", "cqlraw run: CQLRAW_PORT: \"x\" is not a number");
    unsetenv("CQLRAW_HOST");
    unsetenv("CQLSH_HOST");
    unsetenv("CQLRAW_PORT");
}

static void every_mistake_is_one_clear_line(void **state)
{
    (void)state;
    refused("run|Q|--block|x", "cqlraw run: --block: \"x\" is not a number");
    refused("run|Q|-jx", "cqlraw run: -j: \"x\" is not a number");
    refused("run|Q|-j0", "cqlraw run: -j: \"0\" is out of range (1 to 1024)");
    refused("run|Q|-c|32768", "cqlraw run: -c: \"32768\" is out of range (1 to 32767)");
    refused("run|Q|--repeat|1e30", "cqlraw run: --repeat: \"1e30\" is out of range (1 or more)");
    refused("run|Q|--port|-1", "cqlraw run: --port: \"-1\" is out of range (1 to 65535)");
    refused("run|Q|-c|auto", "cqlraw run: -c: \"auto\" is not a number");
    refused("run|Q|--block", "cqlraw run: --block needs a value (N|auto)");
    refused("run|Q|-o|--overwrite", "cqlraw run: -o needs a value (FILE)");
    refused("run|Q|--block|1|--BLOCK=2", "cqlraw run: --block is given twice");
    refused("run|Q|--overwrite=yes", "cqlraw run: --overwrite takes no value");
    refused("run|Q|--order|up", "cqlraw run: --order: \"up\" is not one of input|none");
    refused("run|Q|--combine|x", "cqlraw run: --combine: \"x\" is not one of product|zip");
    refused("run|Q|--protocol|5", "cqlraw run: --protocol: \"5\" is not possible yet");
    refused("run|Q|--timeout|5", "cqlraw run: --timeout: \"5\" is not a time such as 250ms, 5s, "
                                 "2m or 1h");
    refused("run|Q|--timeout|0", "cqlraw run: --timeout: \"0\" is too short");
    refused("run|Q|--timeout|99d", "cqlraw run: --timeout: \"99d\" is too long");
    refused("run|Q|--max-errors|x%",
            "cqlraw run: --max-errors: \"x%\" is neither a number nor a percentage");
    refused("run|Q|--max-errors|101%", "cqlraw run: --max-errors: \"101%\" is out of range");
    refused("run|Q|--cl|SOME", "cqlraw run: --cl: \"SOME\" is not a consistency level such as "
                               "LOCAL_ONE or QUORUM");
    refused("run|Q|--blok|1", "cqlraw run: unknown option \"--blok\" (did you mean \"--block\"?)");
    refused("run|Q|--xyzzy", "cqlraw run: unknown option \"--xyzzy\"; see cqlraw run --help");
    refused("run|Q|-Z", "cqlraw run: unknown option \"-Z\"; see cqlraw run --help");
    refused("run|Q|--delay|1s", "cqlraw run: --delay is an option of \"serve\", not of \"run\"");
    refused("rnu|Q", "cqlraw: unknown command \"rnu\" (did you mean \"run\"?). See cqlraw --help");
    refused("frobnicate", "cqlraw: unknown command \"frobnicate\". See cqlraw --help");
    refused("run|Q|--host|", "cqlraw run: --host: \"\" is empty");
}

static void help_is_taken_everywhere(void **state)
{
    static const char *const line[] = {"--help", "run|--help", "--help|run", "run|Q|-h"};
    struct args a;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        parses(&a, line[i]);
        assert_true(a.v[OPT_HELP].given);
        args_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(names_compare_without_case_and_hyphens),
        cmocka_unit_test(defaults_come_from_the_table),
        cmocka_unit_test(the_environment_stands_in_for_host_and_port),
        cmocka_unit_test(every_mistake_is_one_clear_line),
        cmocka_unit_test(help_is_taken_everywhere),
    };
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("HOME"); /* then there are no configuration files */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
