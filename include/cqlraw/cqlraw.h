/*
 * cqlraw.h - everything. Include it, or only the header you need: base, errcodes, version, wire,
 * value, token, msg, link, tls, loop, conn, client, bulk.
 */
#ifndef CQLRAW_CQLRAW_H
#define CQLRAW_CQLRAW_H

#include <cqlraw/bulk.h>
#include <cqlraw/conn.h>
#include <cqlraw/token.h>
#include <cqlraw/version.h>

#endif
