/*
 * token.h - where a partition lives: from the values of a partition key to its routing key, and
 * from there to its token, by which the ring says which nodes have it.
 *
 * Neither is in the protocol's text: the servers' own serializers and Murmur3Partitioner define
 * them.
 */
#ifndef CQLRAW_TOKEN_H
#define CQLRAW_TOKEN_H

#include <cqlraw/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CQLR_ROUTING_PART_MAX 65535 /* bytes of one component; no server takes a longer one */

/*
 * The token of a routing key on a ring of the Murmur3Partitioner: the first half of MurmurHash3
 * x64_128 with seed 0, but for the bytes behind the last whole block of 16, which are taken as
 * signed ones. Never INT64_MIN (it gives INT64_MAX) but for the key of no bytes, which is there.
 */
CQLR_API int64_t cqlr_token_murmur3(const void *key, size_t n);

/*
 * The routing key of a statement: `value` are the `values` values bound to its markers, `pk` says
 * which of them are the partition key's components, in the key's order (pk of struct
 * cqlr_prepared_result). A pk whose p is NULL stands for the first pk.count values as they come.
 *
 * One component is the key as it is: *key is then a view of it, nothing is written and nothing
 * allocated. Several are appended to w, each as [short] length, bytes and a zero byte, and *key is
 * a view of that, borrowed until w changes.
 *
 * Returns 1 and *key; or 0: there is none, the statement goes to any node (pk.count is 0: not every
 * component is a marker; or pk names a marker twice); or, with w->n as before and the reason in
 * err, CQLR_E_RANGE: no such value, a component that is null, unset or longer than
 * CQLR_ROUTING_PART_MAX (no server takes it), or w's error.
 */
CQLR_API CQLR_MUST_USE int cqlr_routing_key(struct cqlr_wr *w, const struct cqlr_value *value,
                                            uint32_t values, struct cqlr_span pk,
                                            struct cqlr_bytes *key, struct cqlr_err *err);

#ifdef __cplusplus
}
#endif
#endif
