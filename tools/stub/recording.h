/*
 * recording.h - a capture file → which answer belongs to which request.
 *
 * A request is known by opcode, flags and body, bit for bit as they are on the wire; a STARTUP by
 * its flags and the compression it chooses alone, for drivers tell their version there. Requests
 * that got no answer are left out.
 */
#ifndef STUB_RECORDING_H
#define STUB_RECORDING_H

#include <cqlraw/base.h>

struct stub_recording;

/* A frame of the server, header included, and those that are to follow it: the answer to REGISTER
 * has the EVENTs of its connection behind it. */
struct stub_recorded {
    struct stub_recorded *next;
    const uint8_t *p;
    size_t n;
};

/* `file` is borrowed for the call. NULL with the reason in err: no capture file, nothing of
 * protocol v4 in it, no memory. Free with stub_recording_free (NULL is fine). */
struct stub_recording *stub_recording_new(struct cqlr_bytes file, const struct cqlr_mem *mem,
                                          struct cqlr_err *err);
void stub_recording_free(struct stub_recording *r);

/* One line on what of the file was not read, or "". */
const char *stub_recording_note(const struct stub_recording *r);

/* The answer to this request (a whole frame): when it is asked for the k-th time the k-th there is,
 * later the last one. NULL: it is not in the recording. Borrowed until stub_recording_free. */
const struct stub_recorded *stub_recording_answer(struct stub_recording *r, const uint8_t *frame,
                                                  size_t n);

#endif
