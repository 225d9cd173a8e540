# make tls-peer: the TLS server that the tests of TLS break connections with. It takes OpenSSL, whatever
# the library is built with.

PEER      = $(BUILD)/tests/tls/peer
PEER_SRC  = tests/tls/peer.c tests/tls/peer_link.c
PEER_LIBS = $(strip $(shell pkg-config --libs openssl 2>/dev/null || echo -lssl -lcrypto))
ALL_SRC  += $(PEER_SRC)

$(PEER): $(call obj,$(PEER_SRC))
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PEER_LIBS)

tls-peer: $(PEER)
.PHONY: tls-peer
