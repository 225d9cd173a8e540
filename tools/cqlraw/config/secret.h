/*
 * secret.h - the one place where the program keeps a password that did not come from the
 * configuration.
 */
#ifndef CQLRAW_SECRET_H
#define CQLRAW_SECRET_H

#include "tools/cqlraw/args/args.h"

/* All three return 0, or the exit code after one line on stderr. */

/* Makes room: SECRET_SIZE zeros at a->secret. */
int secret_init(struct args *a);
/* Moves a text there out of argv or the environment, where others could see it. */
int secret_take(struct args *a, char *text);
/* Takes the password out of the environment, whether it is used or not: it would be seen there, and
 * inherited by child processes. `password` is its option. */
int secret_from_environment(struct args *a, const struct option *password);

/* From now on no crash writes this process's memory to a file, and no other process of the same
 * user reads it; both hold for the workers, too. To be called before a secret is in it. */
void secret_guard(void);

/* Wipes it. */
void secret_free(struct args *a);

#endif
