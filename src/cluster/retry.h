/*
 * retry.h - may a request that a server answered by an ERROR be sent again? A pure table, over the
 * codes of native_protocol_v4.spec section 9; README.md has it, with the reasons.
 *
 * Two questions: can it pass if it is asked again, and can asking again do harm. The second is
 * answered by idempotence: for a statement that is not idempotent only an answer will do that
 * proves it was not begun. A timeout of the client's own never comes here: it proves nothing.
 */
#ifndef CQLRAW_SRC_CLUSTER_RETRY_H
#define CQLRAW_SRC_CLUSTER_RETRY_H

#include <cqlraw/msg.h>

/* `tries`: how often it was repeated already; `most`: how often it may be. */
bool cqlr__retry(const struct cqlr_error *e, bool idempotent, unsigned tries, unsigned most);

#endif
