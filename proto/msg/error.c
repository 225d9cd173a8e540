/*
 * error.c - ERROR: a code, a message, and fields that depend on the code (native_protocol_v4.spec
 * section 9). Its text for people is in error_print.c.
 *
 * In v4 the failures of READ_FAILURE and WRITE_FAILURE are a bare count. An unknown code has no
 * fields that we could read.
 */
#include <cqlraw/msg.h>

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

static void fields_read(struct cqlr_rd *r, struct cqlr_error *m)
{
    switch (m->code) {
    case CQLR_SERVER_UNAVAILABLE:
    case CQLR_SERVER_CAS_WRITE_UNKNOWN:
        replicas_read(r, m);
        break;
    case CQLR_SERVER_WRITE_TIMEOUT:
        replicas_read(r, m);
        m->write_type = cqlr_rd_string(r, "ERROR write type");
        break;
    case CQLR_SERVER_READ_TIMEOUT:
        replicas_read(r, m);
        m->data_present = cqlr_rd_u8(r, "ERROR data present") != 0;
        break;
    case CQLR_SERVER_READ_FAILURE:
        replicas_read(r, m);
        m->failures = cqlr_rd_i32(r, "ERROR failures");
        m->data_present = cqlr_rd_u8(r, "ERROR data present") != 0;
        break;
    case CQLR_SERVER_WRITE_FAILURE:
        replicas_read(r, m);
        m->failures = cqlr_rd_i32(r, "ERROR failures");
        m->write_type = cqlr_rd_string(r, "ERROR write type");
        break;
    case CQLR_SERVER_FUNCTION_FAILURE:
        m->keyspace = cqlr_rd_string(r, "ERROR keyspace");
        m->name = cqlr_rd_string(r, "ERROR function");
        m->arguments = cqlr_rd_string_list(r, "ERROR arguments");
        break;
    case CQLR_SERVER_ALREADY_EXISTS:
        m->keyspace = cqlr_rd_string(r, "ERROR keyspace");
        m->name = cqlr_rd_string(r, "ERROR table");
        break;
    case CQLR_SERVER_UNPREPARED:
        m->id = cqlr_rd_short_bytes(r, "ERROR id");
        break;
    default:
        break;
    }
}

int cqlr_error_read(struct cqlr_rd *r, struct cqlr_error *m)
{
    memset(m, 0, sizeof *m);
    m->code = cqlr_rd_i32(r, "ERROR code");
    m->message = cqlr_rd_string(r, "ERROR message");
    fields_read(r, m);
    return r->rc;
}

int cqlr_error_write(struct cqlr_wr *w, const struct cqlr_error *m)
{
    cqlr_wr_i32(w, m->code);
    cqlr_wr_string(w, m->message);
    switch (m->code) {
    case CQLR_SERVER_UNAVAILABLE:
    case CQLR_SERVER_CAS_WRITE_UNKNOWN:
        replicas_write(w, m);
        break;
    case CQLR_SERVER_WRITE_TIMEOUT:
        replicas_write(w, m);
        cqlr_wr_string(w, m->write_type);
        break;
    case CQLR_SERVER_READ_TIMEOUT:
        replicas_write(w, m);
        cqlr_wr_u8(w, m->data_present);
        break;
    case CQLR_SERVER_READ_FAILURE:
        replicas_write(w, m);
        cqlr_wr_i32(w, m->failures);
        cqlr_wr_u8(w, m->data_present);
        break;
    case CQLR_SERVER_WRITE_FAILURE:
        replicas_write(w, m);
        cqlr_wr_i32(w, m->failures);
        cqlr_wr_string(w, m->write_type);
        break;
    case CQLR_SERVER_FUNCTION_FAILURE:
        cqlr_wr_string(w, m->keyspace);
        cqlr_wr_string(w, m->name);
        cqlr_wr_span(w, m->arguments);
        break;
    case CQLR_SERVER_ALREADY_EXISTS:
        cqlr_wr_string(w, m->keyspace);
        cqlr_wr_string(w, m->name);
        break;
    case CQLR_SERVER_UNPREPARED:
        cqlr_wr_short_bytes(w, m->id);
        break;
    default:
        break;
    }
    return w->rc;
}
