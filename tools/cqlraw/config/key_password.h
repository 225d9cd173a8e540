/*
 * key_password.h - the password of a private key: of a file, or typed.
 */
#ifndef CQLRAW_KEY_PASSWORD_H
#define CQLRAW_KEY_PASSWORD_H

#include "tools/cqlraw/args/args.h"

/* Looks at the file of --key (or --cert): warns when others may read it, and takes the password
 * from --key-password-file or, when the key is encrypted, asks for it. *password is NULL when none
 * is needed, else it is borrowed until args_free. 0 or the exit code after one line on stderr. */
int key_password_get(const struct args *a, const char **password);

#endif
