/*
 * prompt.h - a question on the terminal whose answer is not shown.
 */
#ifndef CQLRAW_PROMPT_H
#define CQLRAW_PROMPT_H

#include <stddef.h>

/* Asks on the controlling terminal, whatever stdin and stdout are. 0, or the exit code after one
 * line on stderr. The terminal shows what is typed again when it returns, and when a signal ends or
 * stops the program meanwhile. */
int prompt_secret(const char *command, const char *question, char *out, size_t size);

#endif
