/*
 * fields.c - in JSON a comma is due unless the last byte opened something or was a colon: an
 * element never ends with one of those.
 */
#include "fields.h"

#include <stdio.h>
#include <string.h>

#include "tools/cqlraw/io/utf8.h"
#include "tools/cqlraw/rows/out_json.h"
#include "tools/cqlraw/rows/width.h"

#define INDENT     "    "
#define TEXT_SHOWN 200 /* bytes of a cell in lines */
#define HEX_SHOWN  64  /* bytes that are shown as hex in lines */

static void put(struct cqlr_wr *w, const char *s)
{
    cqlr_wr_raw(w, s, strlen(s));
}

static void put_hex(struct cqlr_wr *w, const uint8_t *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    put(w, "0x");
    for (size_t i = 0; i < n; i++) {
        cqlr_wr_u8(w, (uint8_t)digit[p[i] >> 4]);
        cqlr_wr_u8(w, (uint8_t)digit[p[i] & 15]);
    }
}

static void put_size(struct cqlr_wr *w, size_t n)
{
    char text[48];
    snprintf(text, sizeof text, "... (%zu bytes)", n);
    put(w, text);
}

void fields_init(struct fields *f, struct cqlr_wr *w, bool json)
{
    f->w = w;
    f->json = json;
    f->begun = 0;
    cqlr_wr_init(&f->scratch, w->mem, w->limit);
}

void fields_fini(struct fields *f)
{
    cqlr_wr_fini(&f->scratch);
}

/* ---- structure ---- */

static void comma(struct fields *f)
{
    if (f->json && f->w->n && !strchr("{[:\n", f->w->p[f->w->n - 1]))
        cqlr_wr_u8(f->w, ',');
}

void fields_open(struct fields *f, char bracket)
{
    comma(f);
    if (f->json)
        cqlr_wr_u8(f->w, (uint8_t)bracket);
}

void fields_close(struct fields *f, char bracket)
{
    if (f->json)
        cqlr_wr_u8(f->w, (uint8_t)bracket);
}

static void json_key(struct fields *f, struct cqlr_str key)
{
    comma(f);
    json_text(f->w, key);
    cqlr_wr_u8(f->w, ':');
}

void fields_key(struct fields *f, const char *key)
{
    if (f->json)
        json_key(f, cqlr_cstr(key));
}

/* ---- what stands in them ---- */

void fields_text(struct fields *f, struct cqlr_str s)
{
    comma(f);
    if (f->json)
        json_text(f->w, s);
    else
        width_print(f->w, s);
}

void fields_number(struct fields *f, int64_t n)
{
    char text[24];
    comma(f);
    snprintf(text, sizeof text, "%lld", (long long)n);
    put(f->w, text);
}

void fields_bytes(struct fields *f, const uint8_t *p, size_t n)
{
    bool cut = !f->json && n > HEX_SHOWN;
    comma(f);
    fields_close(f, '"');
    put_hex(f->w, p, cut ? HEX_SHOWN : n);
    if (cut)
        put_size(f->w, n);
    fields_close(f, '"');
}

void fields_value(struct fields *f, struct cqlr_value v)
{
    if (v.n >= 0) {
        fields_bytes(f, v.p, (size_t)v.n);
        return;
    }
    comma(f);
    put(f->w, v.n == CQLR_NULL ? "null" : f->json ? "\"unset\"" : "unset");
}

void fields_raw(struct fields *f, struct cqlr_str json)
{
    comma(f);
    cqlr_wr_raw(f->w, json.p, json.n);
}

void fields_plain(struct fields *f, const char *text)
{
    if (!f->json)
        put(f->w, text);
}

struct cqlr_wr *fields_scratch(struct fields *f)
{
    cqlr_wr_reset(&f->scratch);
    return &f->scratch;
}

struct cqlr_str fields_scratched(struct fields *f)
{
    if (!f->w->rc)
        f->w->rc = f->scratch.rc;
    return (struct cqlr_str){(const char *)f->scratch.p, f->scratch.n};
}

void fields_cut(struct fields *f, struct cqlr_str text, size_t value)
{
    struct cqlr_str shown = utf8_cut(text, TEXT_SHOWN);
    width_print(f->w, shown);
    if (shown.n < text.n)
        put_size(f->w, value);
}

/* ---- whole fields ---- */

void field_begin(struct fields *f, const char *key)
{
    fields_key(f, key);
    if (f->json)
        return;
    put(f->w, INDENT);
    for (; *key; key++)
        cqlr_wr_u8(f->w, (uint8_t)(*key == '_' ? ' ' : *key));
    cqlr_wr_u8(f->w, ' ');
    f->begun = f->w->n;
}

void field_begin_entry(struct fields *f, const char *label, struct cqlr_str name)
{
    if (f->json) {
        json_key(f, name);
        return;
    }
    field_begin(f, label);
    width_print(f->w, name);
    cqlr_wr_u8(f->w, ' ');
    f->begun = f->w->n;
}

void field_end(struct fields *f)
{
    if (f->json)
        return;
    if (!f->w->rc && f->w->n == f->begun) /* nothing: no blank at the end of the line */
        f->w->n--;
    cqlr_wr_u8(f->w, '\n');
}

void field_text(struct fields *f, const char *key, struct cqlr_str s)
{
    field_begin(f, key);
    fields_text(f, s);
    field_end(f);
}

void field_number(struct fields *f, const char *key, int64_t n)
{
    field_begin(f, key);
    fields_number(f, n);
    field_end(f);
}

void field_bytes(struct fields *f, const char *key, const uint8_t *p, size_t n)
{
    field_begin(f, key);
    fields_bytes(f, p, n);
    field_end(f);
}

void field_value(struct fields *f, const char *key, struct cqlr_value v)
{
    field_begin(f, key);
    fields_value(f, v);
    field_end(f);
}

void field_truth(struct fields *f, const char *key, bool b)
{
    field_begin(f, key);
    put(f->w, b ? "true" : "false");
    field_end(f);
}

void field_list(struct fields *f, const char *key, const char *one, struct cqlr_span list)
{
    struct cqlr_str s;
    fields_key(f, key);
    fields_open(f, '[');
    while (cqlr_string_list_next(&list, &s)) {
        if (f->json)
            fields_text(f, s);
        else
            field_text(f, one, s);
    }
    fields_close(f, ']');
}
