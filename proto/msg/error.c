/*
 * error.c - ERROR: a code, a message, and fields that depend on the code (native_protocol_v4.spec
 * section 9). Its text for people is in error_print.c.
 *
 * In v4 the failures of READ_FAILURE and WRITE_FAILURE are a bare count. An unknown code has no
 * fields that we could read.
 */
#include <cqlraw/msg.h>

unsigned cqlr_error_fields(int32_t code)
{
    switch (code) {
    case CQLR_SERVER_UNAVAILABLE:
    case CQLR_SERVER_CAS_WRITE_UNKNOWN:
        return CQLR_ERROR_REPLICAS;
    case CQLR_SERVER_WRITE_TIMEOUT:
        return CQLR_ERROR_REPLICAS | CQLR_ERROR_WRITE_TYPE;
    case CQLR_SERVER_READ_TIMEOUT:
        return CQLR_ERROR_REPLICAS | CQLR_ERROR_DATA_PRESENT;
    case CQLR_SERVER_READ_FAILURE:
        return CQLR_ERROR_REPLICAS | CQLR_ERROR_FAILURES | CQLR_ERROR_DATA_PRESENT;
    case CQLR_SERVER_WRITE_FAILURE:
        return CQLR_ERROR_REPLICAS | CQLR_ERROR_FAILURES | CQLR_ERROR_WRITE_TYPE;
    case CQLR_SERVER_FUNCTION_FAILURE:
        return CQLR_ERROR_NAMES | CQLR_ERROR_ARGUMENTS;
    case CQLR_SERVER_ALREADY_EXISTS:
        return CQLR_ERROR_NAMES;
    case CQLR_SERVER_UNPREPARED:
        return CQLR_ERROR_ID;
    default:
        return 0;
    }
}

/* What the codes about replicas have in common. UNAVAILABLE names the required number first, the
 * others second. */
static void replicas_read(struct cqlr_rd *r, struct cqlr_error *m)
{
    bool required_first = m->code == CQLR_SERVER_UNAVAILABLE;
    m->consistency = cqlr_rd_u16(r, "ERROR consistency");
    int32_t first = cqlr_rd_i32(r, "ERROR replicas");
    int32_t second = cqlr_rd_i32(r, "ERROR replicas");
    m->required = required_first ? first : second;
    m->received = required_first ? second : first;
}

static void replicas_write(struct cqlr_wr *w, const struct cqlr_error *m)
{
    bool required_first = m->code == CQLR_SERVER_UNAVAILABLE;
    cqlr_wr_u16(w, m->consistency);
    cqlr_wr_i32(w, required_first ? m->required : m->received);
    cqlr_wr_i32(w, required_first ? m->received : m->required);
}

int cqlr_error_read(struct cqlr_rd *r, struct cqlr_error *m)
{
    memset(m, 0, sizeof *m);
    m->code = cqlr_rd_i32(r, "ERROR code");
    m->message = cqlr_rd_string(r, "ERROR message");
    unsigned has = cqlr_error_fields(m->code);
    if (has & CQLR_ERROR_REPLICAS)
        replicas_read(r, m);
    if (has & CQLR_ERROR_FAILURES)
        m->failures = cqlr_rd_i32(r, "ERROR failures");
    if (has & CQLR_ERROR_DATA_PRESENT)
        m->data_present = cqlr_rd_u8(r, "ERROR data present") != 0;
    if (has & CQLR_ERROR_WRITE_TYPE)
        m->write_type = cqlr_rd_string(r, "ERROR write type");
    if (has & CQLR_ERROR_NAMES) {
        m->keyspace = cqlr_rd_string(r, "ERROR keyspace");
        m->name = cqlr_rd_string(r, has & CQLR_ERROR_ARGUMENTS ? "ERROR function" : "ERROR table");
    }
    if (has & CQLR_ERROR_ARGUMENTS)
        m->arguments = cqlr_rd_string_list(r, "ERROR arguments");
    if (has & CQLR_ERROR_ID)
        m->id = cqlr_rd_short_bytes(r, "ERROR id");
    return r->rc;
}

int cqlr_error_write(struct cqlr_wr *w, const struct cqlr_error *m)
{
    unsigned has = cqlr_error_fields(m->code);
    cqlr_wr_i32(w, m->code);
    cqlr_wr_string(w, m->message);
    if (has & CQLR_ERROR_REPLICAS)
        replicas_write(w, m);
    if (has & CQLR_ERROR_FAILURES)
        cqlr_wr_i32(w, m->failures);
    if (has & CQLR_ERROR_DATA_PRESENT)
        cqlr_wr_u8(w, m->data_present);
    if (has & CQLR_ERROR_WRITE_TYPE)
        cqlr_wr_string(w, m->write_type);
    if (has & CQLR_ERROR_NAMES) {
        cqlr_wr_string(w, m->keyspace);
        cqlr_wr_string(w, m->name);
    }
    if (has & CQLR_ERROR_ARGUMENTS)
        cqlr_wr_span(w, m->arguments);
    if (has & CQLR_ERROR_ID)
        cqlr_wr_short_bytes(w, m->id);
    return w->rc;
}
