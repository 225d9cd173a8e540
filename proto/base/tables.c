/*
 * tables.c - names of the protocol's codes (native_protocol_v4.spec sections 2.4 and 3).
 */
#include <cqlraw/wire.h>

const char *cqlr_opcode_name(uint8_t opcode)
{
    static const char *const name[] = {
        [CQLR_OP_ERROR] = "ERROR",
        [CQLR_OP_STARTUP] = "STARTUP",
        [CQLR_OP_READY] = "READY",
        [CQLR_OP_AUTHENTICATE] = "AUTHENTICATE",
        [CQLR_OP_OPTIONS] = "OPTIONS",
        [CQLR_OP_SUPPORTED] = "SUPPORTED",
        [CQLR_OP_QUERY] = "QUERY",
        [CQLR_OP_RESULT] = "RESULT",
        [CQLR_OP_PREPARE] = "PREPARE",
        [CQLR_OP_EXECUTE] = "EXECUTE",
        [CQLR_OP_REGISTER] = "REGISTER",
        [CQLR_OP_EVENT] = "EVENT",
        [CQLR_OP_BATCH] = "BATCH",
        [CQLR_OP_AUTH_CHALLENGE] = "AUTH_CHALLENGE",
        [CQLR_OP_AUTH_RESPONSE] = "AUTH_RESPONSE",
        [CQLR_OP_AUTH_SUCCESS] = "AUTH_SUCCESS",
    };
    return opcode < sizeof name / sizeof *name ? name[opcode] : NULL;
}

const char *cqlr_consistency_name(uint16_t code)
{
    static const char *const name[] = {
        [CQLR_CL_ANY] = "ANY",
        [CQLR_CL_ONE] = "ONE",
        [CQLR_CL_TWO] = "TWO",
        [CQLR_CL_THREE] = "THREE",
        [CQLR_CL_QUORUM] = "QUORUM",
        [CQLR_CL_ALL] = "ALL",
        [CQLR_CL_LOCAL_QUORUM] = "LOCAL_QUORUM",
        [CQLR_CL_EACH_QUORUM] = "EACH_QUORUM",
        [CQLR_CL_SERIAL] = "SERIAL",
        [CQLR_CL_LOCAL_SERIAL] = "LOCAL_SERIAL",
        [CQLR_CL_LOCAL_ONE] = "LOCAL_ONE",
    };
    return code < sizeof name / sizeof *name ? name[code] : NULL;
}
