/*
 * values.c - the codec's answers about values, one line for one line, for a program in another
 * language that knows what they should be.
 *
 *   TYPE <tab> COMMAND <tab> GIVEN     TYPE is an [option], GIVEN a text or a value; both in hex
 *
 * COMMAND is parse or json (GIVEN is text, the answer the value), or print, literal or print_json
 * (GIVEN is the value, the answer its text). The answer is "=" and hex, or "!" and why there is
 * none. GIVEN ends where its block does, so that a sanitizer sees a read behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cqlraw/value.h>

typedef int answer_fn(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_bytes given,
                      struct cqlr_err *err);

static struct cqlr_str as_text(struct cqlr_bytes b)
{
    return (struct cqlr_str){(const char *)b.p, b.n};
}

static struct cqlr_value as_value(struct cqlr_bytes b)
{
    return (struct cqlr_value){b.p, (int32_t)b.n};
}

static int parse(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_bytes given,
                 struct cqlr_err *err)
{
    return cqlr_value_parse(w, t, as_text(given), err);
}

static int json(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_bytes given,
                struct cqlr_err *err)
{
    return cqlr_value_from_json(w, t, as_text(given), err);
}

static int print(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_bytes given,
                 struct cqlr_err *err)
{
    return cqlr_value_print(w, t, as_value(given), CQLR_TEXT, err);
}

static int literal(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_bytes given,
                   struct cqlr_err *err)
{
    return cqlr_value_print(w, t, as_value(given), CQLR_LITERAL, err);
}

static int print_json(struct cqlr_wr *w, const struct cqlr_type *t, struct cqlr_bytes given,
                      struct cqlr_err *err)
{
    return cqlr_value_print(w, t, as_value(given), CQLR_JSON, err);
}

static const struct command {
    const char *name;
    answer_fn *answer;
} commands[] = {{"parse", parse},
                {"json", json},
                {"print", print},
                {"literal", literal},
                {"print_json", print_json}};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void die(const char *why, unsigned long line)
{
    fprintf(stderr, "values: line %lu: %s\n", line, why);
    exit(64);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A new block of the bytes that hex says, to be freed; p is NULL when it is no hex. */
static struct cqlr_bytes unhex(const char *hex)
{
    size_t n = strlen(hex);
    uint8_t *p = n % 2 ? NULL : malloc(n ? n / 2 : 1);
    for (size_t i = 0; p && i < n; i += 2) {
        int high = digit(hex[i]), low = digit(hex[i + 1]);
        if (high < 0 || low < 0) {
            free(p);
            p = NULL;
        } else {
            p[i / 2] = (uint8_t)(high << 4 | low);
        }
    }
    return (struct cqlr_bytes){p, n / 2};
}

static void say_hex(const struct cqlr_wr *w)
{
    putchar('=');
    for (size_t i = 0; i < w->n; i++) {
        putchar("0123456789abcdef"[w->p[i] >> 4]);
        putchar("0123456789abcdef"[w->p[i] & 15]);
    }
    putchar('\n');
}

static void say_answer(answer_fn *answer, struct cqlr_bytes option, struct cqlr_bytes given)
{
    struct cqlr_err err = {0};
    struct cqlr_arena arena;
    struct cqlr_type type;
    struct cqlr_wr w;
    struct cqlr_rd r;
    cqlr_arena_init(&arena, NULL);
    cqlr_wr_init(&w, NULL, 0);
    cqlr_rd_init(&r, option.p, option.n, &err);
    int rc = cqlr_type_read(&r, &arena, &type);
    if (!rc && cqlr_rd_left(&r))
        rc = cqlr_rd_bad(&r, "type", "bytes behind it");
    if (!rc)
        rc = answer(&w, &type, given, &err);
    if (rc)
        printf("!%s\n", err.text);
    else
        say_hex(&w);
    cqlr_wr_fini(&w);
    cqlr_arena_fini(&arena);
}

/* Cuts the next part off the line at *rest, "" when none is left. */
static char *take_part(char **rest)
{
    char *part = *rest;
    *rest += strcspn(part, "\t\n");
    if (**rest)
        *(*rest)++ = '\0';
    return part;
}

static void answer_line(char *line, unsigned long number)
{
    struct cqlr_bytes option = unhex(take_part(&line));
    const char *name = take_part(&line);
    struct cqlr_bytes given = unhex(take_part(&line));
    size_t i = 0;
    while (i < COMMANDS && strcmp(commands[i].name, name) != 0)
        i++;
    if (!option.p || !given.p)
        die("no hex", number);
    if (i == COMMANDS)
        die("no such command", number);
    say_answer(commands[i].answer, option, given);
    free((void *)option.p);
    free((void *)given.p);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    for (unsigned long number = 1; getline(&line, &size, stdin) > 0; number++)
        answer_line(line, number);
    free(line);
    return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
