/*
 * resolve.c - environment, then configuration files, then the table's default. What is wrong with a
 * value is told with the name of the variable, or with file and line.
 *
 * Options are resolved in the order of the table, in which the name stands in front of its
 * passwords, and the host in front of its authority: a password in a file belongs to the name
 * beside it, an authority of [certfiles] to the host of that name.
 */
#include <stdio.h>
#include <stdlib.h>

#include <cqlraw/wire.h>

#include "resolve.h"
#include "host_name.h"
#include "tools/cqlraw/config/config.h"
#include "tools/cqlraw/config/config_key.h"
#include "tools/cqlraw/config/secret.h"

static int from_environment(const struct args *a, const struct option *o, struct option_value *v)
{
    for (size_t i = 0; i < 2 && o->env[i] && !v->given; i++) {
        const char *text = getenv(o->env[i]);
        if (!text || !*text)
            continue;
        v->given = true;
        v->from = FROM_ENVIRONMENT;
        v->origin = o->env[i];
        if (o->id == OPT_INSECURE)
            text = config_insecure(cqlr_cstr(text));
        return option_read(o, a->command->name, v->origin, text, v);
    }
    return 0;
}

/* The host's name when there is just one contact point, else nothing. */
static struct cqlr_str single_host(const struct args *a)
{
    struct cqlr_str list, point, other;
    const char *points = a->v[OPT_HOST].text;
    if (a->command->bit == CMD_PING && a->rest_n)
        points = a->rest_n == 1 ? a->rest[0] : NULL;
    list = cqlr_cstr(points ? points : "");
    if (!contact_next(&list, &point) || contact_next(&list, &other))
        return cqlr_cstr("");
    return host_name(point);
}

static int from_configuration(const struct args *a, const struct option *o, struct option_value *v)
{
    char shown[512];
    const struct config_whom whom = {a->v[OPT_USERNAME].text, single_host(a)};
    const struct config_item *it = config_find(a->config, o->id, &whom);
    if (v->from != FROM_NOWHERE || !it)
        return 0;
    v->given = true;
    v->from = FROM_FILE;
    v->origin = it->origin;
    snprintf(shown, sizeof shown, "%s: %s", it->origin, it->key);
    return option_read(o, a->command->name, shown, it->value, v);
}

int resolve_option(const struct args *a, const struct option *o, struct option_value *v)
{
    int rc = from_environment(a, o, v);
    if (!rc)
        rc = from_configuration(a, o, v);
    if (rc || v->from != FROM_NOWHERE || !o->def)
        return rc;
    v->from = FROM_DEFAULT;
    return option_read(o, a->command->name, o->name, o->def, v);
}

/* --no-config beside a flag that names something to read. */
static int check_no_config(const struct args *a)
{
    static const enum option_id reads[] = {OPT_PROFILE, OPT_CONFIG_FILE, OPT_CQLSHRC,
                                           OPT_CREDENTIALS};
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        if (a->v[reads[i]].from == FROM_COMMAND_LINE) {
            say(a->command->name, "--no-config reads none of the files, \"%s\" is in one",
                a->v[reads[i]].text);
            return EXIT_USAGE;
        }
    return 0;
}

int resolve_all(struct args *a)
{
    unsigned bits = a->command->bit;
    const struct option *password = option_find("password", 8, 0, bits);
    bool connects = password->commands & bits;
    int rc = connects ? secret_init(a) : 0;
    if (!rc && connects)
        rc = secret_from_environment(a, password);
    for (const struct option *o = options; !rc && o->name; o++)
        if (o->commands & bits)
            rc = from_environment(a, o, &a->v[o->id]);
    if (!rc && connects)
        rc = a->v[OPT_NO_CONFIG].given ? check_no_config(a) : config_read(&a->config, a);
    for (const struct option *o = options; !rc && o->name; o++)
        if (o->commands & bits)
            rc = resolve_option(a, o, &a->v[o->id]);
    return rc;
}
