/*
 * config.c - finds the files, reads them in the order of their rank into one list, and looks values
 * up there: the first item of an option wins.
 *
 * A file that was asked for must be there; one at its usual place may be missing. A password counts
 * only when nobody else may read its file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cqlraw/wire.h>

#include "config.h"
#include "config_key.h"
#include "private_file.h"
#include "secret.h"

struct config {
    struct config_item *first;
    struct config_item **end;
    unsigned groups;
};

/* One file that is read. */
struct source {
    struct config *config;
    const char *command;
    const char *path;
    enum config_flavour flavour;
    const char *profile; /* the one that is chosen, or NULL */
    bool only_profile;   /* take [profile NAME]; else all but the profiles */
    bool found_profile;
    bool warned;
    struct private_file file;
};

/* ---- places ---- */

/* NULL when the environment does not say where home is: then there are no files. A relative folder
 * would be one of the working directory. Owned by the caller. */
static char *home_path(const char *variable, const char *file)
{
    const char *folder = getenv(variable);
    char *path = NULL;
    if (!folder || folder[0] != '/' || asprintf(&path, "%s/%s", folder, file) < 0)
        return NULL;
    return path;
}

static char *own_path(void)
{
    char *path = home_path("XDG_CONFIG_HOME", "cqlraw/config");
    return path ? path : home_path("HOME", ".config/cqlraw/config");
}

/* ---- items ---- */

