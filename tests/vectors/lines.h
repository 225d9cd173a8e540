/*
 * lines.h - files of vectors as lines: "KEY TEXT", '#' starts a comment line, an empty line is
 * skipped. Standard C alone, so that it runs wherever the protocol library does.
 */
#ifndef CQLRAW_TESTS_LINES_H
#define CQLRAW_TESTS_LINES_H

#include <stddef.h>

/* Calls `line` for each that is neither empty nor a comment. It returns 0, or -1 for one that it
 * does not know, which ends the reading: a test that is not read is a test that does not fail. 0,
 * or -1 with the reason on stderr. */
int lines_read(const char *path, int (*line)(void *arg, const char *text), void *arg);

/* What stands behind `key` and a space ("" when nothing does), or NULL when the line starts
 * otherwise. */
const char *line_after(const char *line, const char *key);

/* 0..15, or -1. */
int line_hex_digit(char c);

/* Memory, or the end of the program. */
void *must(void *p);
char *copied(const char *s);
/* The text made longer by a line and its newline. */
char *longer(char *text, const char *line);

#endif
