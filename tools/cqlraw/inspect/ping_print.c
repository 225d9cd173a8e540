/*
 * ping_print.c - see the header. A column is as wide as the longest text in it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ping_print.h"
#include "tools/cqlraw/rows/out_json.h"
#include "tools/cqlraw/rows/width.h"

#define MS 1e6

__attribute__((format(printf, 2, 3))) static void add(struct cqlr_wr *w, const char *fmt, ...)
{
    char text[128]; /* longer ones are put with cqlr_wr_raw */
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0)
        cqlr_wr_raw(w, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* ---- figures ---- */

struct spread {
    uint64_t min, median, max;
};

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Of at least one. */
static struct spread spread_of(const struct ping_times *t)
{
    qsort(t->ns, t->n, sizeof *t->ns, by_size);
    uint64_t low = t->ns[(t->n - 1) / 2], high = t->ns[t->n / 2];
    return (struct spread){t->ns[0], low + (high - low) / 2, t->ns[t->n - 1]};
}

/* ---- lines ---- */

enum { NAME, VERSION, PROTOCOL, CONNECT, TLS, HELLO, OPTIONS, QUERY, COLUMNS };

static void add_spread(struct cqlr_wr *w, const char *name, const struct ping_times *t)
{
    if (t->n == 0)
        return;
    struct spread s = spread_of(t);
    add(w, "%s %.2f/%.2f/%.2fms", name, (double)s.min / MS, (double)s.median / MS,
        (double)s.max / MS);
}

/* Appends what stands in column i; gives the columns of a terminal it takes. */
static size_t add_cell(struct cqlr_wr *w, const struct ping *p, unsigned i)
{
    size_t at = w->n;
    switch (i) {
    case NAME:
        return width_print(w, cqlr_cstr(p->name));
    case VERSION:
        return width_print(w, cqlr_cstr(p->version[0] ? p->version : "-"));
    case PROTOCOL:
        add(w, "v4");
        break;
    case CONNECT:
        add(w, "tcp %.2fms", (double)p->connect / MS);
        break;
    case TLS:
        if (p->tls)
            add(w, "tls %.2fms", (double)p->tls / MS);
        break;
    case HELLO:
        add(w, "startup %.2fms", (double)p->hello / MS);
        break;
    case OPTIONS:
        add_spread(w, "options", &p->options);
        break;
    case QUERY:
        if (p->plan->query)
            add_spread(w, "query", &p->query);
        break;
    }
    return w->n - at;
}

static void measure(struct cqlr_wr *w, struct ping *const *p, size_t n, size_t width[COLUMNS])
{
    size_t at = w->n;
    for (size_t k = 0; k < n; k++)
        for (unsigned i = 0; i < (p[k]->error[0] ? VERSION : COLUMNS); i++) {
            size_t is = add_cell(w, p[k], i);
            width[i] = is > width[i] ? is : width[i];
        }
    if (!w->rc)
        w->n = at; /* it was for the widths only */
}

static void add_line(struct cqlr_wr *w, const struct ping *p, const size_t width[COLUMNS])
{
    size_t space = 0;
    for (unsigned i = 0; i < (p->error[0] ? VERSION : COLUMNS); i++) {
        if (width[i] == 0)
            continue;
        add(w, "%*s", (int)space, "");
        space = width[i] - add_cell(w, p, i) + 2;
    }
    if (p->error[0]) {
        add(w, "%*s", (int)space, "");
        width_print(w, cqlr_cstr(p->error));
    }
    cqlr_wr_u8(w, '\n');
}

void ping_print_lines(struct cqlr_wr *w, struct ping *const *p, size_t n)
{
    size_t width[COLUMNS] = {0};
    measure(w, p, n, width);
    for (size_t k = 0; k < n; k++)
        add_line(w, p[k], width);
}

/* ---- JSON ---- */

static void json_spread(struct cqlr_wr *w, const char *name, const struct ping_times *t)
{
    if (t->n == 0)
        return;
    struct spread s = spread_of(t);
    add(w, ",\"%s\":{\"count\":%u,\"min\":%llu,\"median\":%llu,\"max\":%llu}", name, t->n,
        (unsigned long long)s.min, (unsigned long long)s.median, (unsigned long long)s.max);
}

static void json_object(struct cqlr_wr *w, const struct ping *p)
{
    add(w, "{\"address\":");
    json_text(w, cqlr_cstr(p->name));
    add(w, ",\"ok\":%s", p->error[0] ? "false" : "true");
    if (p->error[0]) {
        add(w, ",\"error\":");
        json_text(w, cqlr_cstr(p->error));
    }
    if (p->version[0]) {
        add(w, ",\"release_version\":");
        json_text(w, cqlr_cstr(p->version));
    }
    if (p->hello) {
        add(w, ",\"protocol\":4,\"tcp_ns\":%llu", (unsigned long long)p->connect);
        if (p->tls) {
            add(w, ",\"tls\":");
            json_text(w, cqlr_cstr(p->secured));
            add(w, ",\"tls_ns\":%llu", (unsigned long long)p->tls);
        }
        add(w, ",\"startup_ns\":%llu", (unsigned long long)p->hello);
    }
    json_spread(w, "options_ns", &p->options);
    if (p->plan->query)
        json_spread(w, "query_ns", &p->query);
    add(w, "}");
}

void ping_print_json(struct cqlr_wr *w, struct ping *const *p, size_t n)
{
    add(w, "[");
    for (size_t k = 0; k < n; k++) {
        add(w, k ? ",\n" : "\n");
        json_object(w, p[k]);
    }
    add(w, "\n]\n");
}
