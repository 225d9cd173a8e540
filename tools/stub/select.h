/*
 * select.h - a SELECT that was understood and the values bound to it → the body of a RESULT.
 */
#ifndef STUB_SELECT_H
#define STUB_SELECT_H

#include "statement.h"

/*
 * Appends a Rows result for the page that `p` asks for: all matching rows, or page_size of them
 * with a paging state that this statement, identified by id, takes back. False with the reason in
 * f; what was written is then worth nothing. *rows is how many rows it has when these are all there
 * are, else STUB_PART_OF_ROWS.
 */
#define STUB_PART_OF_ROWS UINT32_MAX
bool stub_select_rows(struct cqlr_wr *w, const struct stub_statement *st, const uint8_t id[16],
                      const struct cqlr_params *p, uint32_t *rows, struct stub_failure *f);

/* Appends the Prepared result of the statement. False when the writer failed. */
bool stub_select_prepared(struct cqlr_wr *w, const struct stub_statement *st, const uint8_t id[16]);

#endif
