/*
 * split_cql.h - CQL text → its statements. Pure.
 */
#ifndef CQLRAW_SPLIT_CQL_H
#define CQLRAW_SPLIT_CQL_H

#include <cqlraw/wire.h>

/*
 * Takes the next statement off the front of *rest: without the ';' behind it, and without white
 * space and comments around it. false when none is left. A ';' inside strings ('', "", $$),
 * comments (--, //, slash-star) and BEGIN BATCH ... APPLY BATCH does not end a statement. What is
 * not closed reaches to the end: the server will say so.
 */
bool split_cql_next(struct cqlr_str *rest, struct cqlr_str *statement);

#endif
