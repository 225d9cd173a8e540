/*
 * host_name.h - contact points one by one, and the name or address in each of them. Pure.
 */
#ifndef CQLRAW_HOST_NAME_H
#define CQLRAW_HOST_NAME_H

#include <cqlraw/base.h>

/* Takes the next of "db1, db2:9042" off the list, without blanks around it. false: none is left. */
bool contact_next(struct cqlr_str *list, struct cqlr_str *point);
/* "db1" of "db1:9042", "::1" of "[::1]:9042" or "::1"; nothing of "unix:/PATH". */
struct cqlr_str host_name(struct cqlr_str point);

#endif
