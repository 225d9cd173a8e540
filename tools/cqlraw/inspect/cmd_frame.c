/*
 * cmd_frame.c - the command `frame`: its arguments, and the bytes to decode.
 */
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "tools/cqlraw/args/args.h"
#include "tools/cqlraw/args/suggest.h"
#include "tools/cqlraw/io/file.h"

#define USAGE "there is: frame decode --hex STR | --pcap FILE | FILE | -, and frame encode REQUEST"

static const enum option_id decode_only[] = {OPT_HEX,  OPT_PCAP,         OPT_PORT,  OPT_PAIR,
                                             OPT_JSON, OPT_SHOW_SECRETS, OPT_OPCODE};
static const enum option_id encode_only[] = {
    OPT_PARAM,        OPT_ID,        OPT_BATCH_TYPE, OPT_CL,  OPT_SCL,   OPT_PAGE_SIZE,
    OPT_PAGING_STATE, OPT_TIMESTAMP, OPT_SKIP,       OPT_LZ4, OPT_TRACE, OPT_BINARY};

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
    if (a->v[OPT_HEX].given) {
        const char *hex = a->v[OPT_HEX].text;
        in->p = calloc(strlen(hex) / 2 + 1, 1);
        if (in->p)
            return hex_read(hex, in);
        say(FRAME, "out of memory");
        return EXIT_INTERNAL;
    }
    const char *path = a->v[OPT_PCAP].given ? a->v[OPT_PCAP].text : a->rest[1];
    char *data;
    int rc = file_read(FRAME, strcmp(path, "-") == 0 ? NULL : path, &data, &in->n);
    in->p = (uint8_t *)data;
    return rc;
}

/* ---- arguments ---- */

/* "QUERY,RESULT" → a bit each. */
static int opcodes_read(const char *text, uint32_t *bits)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, ",");
        uint8_t opcode = 0;
        while (opcode < 32 &&
               !(cqlr_opcode_name(opcode) && name_equal(p, n, cqlr_opcode_name(opcode))))
            opcode++;
        if (opcode == 32) {
            say(FRAME, "--opcode: there is no message \"%.*s\"", (int)n, p);
            return EXIT_USAGE;
        }
        *bits |= UINT32_C(1) << opcode;
        p += n + (p[n] == ',');
    }
    return 0;
}

static int refuse_options(const struct args *a, const enum option_id *ids, size_t n,
                          const char *other)
{
    for (size_t i = 0; i < n; i++) {
        const struct option *o = options;
        while (o->id != ids[i] || !(o->commands & CMD_FRAME))
            o++;
        if (a->v[ids[i]].given) {
            say(FRAME, "--%s is an option of frame %s", o->name, other);
            return EXIT_USAGE;
        }
    }
    return 0;
}

static int decode_usage(const struct args *a)
{
    bool hex = a->v[OPT_HEX].given, pcap = a->v[OPT_PCAP].given;
    size_t files = hex || pcap ? 0 : 1;
    if (hex && pcap) {
        say(FRAME, "--hex and --pcap exclude each other");
        return EXIT_USAGE;
    }
    if (a->rest_n == 1 && files) {
        say(FRAME, "decode needs --hex STR, --pcap FILE, a FILE, or - for standard input");
        return EXIT_USAGE;
    }
    if (a->rest_n > 1 + files) {
        say(FRAME, "unexpected argument \"%s\"", a->rest[1 + files]);
        return EXIT_USAGE;
    }
    if (!pcap && (a->v[OPT_PAIR].given || a->v[OPT_PORT].given)) {
        say(FRAME, "--%s goes with --pcap", a->v[OPT_PAIR].given ? "pair" : "port");
        return EXIT_USAGE;
    }
    return refuse_options(a, encode_only, sizeof encode_only / sizeof *encode_only, "encode");
}

static int decode(const struct args *a)
{
    struct frame_options o = {
        .style = {.json = a->v[OPT_JSON].given, .secrets = a->v[OPT_SHOW_SECRETS].given},
        .pair = a->v[OPT_PAIR].given,
        .port = (uint16_t)a->v[OPT_PORT].n,
        .stream = a->v[OPT_STREAM].given ? (int32_t)a->v[OPT_STREAM].n : -1};
    struct input in = {NULL, 0};
    int rc = decode_usage(a);
    if (!rc && a->v[OPT_OPCODE].given)
        rc = opcodes_read(a->v[OPT_OPCODE].text, &o.opcodes);
    if (rc)
        return rc;
    rc = input_read(a, &in);
    if (!rc)
        rc = (a->v[OPT_PCAP].given ? frame_capture : frame_decode)((struct cqlr_bytes){in.p, in.n},
                                                                   &o);
    free(in.p);
    return rc;
}

int cmd_frame(const struct args *a)
{
    const char *what = a->rest_n ? a->rest[0] : "";
    if (strcmp(what, "decode") == 0)
        return decode(a);
    if (strcmp(what, "encode") == 0) {
        int rc = refuse_options(a, decode_only, sizeof decode_only / sizeof *decode_only, "decode");
        return rc ? rc : frame_encode(a);
    }
    say(FRAME, USAGE);
    return EXIT_USAGE;
}
