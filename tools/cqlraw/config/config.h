/*
 * config.h - configuration files → values of options.
 *
 * In the order of their rank: [profile NAME] and then the rest of $XDG_CONFIG_HOME/cqlraw/config,
 * cqlsh's ~/.cassandra/cqlshrc, and ~/.cassandra/credentials. Never a file of the working
 * directory.
 */
#ifndef CQLRAW_CONFIG_H
#define CQLRAW_CONFIG_H

#include "tools/cqlraw/args/args.h"

struct config;

struct config_item {
    struct config_item *next; /* of lower rank */
    size_t size;              /* of this block, the texts included */
    enum option_id option;
    unsigned group; /* the same for items of one section of one file */
    unsigned line;
    const char *key; /* as the file names it */
    const char *value;
    const char *origin; /* "FILE:LINE" */
    const char *host;   /* the only one it counts for, or NULL: any */
};

/* Reads what there is. --profile, --config-file, --cqlshrc and --credentials of `a` are in place by
 * now, also those of the environment. 0 or the exit code after one line on stderr; *c is to be
 * freed in any case. What is passed over is told in a line that starts with "warning". */
int config_read(struct config **c, const struct args *a);
/* Wipes what it read. NULL is fine. */
void config_free(struct config *c);

/* Whom a value is for. */
struct config_whom {
    const char *username; /* NULL = any */
    struct cqlr_str host; /* of the only contact point; empty: there are several */
};

/* The item that sets this option, or NULL; borrowed until config_free. A password (or its file)
 * that stands beside another name belongs to someone else and is not found, neither is what counts
 * for another host; of a password and a password file the first counts. c may be NULL. */
const struct config_item *config_find(const struct config *c, enum option_id option,
                                      const struct config_whom *whom);

#endif
