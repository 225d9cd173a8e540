/*
 * fuzz_pcap.c - a capture file: every chunk lies in the file, there are no more of them than it has
 * bytes, and what stands in front of one can be shown as a frame. Memory is a small multiple of the
 * file.
 *
 * The first byte chooses the port of the server, or any.
 */
#include "tests/fuzz/fuzz.h"

#include "tools/capture/capture.h"
#include "tools/cqlraw/inspect/frame_print.h"

const char fuzz_name[] = "pcap";

#define FRAMES_MAX 200 /* that are shown */

static void show(const struct capture_chunk *c)
{
    const struct frame_style style = {.json = true};
    const struct frame_about about = {
        .captured = true, .time_ns = c->time_ns, .connection = c->connection};
    struct cqlr_frame f;
    struct cqlr_err err = {0};
    struct cqlr_wr w;
    if (c->n < CQLR_FRAME_HEADER)
        return;
    cqlr_frame_read(c->p, &f);
    size_t n = c->n - CQLR_FRAME_HEADER;
    struct cqlr_bytes body = {c->p + CQLR_FRAME_HEADER, f.length < n ? f.length : n};
    cqlr_wr_init(&w, NULL, 0);
    int rc = frame_print(&w, &f, body, c->p, &style, &about, &err);
    MUST(rc ? err.code == rc && err.text[0] : w.rc == 0, "error %d", rc);
    MUST(fuzz_is_json(fuzz_text(&w)), "%.*s", (int)w.n, (char *)w.p);
    cqlr_wr_fini(&w);
}

static void check_chunks(struct capture *c, struct cqlr_bytes file)
{
    struct capture_chunk chunk;
    size_t chunks = 0, bytes = 0;
    while (capture_next(c, &chunk)) {
        MUST(chunk.connection < capture_connections(c), "connection %u", chunk.connection);
        MUST(!chunk.n || (chunk.p >= file.p && chunk.p + chunk.n <= file.p + file.n),
             "a chunk is elsewhere");
        bytes += chunk.n;
        MUST(++chunks <= file.n && bytes <= file.n, "%zu chunks, %zu bytes", chunks, bytes);
        if (chunks <= FRAMES_MAX)
            show(&chunk);
    }
    MUST(!capture_next(c, &chunk), "the end is not the end");
}

static void check_peers(const struct capture *c)
{
    struct capture_peer client, server;
    for (uint32_t i = 0; i < capture_connections(c); i++) {
        capture_peers(c, i, &client, &server);
        MUST((client.size == 4 || client.size == 16) && client.size == server.size, "peers");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fuzz_mem mem;
    struct cqlr_err err = {0};
    struct cqlr_bytes file;
    uint16_t port = fuzz_u8(&in) & 1 ? 9042 : 0;
    uint8_t *p = fuzz_block(&in, in.n, &file);
    fuzz_mem_init(&mem);
    struct capture *c = capture_new(file, port, &mem.mem, &err);
    MUST(c || (err.code == CQLR_E_PROTO && err.text[0]), "error %d", err.code);
    if (c) {
        check_chunks(c, file);
        check_peers(c);
        MUST(fuzz_is_shown(cqlr_cstr(capture_note(c)), false), "%s", capture_note(c));
    }
    capture_free(c);
    MUST(mem.peak <= 65536 + 16 * file.n, "%zu bytes of memory for %zu", mem.peak, file.n);
    MUST(mem.now == 0, "%zu bytes are not given back", mem.now);
    free(p);
    return 0;
}
