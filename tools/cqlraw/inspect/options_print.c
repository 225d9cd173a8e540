/*
 * options_print.c - see the header. All texts come from a server, so they are made harmless for a
 * terminal.
 */
#include <stdio.h>

#include "options_print.h"
#include "tools/cqlraw/cli.h"
#include "tools/cqlraw/rows/cells.h"
#include "tools/cqlraw/rows/out_json.h"
#include "tools/cqlraw/rows/out_table.h"
#include "tools/cqlraw/rows/width.h"

enum { P_ADDRESS, P_DC, P_RACK, P_VERSION, P_HOST_ID, P_TOKENS, P_PORT, P_COLUMNS = P_PORT };

static bool is_tokens(const struct cqlr_column *c)
{
    return c->name.n == 6 && memcmp(c->name.p, "tokens", 6) == 0;
}

/* A set of tokens as their number, all else as it is. */
static int add_cell(struct cqlr_wr *w, const struct cqlr_row *row, uint32_t i,
                    enum cqlr_text_style style, struct cqlr_err *err)
{
    const struct cqlr_column *c = &row->columns->col[i];
    struct cqlr_elements e;
    char text[16];
    if (!is_tokens(c) || row->cell[i].n < 0)
        return cell_print(w, row, i, style, err);
    int rc = cqlr_elements_init(&e, c->type, row->cell[i], err);
    if (!rc)
        cqlr_wr_raw(w, text, (size_t)snprintf(text, sizeof text, "%u", (unsigned)e.count));
    return rc;
}

/* 10.0.0.1:9042, [::1]:9042, or without the port where it is not known. */
static int add_peer_address(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    bool port = row->columns->count > P_PORT && row->cell[P_PORT].n >= 0;
    bool v6 = port && row->cell[P_ADDRESS].n == 16;
    if (v6)
        cqlr_wr_u8(w, '[');
    int rc = cell_print(w, row, P_ADDRESS, CQLR_TEXT, err);
    if (v6)
        cqlr_wr_u8(w, ']');
    if (!rc && port) {
        cqlr_wr_u8(w, ':');
        rc = cell_print(w, row, P_PORT, CQLR_TEXT, err);
    }
    return rc;
}

static int add_peer_cell(struct cqlr_wr *w, const struct cqlr_row *row, uint32_t i,
                         enum cqlr_text_style style, struct cqlr_err *err)
{
    bool address = i == P_ADDRESS && row->cell[i].n >= 0;
    if (address && style == CQLR_JSON)
        cqlr_wr_u8(w, '"');
    int rc = address ? add_peer_address(w, row, err) : add_cell(w, row, i, style, err);
    if (address && style == CQLR_JSON)
        cqlr_wr_u8(w, '"');
    return rc;
}

static struct cqlr_str peer_name(const struct cqlr_row *row, uint32_t i)
{
    return i == P_ADDRESS ? cqlr_cstr("address") : row->columns->col[i].name;
}

/* ---- text ---- */

#define NAMES 26 /* columns of a terminal for the names */

static void begin_line(struct cqlr_wr *w, struct cqlr_str name)
{
    size_t width = width_print(w, name);
    uint8_t *p = cqlr_wr_room(w, width < NAMES ? NAMES - width : 1);
    if (p)
        memset(p, ' ', width < NAMES ? NAMES - width : 1);
}

static void text_supported(struct cqlr_wr *w, const struct cqlr_supported *m)
{
    struct cqlr_span options = m->options, values;
    struct cqlr_str name, value;
    while (cqlr_string_multimap_next(&options, &name, &values)) {
        uint32_t count = values.count;
        begin_line(w, name);
        for (unsigned i = 0; cqlr_string_list_next(&values, &value); i++) {
            cqlr_wr_raw(w, ", ", i ? 2 : 0);
            width_print(w, value);
        }
        cqlr_wr_raw(w, "none", count ? 0 : 4);
        cqlr_wr_u8(w, '\n');
    }
}

static int text_local(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    struct cqlr_wr cell;
    int rc = 0;
    cqlr_wr_init(&cell, NULL, 0);
    for (uint32_t i = 0; !rc && i < row->columns->count; i++) {
        cqlr_wr_reset(&cell);
        begin_line(w, row->columns->col[i].name);
        rc = add_cell(&cell, row, i, CQLR_TEXT, err);
        width_print(w, (struct cqlr_str){cell.p ? (const char *)cell.p : "", cell.n});
        cqlr_wr_u8(w, '\n');
    }
    cqlr_wr_fini(&cell);
    return rc;
}

