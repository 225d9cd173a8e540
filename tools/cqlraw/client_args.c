/*
 * client_args.c - see the header. Ranges were checked by the option table.
 */
#include "client_args.h"

void client_args(struct cqlr_client_opts *o, const struct args *a)
{
    cqlr_client_opts_init(o, sizeof *o);
    o->contact_points = a->v[OPT_HOST].text;
    o->port = (uint16_t)a->v[OPT_PORT].n;
    o->consistency = (uint16_t)a->v[OPT_CL].n;
    o->page_size = (int32_t)a->v[OPT_PAGE_SIZE].n;
    o->request_timeout = a->v[OPT_TIMEOUT].n;
    o->connect_timeout = a->v[OPT_CONNECT_TIMEOUT].n;
    o->application_name = "cqlraw";
}
