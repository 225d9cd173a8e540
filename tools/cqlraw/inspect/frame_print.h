/*
 * frame_print.h - a frame -> what it says: a line for its header and an indented line a field, or
 * one JSON object. Pure.
 */
#ifndef CQLRAW_FRAME_PRINT_H
#define CQLRAW_FRAME_PRINT_H

#include <cqlraw/msg.h>

struct frame_style {
    bool json;
    bool secrets; /* show the token of AUTH_RESPONSE and the passwords of CQL too */
};

enum frame_compression { FRAME_NOT_TOLD, FRAME_LZ4, FRAME_OTHER };

/* What is known of a frame besides its bytes. */
struct frame_about {
    bool captured; /* show time and connection */
    uint64_t time_ns;
    uint32_t connection;
    uint64_t offset;                    /* of `start` in what the sender sent */
    enum frame_compression compression; /* as STARTUP chose it */
    const struct cqlr_columns *markers; /* of the statement that EXECUTE names, or NULL */
    const struct cqlr_columns *columns; /* of rows that come without, or NULL */
};

/*
 * Appends the frame whose header was read at `offset` of the input and whose body, perhaps shorter
 * than the header says, is `body`; the input begins at `start`, from where offsets count. 0, or a
 * negative code with the reason and the offset in err when the body is not what it should be (then
 * what could be read stands in w, and with JSON also the reason), or w's. about NULL: nothing is
 * known. What is wrong in a body that was compressed is told with its offset in the plain one.
 */
int frame_print(struct cqlr_wr *w, const struct cqlr_frame *frame, struct cqlr_bytes body,
                const uint8_t *start, const struct frame_style *style,
                const struct frame_about *about, struct cqlr_err *err);

/* "+1.234567" seconds, or with nine digits as JSON. */
void frame_time(char *text, size_t size, uint64_t ns, bool json);

#endif
