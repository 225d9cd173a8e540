/*
 * version.h - the version of the library and of these headers.
 */
#ifndef CQLRAW_VERSION_H
#define CQLRAW_VERSION_H

#include <cqlraw/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CQLRAW_VERSION "0.1.0"

/* The version of the library that is linked, which can be newer than these headers. */
CQLR_API const char *cqlr_version(void);

#ifdef __cplusplus
}
#endif
#endif