static bool is_bare_number(struct cqlr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* Puts an item at the end of the list: its value is before + value + after. */
static int append(struct source *s, const struct ini_item *item, enum option_id option,
                  const char *before, const char *after)
{
    size_t value_size = strlen(before) + item->value.n + strlen(after) + 1;
    size_t origin_size = strlen(s->path) + sizeof ":4294967295";
    size_t size = sizeof(struct config_item) + item->key.n + 1 + value_size + origin_size;
    struct config_item *it = calloc(1, size);
    if (!it) {
        say(s->command, "out of memory");
        return EXIT_INTERNAL;
    }
    char *key = (char *)(it + 1), *value = key + item->key.n + 1, *origin = value + value_size;
    memcpy(key, item->key.p, item->key.n);
    snprintf(value, value_size, "%s%.*s%s", before, CQLR_STR(item->value), after);
    snprintf(origin, origin_size, "%s:%u", s->path, item->line);
    *it =
        (struct config_item){NULL, size, option, s->config->groups, item->line, key, value, origin};
    *s->config->end = it;
    s->config->end = &it->next;
    return 0;
}

static int wrong(const struct source *s, unsigned line, const char *why)
{
    say(s->command, "%s:%u: %s", s->path, line, why);
    return EXIT_USAGE;
}

static int wrong_key(const struct source *s, const struct ini_item *item, const char *why)
{
    say(s->command, "%s:%u: [%.*s] %.*s: %s", s->path, item->line, CQLR_STR(item->section),
        CQLR_STR(item->key), why);
    return EXIT_USAGE;
}

static void warn_not_private(struct source *s, const char *what)
{
    if (!s->warned)
        say(s->command,
            "warning: %s %s is ignored: its mode is %04o, and it must be yours and 0600, so that "
            "nobody else can read it",
            what, s->path, s->file.mode);
    s->warned = true;
}

static int set(struct source *s, const struct ini_item *item, const struct config_key *k)
{
    const char *home = getenv("HOME");
    bool in_home = k->option->arg && strcmp(k->option->arg, "FILE") == 0 && home &&
                   item->value.n > 1 && memcmp(item->value.p, "~/", 2) == 0;
    struct ini_item below = *item;
    if (memchr(item->value.p, '\n', item->value.n))
        return wrong_key(s, item, "the value goes over several lines");
    for (const struct config_item *it = s->config->first; it; it = it->next)
        if (it->option == k->option->id && it->group == s->config->groups)
            return wrong_key(s, item, "is set twice in this section");
    if (k->option->id == OPT_PASSWORD && !s->file.private_enough) {
        warn_not_private(s, "the password in");
        return 0;
    }
    if (k->option->id == OPT_PASSWORD)
        secret_guard();
    if (k->value)
        below.value = cqlr_cstr(k->value);
    if (in_home) {
        below.value.p++;
        below.value.n--;
    }
    bool seconds = k->seconds && is_bare_number(item->value);
    return append(s, &below, k->option->id, in_home ? home : "", seconds ? "s" : "");
}

/* Is the item one that this pass is for? */
static bool wanted(struct source *s, const struct config_key *k)
{
    bool chosen = k->profile && s->profile && cqlr_str_equal(k->name, cqlr_cstr(s->profile));
    s->found_profile |= chosen;
    return s->only_profile ? chosen : !k->profile;
}

static int read_items(struct source *s)
{
    struct ini ini;
    struct ini_item item;
    struct config_key k;
    struct cqlr_str section = {NULL, 0};
    const char *why;
    int rc;
    ini_init(&ini, (struct cqlr_str){s->file.data, s->file.n});
    while ((rc = ini_next(&ini, &item, &why)) == 1) {
        why = config_key_find(s->flavour, &item, &k);
        if (why)
            return wrong_key(s, &item, why);
        if (item.section.p != section.p)
            s->config->groups++;
        section = item.section;
        if (!wanted(s, &k) || !item.value.n)
            continue;
        if (k.ignored)
            say(s->command, "warning: %s:%u: [%.*s] %.*s: %s", s->path, item.line,
                CQLR_STR(item.section), CQLR_STR(item.key), k.ignored);
        rc = k.option ? set(s, &item, &k) : 0;
        if (rc)
            return rc;
    }
    return rc < 0 ? wrong(s, ini.line, why) : 0;
}

/* ---- files ---- */

/* The names of the profiles, once each, as ", a, b". */
static void list_profiles(const struct source *s, char *out, size_t size)
{
    struct ini ini;
    struct ini_item item;
    struct config_key k;
    struct cqlr_str last = {NULL, 0};
    const char *why;
    size_t n = 0;
    out[0] = '\0';
    ini_init(&ini, (struct cqlr_str){s->file.data, s->file.n});
    while (n < size && ini_next(&ini, &item, &why) == 1) {
        if (config_key_find(s->flavour, &item, &k) || !k.profile || k.name.p == last.p)
            continue;
        last = k.name;
        n += (size_t)snprintf(out + n, size - n, "%s%.*s", n ? ", " : "", CQLR_STR(k.name));
    }
}

static int unknown_profile(const struct source *s)
{
    char names[512];
    list_profiles(s, names, sizeof names);
    say(s->command, "no profile \"%s\" in %s%s%s", s->profile, s->path,
        names[0] ? "; there are: " : ", which has none", names);
    return EXIT_USAGE;
}

static int read_file(struct source *s)
{
    int rc = 0;
    if (s->flavour == CONFIG_CREDENTIALS && !s->file.private_enough) {
        warn_not_private(s, "the file");
        return 0;
    }
    s->only_profile = true;
    if (s->profile)
        rc = read_items(s);
    if (!rc && s->profile && !s->found_profile)
        rc = unknown_profile(s);
    s->only_profile = false;
    return rc ? rc : read_items(s);
}

/* `path` is the one that was asked for, or NULL for the usual one (taken). */
static int read_path(struct source *s, const char *path, char *usual)
{
    int rc = 0, error;
    s->path = path ? path : usual;
    error = s->path ? private_file_read(&s->file, s->path, true) : ENOENT;
    if (!error)
        rc = read_file(s);
    else if (path || (error != ENOENT && error != ENOTDIR)) {
        say(s->command, "cannot read %s: %s", s->path, strerror(error));
        rc = EXIT_CONNECT;
    } else if (s->profile) {
        say(s->command, "no profile \"%s\": there is no %s", s->profile,
            s->path ? s->path : "configuration file");
        rc = EXIT_USAGE;
    }
    private_file_free(&s->file);
    free(usual);
    return rc;
}

/* What the option says, or a file read so far. */
static const char *path_of(const struct args *a, const struct config *c, enum option_id option)
{
    const struct config_item *it = config_find(c, option, NULL);
    return a->v[option].given ? a->v[option].text : it ? it->value : NULL;
}

int config_read(struct config **out, const struct args *a)
{
    const char *command = a->command->name;
    struct config *c = calloc(1, sizeof *c);
    *out = c;
    if (!c) {
        say(command, "out of memory");
        return EXIT_INTERNAL;
    }
    c->end = &c->first;
    struct source ours = {.config = c, .command = command, .flavour = CONFIG_OURS};
    struct source cqlshrc = {.config = c, .command = command, .flavour = CONFIG_CQLSHRC};
    struct source credentials = {.config = c, .command = command, .flavour = CONFIG_CREDENTIALS};
    ours.profile = a->v[OPT_PROFILE].text;
    int rc = read_path(&ours, a->v[OPT_CONFIG_FILE].text, own_path());
    if (!rc)
        rc = read_path(&cqlshrc, path_of(a, c, OPT_CQLSHRC),
                       home_path("HOME", ".cassandra/cqlshrc"));
    if (!rc)
        rc = read_path(&credentials, path_of(a, c, OPT_CREDENTIALS),
                       home_path("HOME", ".cassandra/credentials"));
    return rc;
}

void config_free(struct config *c)
{
    struct config_item *next;
    for (struct config_item *it = c ? c->first : NULL; it; it = next) {
        next = it->next;
        explicit_bzero(it, it->size);
        free(it);
    }
    free(c);
}

static const struct config_item *username_of(const struct config *c, unsigned group)
{
    for (const struct config_item *it = c->first; it; it = it->next)
        if (it->group == group && it->option == OPT_USERNAME)
            return it;
    return NULL;
}

static bool is_secret(enum option_id option)
{
    return option == OPT_PASSWORD || option == OPT_PASSWORD_FILE;
}

const struct config_item *config_find(const struct config *c, enum option_id option,
                                      const char *username)
{
    for (const struct config_item *it = c ? c->first : NULL; it; it = it->next) {
        bool secret = is_secret(option) && is_secret(it->option);
        const struct config_item *name = secret && username ? username_of(c, it->group) : NULL;
        if (name && strcmp(name->value, username) != 0)
            continue;
        if (it->option == option)
            return it;
        if (secret)
            return NULL;
    }
    return NULL;
}