static int table_peer(struct table *t, struct cqlr_wr *cell, const struct cqlr_row *row,
                      struct cqlr_err *err)
{
    for (uint32_t i = 0; t->rows == 0 && i < P_COLUMNS; i++)
        table_cell(t, peer_name(row, i));
    for (uint32_t i = 0; i < P_COLUMNS; i++) {
        bool null = row->cell[i].n < 0;
        cqlr_wr_reset(cell);
        int rc = null ? 0 : add_peer_cell(cell, row, i, CQLR_TEXT, err);
        if (rc)
            return rc;
        table_cell(t, (struct cqlr_str){null ? NULL : (const char *)cell->p, cell->n});
    }
    t->rows++;
    return 0;
}

static int text_peers(struct cqlr_wr *w, cqlr_reply *peers, struct cqlr_err *err)
{
    struct cqlr_wr cell;
    struct cqlr_row row;
    struct table t;
    int rc = table_init(&t, P_COLUMNS), next = 0;
    cqlr_wr_init(&cell, NULL, 0);
    while (!rc && (next = cqlr_reply_next(peers, &row)) == 1)
        rc = table_peer(&t, &cell, &row, err);
    if (next < 0)
        *err = *cqlr_reply_err(peers);
    if (t.rows == 0) {
        begin_line(w, cqlr_cstr("peers"));
        cqlr_wr_raw(w, "none\n", 5);
    } else {
        cqlr_wr_raw(w, "peers\n\n", 7);
    }
    if (!rc && next == 0 && t.rows)
        rc = table_flush(&t, w);
    table_fini(&t);
    cqlr_wr_fini(&cell);
    return next < 0 ? next : rc;
}

int options_print_text(struct cqlr_wr *w, const struct server_options *s, struct cqlr_err *err)
{
    begin_line(w, cqlr_cstr("address"));
    width_print(w, cqlr_cstr(s->address));
    cqlr_wr_u8(w, '\n');
    if (*s->tls) {
        begin_line(w, cqlr_cstr("tls"));
        width_print(w, cqlr_cstr(s->tls));
        cqlr_wr_u8(w, '\n');
    }
    int rc = text_local(w, &s->local, err);
    text_supported(w, s->supported);
    if (!rc)
        rc = text_peers(w, s->peers, err);
    return rc ? rc : w->rc;
}

/* ---- JSON ---- */

static void put(struct cqlr_wr *w, const char *text)
{
    cqlr_wr_raw(w, text, strlen(text));
}

static void json_supported(struct cqlr_wr *w, const struct cqlr_supported *m)
{
    struct cqlr_span options = m->options, values;
    struct cqlr_str name, value;
    put(w, ",\"supported\":{");
    for (unsigned i = 0; cqlr_string_multimap_next(&options, &name, &values); i++) {
        put(w, i ? "," : "");
        json_text(w, name);
        put(w, ":[");
        for (unsigned k = 0; cqlr_string_list_next(&values, &value); k++) {
            put(w, k ? "," : "");
            json_text(w, value);
        }
        put(w, "]");
    }
    put(w, "}");
}

static int json_local(struct cqlr_wr *w, const struct cqlr_row *row, struct cqlr_err *err)
{
    int rc = 0;
    for (uint32_t i = 0; !rc && i < row->columns->count; i++) {
        put(w, ",");
        json_text(w, row->columns->col[i].name);
        put(w, ":");
        rc = add_cell(w, row, i, CQLR_JSON, err);
    }
    return rc;
}

static int json_peers(struct cqlr_wr *w, cqlr_reply *peers, struct cqlr_err *err)
{
    struct cqlr_row row;
    int rc = 0, next = 0;
    put(w, ",\"peers\":[");
    for (unsigned k = 0; !rc && (next = cqlr_reply_next(peers, &row)) == 1; k++) {
        put(w, k ? ",{" : "{");
        for (uint32_t i = 0; !rc && i < P_COLUMNS; i++) {
            put(w, i ? "," : "");
            json_text(w, peer_name(&row, i));
            put(w, ":");
            rc = add_peer_cell(w, &row, i, CQLR_JSON, err);
        }
        put(w, "}");
    }
    put(w, "]}\n");
    if (next < 0)
        *err = *cqlr_reply_err(peers);
    return next < 0 ? next : rc;
}

int options_print_json(struct cqlr_wr *w, const struct server_options *s, struct cqlr_err *err)
{
    put(w, "{\"address\":");
    json_text(w, cqlr_cstr(s->address));
    if (*s->tls) {
        put(w, ",\"tls\":");
        json_text(w, cqlr_cstr(s->tls));
    }
    int rc = json_local(w, &s->local, err);
    json_supported(w, s->supported);
    if (!rc)
        rc = json_peers(w, s->peers, err);
    return rc ? rc : w->rc;
}
