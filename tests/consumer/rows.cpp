// A client from C++17: handles in unique_ptr, rows as views.
//
// usage: rows HOST:PORT
#include <cstdio>
#include <memory>
#include <string_view>

#include <cqlraw/client.h>

template <auto Free> struct Deleter {
    template <class T> void operator()(T *p) const
    {
        Free(p);
    }
};
using Client = std::unique_ptr<cqlr_client, Deleter<cqlr_client_free>>;
using Reply = std::unique_ptr<cqlr_reply, Deleter<cqlr_reply_free>>;

static std::string_view view(cqlr_str s)
{
    return {s.p, s.n};
}

int main(int argc, char **argv)
{
    cqlr_client_opts o;
    cqlr_client_opts_init(&o, sizeof o);
    o.contact_points = argc > 1 ? argv[1] : "127.0.0.1";
    Client client{cqlr_client_new(&o)};
    Reply reply;
    if (client && cqlr_sync_connect(client.get()) == 0)
        reply.reset(
            cqlr_sync_query(client.get(), cqlr_cstr("SELECT key FROM system.local"), nullptr));
    if (!reply) {
        std::fprintf(stderr, "%s\n", client ? cqlr_client_err(client.get())->text : "no memory");
        return 1;
    }
    cqlr_row row;
    int rc;
    while ((rc = cqlr_reply_next(reply.get(), &row)) == 1) {
        std::string_view key = view(cqlr_row_text(&row, 0));
        std::printf("key %.*s, %u column\n", static_cast<int>(key.size()), key.data(),
                    row.columns->count);
    }
    if (rc < 0)
        std::fprintf(stderr, "%s\n", cqlr_reply_err(reply.get())->text);
    return rc < 0;
}
