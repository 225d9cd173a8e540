/*
 * cmd_frame.c - `cqlraw frame decode`: the bytes of frames, one behind the other, as what they say.
 *
 * Input that is broken is decoded as far as it goes; then one line tells where and why. Behind a
 * frame that is whole but wrong the next one is still found by its length.
 */
#include <stdlib.h>
#include <string.h>

#include <cqlraw/wire.h>

#include "frame_print.h"
#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/io/file.h"
#include "tools/cqlraw/io/out.h"

#define FRAME      "frame"
#define OUTPUT_MAX ((size_t)1 << 40) /* of one frame's text: memory ends before */

struct input {
    uint8_t *p;
    size_t n;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Hex digits, blanks anywhere, 0x in front of a pair or of all: 0 or EXIT_USAGE. */
static int hex_read(const char *text, struct input *in)
{
    size_t digits = 0;
    for (const char *s = text; *s; s++) {
        bool start = s == text || is_blank(s[-1]);
        if (is_blank(*s))
            continue;
        if (start && s[0] == '0' && (s[1] | 0x20) == 'x') {
            s++;
            continue;
        }
        int digit = hex_digit(*s);
        if (digit < 0) {
            say(FRAME, "--hex: what stands at character %zu is not a hex digit",
                (size_t)(s - text) + 1);
            return EXIT_USAGE;
        }
        in->p[digits / 2] = (uint8_t)(in->p[digits / 2] << 4 | digit);
        digits++;
    }
    in->n = digits / 2;
    if (digits % 2 == 0)
        return 0;
    say(FRAME, "--hex: %zu digits are half a byte too many", digits);
    return EXIT_USAGE;
}

static int input_read(const struct args *a, struct input *in)
{
    const char *hex = a->v[OPT_HEX].given ? a->v[OPT_HEX].text : NULL;
    if (hex) {
        in->p = calloc(strlen(hex) / 2 + 1, 1);
        if (in->p)
            return hex_read(hex, in);
        say(FRAME, "out of memory");
        return EXIT_INTERNAL;
    }
    const char *path = strcmp(a->rest[1], "-") == 0 ? NULL : a->rest[1];
    char *data;
    int rc = file_read(FRAME, path, &data, &in->n);
    in->p = (uint8_t *)data;
    return rc;
}

/* ---- frames ---- */

static int broken(size_t number, size_t offset, const char *why)
{
    say(FRAME, "frame %zu at %zu: %s", number, offset, why);
    return EXIT_ABORTED;
}

/* Whether a header can be believed: without one there is no way to the next frame. */
static const char *header_fault(const struct cqlr_frame *f)
{
    if (f->version >= 3 && f->version <= 5)
        return NULL;
    return f->version == 1 || f->version == 2 ? "protocol versions 1 and 2 are not decoded"
                                              : "this is no frame of protocol version 3, 4 or 5 "
                                                "(v5 puts frames into segments after "
                                                "the handshake)";
}

/* The frame at *offset, to stdout; *offset goes to the next one, or to the end. */
static int decode(const struct input *in, const struct frame_style *style, size_t number,
                  size_t *offset)
{
    struct cqlr_frame f;
    struct cqlr_wr w;
    struct cqlr_err err = {0};
    size_t at = *offset, left = in->n - at - CQLR_FRAME_HEADER;
    cqlr_frame_read(in->p + at, &f);
    *offset = in->n;
    if (header_fault(&f))
        return broken(number, at, header_fault(&f));
    struct cqlr_bytes body = {in->p + at + CQLR_FRAME_HEADER, f.length < left ? f.length : left};
    if (body.n > CQLR_FRAME_MAX)
        body.n = CQLR_FRAME_MAX;
    cqlr_wr_init(&w, NULL, OUTPUT_MAX);
    int why = frame_print(&w, &f, body, in->p, style, NULL, &err);
    int rc = out_stdout(FRAME, (const char *)w.p, w.n);
    cqlr_wr_fini(&w);
    if (why == CQLR_E_NOMEM) {
        say(FRAME, "frame %zu at %zu: %s", number, at, err.text);
        return EXIT_INTERNAL;
    }
    if (f.length <= CQLR_FRAME_MAX)
        *offset = at + CQLR_FRAME_HEADER + body.n;
    return rc ? rc : why ? broken(number, at, err.text) : 0;
}

static int decode_all(const struct input *in, const struct frame_style *style)
{
    size_t offset = 0, number = 1;
    int worst = 0;
    if (!in->n)
        return broken(1, 0, "there is nothing");
    for (; offset < in->n; number++) {
        if (in->n - offset < CQLR_FRAME_HEADER)
            return broken(number, offset, "the input ends within a header");
        int rc = decode(in, style, number, &offset);
        if (rc && rc != EXIT_ABORTED)
            return rc;
        worst = rc ? rc : worst;
    }
    return worst;
}

/* ---- the command ---- */

static int usage(const struct args *a)
{
    bool hex = a->v[OPT_HEX].given;
    if (a->rest_n == 0 || strcmp(a->rest[0], "decode") != 0) {
        say(FRAME, "there is: frame decode --hex STR | FILE | -");
        return EXIT_USAGE;
    }
    if (a->rest_n == 1 && !hex) {
        say(FRAME, "decode needs --hex STR, a FILE, or - for standard input");
        return EXIT_USAGE;
    }
    if (a->rest_n > (hex ? 1u : 2u)) {
        say(FRAME, "unexpected argument \"%s\"", a->rest[hex ? 1 : 2]);
        return EXIT_USAGE;
    }
    return 0;
}

int cmd_frame(const struct args *a)
{
    struct frame_style style = {.json = a->v[OPT_JSON].given,
                                .secrets = a->v[OPT_SHOW_SECRETS].given};
    struct input in = {NULL, 0};
    int rc = usage(a);
    if (rc)
        return rc;
    rc = input_read(a, &in);
    if (!rc)
        rc = decode_all(&in, &style);
    free(in.p);
    return rc;
}
