/*
 * token.h - what the client checks once for a statement, so that cqlr_routing_key need not for each
 * of its executions.
 */
#ifndef CQLRAW_PROTO_VAL_TOKEN_H
#define CQLRAW_PROTO_VAL_TOKEN_H

#include <cqlraw/token.h>

/* 1 when each of the positions has a value and none is there twice; 0 when there are none, or one
 * is; CQLR_E_RANGE when one has no value. Looks at no more of them than there are values, however
 * many are claimed. */
int cqlr__pk_check(struct cqlr_span pk, uint32_t values, struct cqlr_err *err);

#endif
