# make tls-tests: what the tests of TLS run besides the program. The peer, the server that they break
# connections with, takes OpenSSL whatever the library is built with.

PEER      = $(BUILD)/tests/tls/peer
PEER_SRC  = tests/tls/peer.c tests/tls/peer_link.c
PEER_LIBS = $(strip $(shell pkg-config --libs openssl 2>/dev/null || echo -lssl -lcrypto))
ALL_SRC  += $(PEER_SRC) tests/tls/sessions.c

$(PEER): $(call obj,$(PEER_SRC))
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PEER_LIBS)

$(BUILD)/tests/tls/sessions: $(call obj,tests/tls/sessions.c) $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

tls-peer: $(PEER)
tls-tests: $(PEER) $(BUILD)/tests/tls/sessions
.PHONY: tls-peer tls-tests
