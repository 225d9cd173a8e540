/*
 * fuzz_frame.c - a header and a body as `frame decode` shows them: lines that a terminal can show,
 * and JSON that is JSON, also of a body that is none.
 */
#include "tests/fuzz/fuzz.h"

#include "tools/cqlraw/inspect/frame_print.h"

const char fuzz_name[] = "frame";

static int say(struct cqlr_wr *w, const uint8_t *data, size_t size, const struct frame_style *style,
               struct cqlr_err *err)
{
    struct cqlr_frame f;
    cqlr_frame_read(data, &f);
    const struct frame_about about = {.compression = data[3] & 2 ? FRAME_NOT_TOLD : FRAME_LZ4};
    size_t n = size - CQLR_FRAME_HEADER;
    struct cqlr_bytes body = {data + CQLR_FRAME_HEADER, f.length < n ? f.length : n};
    cqlr_wr_init(w, NULL, 0);
    int rc = frame_print(w, &f, body, data, style, &about, err);
    MUST(rc ? err->code == rc && err->text[0] && fuzz_is_shown(cqlr_cstr(err->text), false)
            : !w->rc,
         "error %d: %s", rc, err->text);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cqlr_wr lines, json;
    struct cqlr_err err = {0}, json_err = {0};
    if (size < CQLR_FRAME_HEADER)
        return 0;
    struct frame_style style = {.json = false, .secrets = data[3] & 1};
    int rc = say(&lines, data, size, &style, &err);
    style.json = true;
    int json_rc = say(&json, data, size, &style, &json_err);
    bool deep = strstr(json_err.text, "nested too deep"); /* keys within keys: in JSON alone */
    MUST(rc == json_rc || deep, "lines %d, JSON %d", rc, json_rc);
    MUST(fuzz_is_shown(fuzz_text(&lines), true), "%.*s", (int)lines.n, (char *)lines.p);
    MUST(fuzz_is_json(fuzz_text(&json)), "%.*s", (int)json.n, (char *)json.p);
    cqlr_wr_fini(&lines);
    cqlr_wr_fini(&json);
    return 0;
}
