/*
 * option_read.c - the text of an option → its value, by the type that the table gives it. What does
 * not fit is told in one line that says what would.
 */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "numbers.h"
#include "suggest.h"
#include "tools/cqlraw/config/config_key.h"

/* One of "a|b|c"? */
static bool is_choice(const char *choices, const char *text)
{
    for (const char *p = choices; *p;) {
        char one[32];
        size_t n = strcspn(p, "|");
        snprintf(one, sizeof one, "%.*s", (int)n, p);
        if (name_equal(text, strlen(text), one))
            return true;
        p += n + (p[n] == '|');
    }
    return false;
}

static int refuse(const char *command, const char *shown, const char *text, const char *why)
{
    say(command, "%s: \"%s\" %s", shown, text, why);
    return EXIT_USAGE;
}

static int read_number(const struct option *o, const char *command, const char *shown,
                       const char *text, struct option_value *v)
{
    int64_t n = 0;
    char why[80];
    if (is_choice(o->arg, "auto") && name_equal(text, strlen(text), "auto")) {
        v->n = 0;
        return 0;
    }
    enum number_rc rc = number_parse(cqlr_cstr(text), &n);
    if (rc == NUMBER_BAD)
        return refuse(command, shown, text, "is not a number");
    if (rc == NUMBER_RANGE || n < 0 || (uint64_t)n < o->min || (uint64_t)n > o->max) {
        if (o->max == INT64_MAX)
            snprintf(why, sizeof why, "is out of range (%llu or more)", (unsigned long long)o->min);
        else
            snprintf(why, sizeof why, "is out of range (%llu to %llu)", (unsigned long long)o->min,
                     (unsigned long long)o->max);
        return refuse(command, shown, text, why);
    }
    v->n = (uint64_t)n;
    return 0;
}

static int read_size(const struct option *o, const char *command, const char *shown,
                     const char *text, struct option_value *v)
{
    enum number_rc rc = size_parse(cqlr_cstr(text), &v->n);
    if (rc == NUMBER_BAD)
        return refuse(command, shown, text, "is not a size such as 64KiB, 256MiB or 1G");
    if (rc == NUMBER_RANGE || v->n > o->max)
        return refuse(command, shown, text, "is too large");
    if (v->n < o->min)
        return refuse(command, shown, text, "is too small");
    return 0;
}

static int read_rate(const char *command, const char *shown, const char *text,
                     struct option_value *v)
{
    enum number_rc rc = rate_parse(cqlr_cstr(text), &v->rate);
    if (rc == NUMBER_BAD)
        return refuse(command, shown, text, "is not a rate per second such as 500, 50k or 0.5");
    return rc ? refuse(command, shown, text, "is out of range (above 0)") : 0;
}

static int read_duration(const struct option *o, const char *command, const char *shown,
                         const char *text, struct option_value *v)
{
    enum number_rc rc = duration_parse(cqlr_cstr(text), &v->n);
    if (rc == NUMBER_BAD)
        return refuse(command, shown, text, "is not a time such as 250ms, 5s, 2m or 1h");
    if (rc == NUMBER_RANGE || v->n > o->max)
        return refuse(command, shown, text, "is too long");
    if (v->n < o->min)
        return refuse(command, shown, text, "is too short");
    return 0;
}

static int read_errors(const char *command, const char *shown, const char *text,
                       struct option_value *v)
{
    int64_t n = 0;
    size_t len = strlen(text);
    bool percent = len > 0 && text[len - 1] == '%';
    enum number_rc rc =
        percent ? percent_parse(cqlr_cstr(text), &v->share) : number_parse(cqlr_cstr(text), &n);
    if (rc == NUMBER_BAD)
        return refuse(command, shown, text, "is neither a number nor a percentage");
    if (rc == NUMBER_RANGE || n < 0)
        return refuse(command, shown, text, "is out of range");
    v->n = (uint64_t)n;
    return 0;
}

static int read_consistency(const char *command, const char *shown, const char *text,
                            struct option_value *v)
{
    for (uint16_t c = CQLR_CL_ANY; c <= CQLR_CL_LOCAL_ONE; c++) {
        const char *name = cqlr_consistency_name(c);
        if (name && name_equal(text, strlen(text), name)) {
            v->n = c;
            return 0;
        }
    }
    return refuse(command, shown, text, "is not a consistency level such as LOCAL_ONE or QUORUM");
}

int option_read(const struct option *o, const char *command, const char *shown, const char *text,
                struct option_value *v)
{
    char why[80];
    int truth;
    v->text = text;
    switch (o->type) {
    case TYPE_NUMBER:
        return read_number(o, command, shown, text, v);
    case TYPE_SIZE:
        return read_size(o, command, shown, text, v);
    case TYPE_RATE:
        return read_rate(command, shown, text, v);
    case TYPE_DURATION:
        return read_duration(o, command, shown, text, v);
    case TYPE_ERRORS:
        return read_errors(command, shown, text, v);
    case TYPE_CONSISTENCY:
        return read_consistency(command, shown, text, v);
    case TYPE_CHOICE:
        if (is_choice(o->arg, text))
            return 0;
        snprintf(why, sizeof why, "is not one of %s", o->arg);
        return refuse(command, shown, text, strchr(o->arg, '|') ? why : "is not possible yet");
    case TYPE_TEXT:
        return *text ? 0 : refuse(command, shown, text, "is empty");
    case TYPE_FLAG:
        truth = config_truth(cqlr_cstr(text));
        v->given = truth > 0;
        return truth < 0 ? refuse(command, shown, text, "is neither true nor false") : 0;
    case TYPE_TEXTS:
        break;
    }
    return 0;
}
