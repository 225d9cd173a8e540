/*
 * retry.c - see retry.h; the table with the reasons for each row is in README.md.
 */
#include <string.h>

#include "src/cluster/retry.h"

static bool is_write_type(const struct cqlr_error *e, const char *type)
{
    return cqlr_str_equal(e->write_type, cqlr_cstr(type));
}

/* May it pass when it is asked again? */
static bool may_pass(const struct cqlr_error *e)
{
    switch (e->code) {
    case CQLR_SERVER_SERVER_ERROR:
    case CQLR_SERVER_UNAVAILABLE:
    case CQLR_SERVER_OVERLOADED:
    case CQLR_SERVER_IS_BOOTSTRAPPING:
    case CQLR_SERVER_TRUNCATE_ERROR:
    case CQLR_SERVER_READ_TIMEOUT:
        return true;
    case CQLR_SERVER_WRITE_TIMEOUT:
        return is_write_type(e, "BATCH_LOG");
    default: /* the same request gets the same answer, or its outcome is not known */
        return false;
    }
}

bool cqlr__retry(const struct cqlr_error *e, bool idempotent, unsigned tries, unsigned most)
{
    if (tries >= most || !may_pass(e))
        return false;
    return idempotent || e->code == CQLR_SERVER_IS_BOOTSTRAPPING;
}
