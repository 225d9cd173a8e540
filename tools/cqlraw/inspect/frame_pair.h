/*
 * frame_pair.h - requests with their answers, a line or a JSON object each, and how long they took.
 */
#ifndef CQLRAW_FRAME_PAIR_H
#define CQLRAW_FRAME_PAIR_H

#include "frame.h"
#include "frame_talk.h"

struct frame_pairs;

/* NULL: no memory. o is borrowed until frame_pairs_free. */
struct frame_pairs *frame_pairs_new(const struct frame_options *o);
void frame_pairs_free(struct frame_pairs *p);

/* A frame that talk_hear was given: a line when it is a response. 0 or CQLR_E_NOMEM. */
int frame_pairs_hear(struct frame_pairs *p, struct frame_out *out, const struct talk_frame *f);
/* Those that have no answer, and on stderr the summary. */
void frame_pairs_end(struct frame_pairs *p, struct frame_out *out, struct talk *t);

#endif
