// The codec alone, from C++17: a QUERY is written and read again.
#include <cstdio>
#include <string_view>

#include <cqlraw/msg.h>

int main()
{
    constexpr std::string_view cql = "SELECT key FROM system.local";
    cqlr_wr w;
    cqlr_err err;
    cqlr_rd r;
    cqlr_query sent{}, read{};
    sent.cql = {cql.data(), cql.size()};
    sent.params.consistency = CQLR_CL_ONE;
    cqlr_wr_init(&w, nullptr, 0);
    int rc = cqlr_query_write(&w, &sent);
    if (rc == 0) {
        cqlr_rd_init(&r, w.p, w.n, &err);
        rc = cqlr_query_read(&r, &read);
    }
    if (rc == 0)
        std::printf("%.*s at %s\n", CQLR_STR(read.cql),
                    cqlr_consistency_name(read.params.consistency));
    cqlr_wr_fini(&w);
    return rc != 0;
}
