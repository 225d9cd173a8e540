/*
 * config_key.c - the tables of sections and keys. [cqlraw] and [profile NAME] take the long options
 * of the program by their names; cqlsh's files have names of their own.
 */
#include <string.h>

#include <cqlraw/wire.h>

#include "config_key.h"
#include "tools/cqlraw/args/suggest.h"

static const struct {
    const char *section, *key;
    const char *option; /* NULL: only the note */
    const char *note;
    bool seconds;
} cqlsh_keys[] = {
    {"connection", "hostname", "host", NULL, false},
    {"connection", "port", "port", NULL, false},
    {"connection", "timeout", "connect-timeout", NULL, true},
    {"connection", "request_timeout", "timeout", NULL, true},
    {"connection", "ssl", "tls", NULL, false},
    {"ssl", "certfile", "cacert", NULL, false},
    {"ssl", "validate", "insecure", NULL, false},
    {"ssl", "usercert", "cert", NULL, false},
    {"ssl", "userkey", "key", NULL, false},
    {"ssl", "version", NULL, "is passed over: TLS 1.3 or 1.2, whichever the server has", false},
    {"authentication", "username", "username", NULL, false},
    {"authentication", "password", "password", NULL, false},
    {"authentication", "credentials", "credentials", NULL, false},
    {"authentication", "keyspace", "keyspace", NULL, false},
    {"ui", "color", "color", NULL, false},
    {"protocol", "version", "protocol", NULL, false},
};

/* Sections of cqlshrc: known, so that a section of ours that is in none of these lists is a typing
 * error. [cql] version is the language's, which the protocol version settles. */
static const char *const cqlsh_sections[] = {
    "connection", "authentication", "auth_provider", "ssl",
    "certfiles",  "protocol",       "cql",           "ui",
    "csv",        "copy",           "copy-to",       "copy-from",
    "tracing",    "history",        "preferences",
};

static const char *const credential_sections[] = {"plain_text_auth", "PlainTextAuthProvider",
                                                  "DsePlainTextAuthProvider"};

/* They say where values come from, or are for one call only. */
static const enum option_id never_in_a_file[] = {
    OPT_HELP, OPT_ALL, OPT_PROFILE, OPT_CONFIG, OPT_CONFIG_FILE, OPT_NO_CONFIG, OPT_PASSWORD_FD,
};

static bool equal(struct cqlr_str s, const char *text)
{
    return cqlr_str_equal(s, cqlr_cstr(text));
}

static bool in_list(struct cqlr_str s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (equal(s, list[i]))
            return true;
    return false;
}

static const char *long_option(struct cqlr_str key, struct config_key *k)
{
    const struct option *o = option_find(key.p, key.n, 0, ~0u);
    if (!o)
        return "no such option";
    for (size_t i = 0; i < sizeof never_in_a_file / sizeof *never_in_a_file; i++)
        if (o->id == never_in_a_file[i])
            return "cannot be set in a file";
    if (o->type == TYPE_TEXTS)
        return "cannot be set in a file";
    if (!option_connects(o))
        return "is an option of a command that reads no file";
    k->option = o;
    return NULL;
}

/* cqlsh's "on" also means: where there is a terminal. */
static const char *color_of(struct cqlr_str text)
{
    int truth = config_truth(text);
    return truth > 0 ? "auto" : truth == 0 ? "never" : NULL;
}

const char *config_insecure(struct cqlr_str validate)
{
    return name_equal(validate.p, validate.n, "false") ? "true" : "false";
}

/* What a value of cqlsh's comes to here, or NULL: as it stands. */
static const char *meaning(const struct option *o, struct cqlr_str value)
{
    if (o && o->id == OPT_COLOR)
        return color_of(value);
    return o && o->id == OPT_INSECURE ? config_insecure(value) : NULL;
}

static void cqlsh_key(const struct ini_item *item, struct config_key *k)
{
    for (size_t i = 0; i < sizeof cqlsh_keys / sizeof *cqlsh_keys; i++) {
        if (!equal(item->section, cqlsh_keys[i].section) ||
            !name_equal(item->key.p, item->key.n, cqlsh_keys[i].key))
            continue;
        const char *option = cqlsh_keys[i].option;
        k->option = option ? option_find(option, strlen(option), 0, ~0u) : NULL;
        k->seconds = cqlsh_keys[i].seconds;
        k->value = meaning(k->option, item->value);
        k->note = cqlsh_keys[i].note;
    }
    if (equal(item->section, "certfiles")) {
        k->option = option_find("cacert", 6, 0, ~0u);
        k->of_host = true;
    }
}

static void credential(const struct ini_item *item, struct config_key *k)
{
    bool known = in_list(item->section, credential_sections,
                         sizeof credential_sections / sizeof *credential_sections);
    if (known && (name_equal(item->key.p, item->key.n, "username") ||
                  name_equal(item->key.p, item->key.n, "password")))
        k->option = option_find(item->key.p, item->key.n, 0, ~0u);
}

static const char *our_key(const struct ini_item *item, struct config_key *k)
{
    static const char profile[] = "profile ";
    struct cqlr_str s = item->section;
    if (s.n > sizeof profile - 1 && memcmp(s.p, profile, sizeof profile - 1) == 0) {
        k->profile = true;
        k->name = (struct cqlr_str){s.p + sizeof profile - 1, s.n - (sizeof profile - 1)};
        return long_option(item->key, k);
    }
    if (equal(s, "cqlraw"))
        return long_option(item->key, k);
    if (!in_list(s, cqlsh_sections, sizeof cqlsh_sections / sizeof *cqlsh_sections))
        return "no such section: there are [cqlraw], [profile NAME] and those of cqlshrc";
    cqlsh_key(item, k);
    return NULL;
}

const char *config_key_find(enum config_flavour flavour, const struct ini_item *item,
                            struct config_key *k)
{
    memset(k, 0, sizeof *k);
    if (flavour == CONFIG_OURS)
        return our_key(item, k);
    if (flavour == CONFIG_CQLSHRC)
        cqlsh_key(item, k);
    else
        credential(item, k);
    return NULL;
}

int config_truth(struct cqlr_str text)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (name_equal(text.p, text.n, yes[i]))
            return 1;
        if (name_equal(text.p, text.n, no[i]))
            return 0;
    }
    return -1;
}
