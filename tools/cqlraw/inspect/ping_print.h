/*
 * ping_print.h - what was measured, as aligned lines or as JSON. Pure.
 */
#ifndef CQLRAW_PING_PRINT_H
#define CQLRAW_PING_PRINT_H

#include "ping.h"

/* A line for each address: 127.0.0.1:9042  5.0.6  v4  tcp 0.21ms  tls 1.90ms  startup 2.30ms
 * options 0.31/0.33/0.40ms  query 0.52/0.55/0.61ms (min/median/max), or its error. Sorts the times.
 */
void ping_print_lines(struct cqlr_wr *w, struct ping *const *p, size_t n);
/* An array of objects, times in ns. Sorts the times. */
void ping_print_json(struct cqlr_wr *w, struct ping *const *p, size_t n);

#endif
