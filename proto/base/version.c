/*
 * version.c - the version of the library that is linked.
 */
#include <cqlraw/version.h>

const char *cqlr_version(void)
{
    return CQLRAW_VERSION;
}
