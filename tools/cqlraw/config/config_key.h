/*
 * config_key.h - what [section] key of a configuration file is called on the command line. Pure.
 */
#ifndef CQLRAW_CONFIG_KEY_H
#define CQLRAW_CONFIG_KEY_H

#include "ini.h"
#include "tools/cqlraw/args/args.h"

enum config_flavour {
    CONFIG_OURS,       /* [cqlraw], [profile NAME], and the sections of cqlshrc */
    CONFIG_CQLSHRC,    /* what we don't know is cqlsh's own */
    CONFIG_CREDENTIALS /* a section for each of the auth providers */
};

struct config_key {
    const struct option *option; /* NULL: the item is none of ours */
    bool seconds;                /* a bare number is in seconds */
    const char *value;           /* what it comes to here, or NULL: as it stands */
    bool profile;                /* from a [profile NAME] */
    struct cqlr_str name;        /* that NAME */
    const char *note;            /* for --verbose: what we do not do with it, or NULL */
    bool of_host;                /* for one host only, which the key names */
};

/* NULL, or what is wrong with the item (static). */
const char *config_key_find(enum config_flavour flavour, const struct ini_item *item,
                            struct config_key *k);

/* What --insecure is by cqlsh's `validate`, "true" or "false": only "false" turns checking off, as
 * there. */
const char *config_insecure(struct cqlr_str validate);

/* yes, no; true, false; on, off; 1, 0. 1, 0, or -1 when it is neither. */
int config_truth(struct cqlr_str text);

#endif
