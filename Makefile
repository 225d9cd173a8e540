# cqlraw: make | make test | make lint | make asan | make bench | make live | make install | make clean   (see CONTRIBUTING.md)
#
# Variables: CC, BUILD (folder of the results), FLAVOUR (release or asan), CFLAGS, LDFLAGS, WERROR=-Werror, WITH_LZ4=0, WITH_TLS=0
# e.g.       make CC=clang BUILD=build/clang
#
# build/cqlraw is always the release program of the default compiler; other flavours have a folder of their own.

FLAVOUR ?= release
BUILD   ?= build$(if $(filter-out release,$(FLAVOUR)),/$(FLAVOUR))
SOVERSION = 0

CFLAGS_release = -O2 -g
CFLAGS_asan    = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS_asan   = -fsanitize=address,undefined
WARN = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla $(WERROR)

# Hidden unless marked CQLR_API; calls within the library are never diverted to someone else's function of the same name.
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -fno-semantic-interposition -MMD -MP \
              -Iinclude -I. $(WARN) $(CFLAGS_$(FLAVOUR)) $(CFLAGS)
ALL_LDFLAGS = $(LDFLAGS_$(FLAVOUR)) $(LDFLAGS)

# Without a library a file is swapped, never a line inside one. LDLIBS stands at the end of everything that is linked.
# The codec alone needs LDLIBS_PROTO of it.
WITH_LZ4 ?= 1
ifeq ($(WITH_LZ4),0)
LEFT_OUT     = proto/wire/compress.c
LDLIBS_PROTO =
else
LEFT_OUT     = proto/wire/compress_none.c
LDLIBS_PROTO := $(strip $(shell pkg-config --libs liblz4 2>/dev/null || echo -llz4))
LZ4_CFLAGS   := $(shell pkg-config --cflags liblz4 2>/dev/null)
ALL_CFLAGS   += $(LZ4_CFLAGS)
endif

WITH_TLS ?= 1
ifeq ($(WITH_TLS),0)
LEFT_OUT   += src/net/io_tls.c $(wildcard src/net/tls_ssl_*.c tests/unit/test_tls*.c)
TLS_LIBS    =
else
LEFT_OUT   += src/net/io_tls_none.c
TLS_LIBS   := $(strip $(shell pkg-config --libs openssl 2>/dev/null || echo -lssl -lcrypto))
TLS_STATIC := $(strip $(shell pkg-config --static --libs openssl 2>/dev/null || echo -lssl -lcrypto))
TLS_CFLAGS := $(shell pkg-config --cflags openssl 2>/dev/null)
ALL_CFLAGS += $(TLS_CFLAGS)
endif
LDLIBS = $(strip $(TLS_LIBS) $(LDLIBS_PROTO))
LDLIBS_STATIC = $(strip $(TLS_STATIC) $(LDLIBS_PROTO))

.DEFAULT_GOAL = all

# --- what there is: tests/unit/test_x.c and tests/bench/x.c are a program each; what else lies in tests/unit helps the tests

PROTO_SRC = $(sort $(filter-out $(LEFT_OUT),$(wildcard proto/*/*.c)))
LIB_SRC   = $(sort $(filter-out $(LEFT_OUT),$(wildcard src/*/*.c src/*/*/*.c)))
STUB_SRC  = $(sort $(wildcard tools/stub/*.c))
CAPTURE_SRC = $(sort $(wildcard tools/capture/*.c))
TOOL_SRC  = $(sort $(filter-out %/main.c,$(wildcard tools/cqlraw/*.c tools/cqlraw/*/*.c)))
MAIN_SRC  = tools/cqlraw/main.c
# What says a frame: all of the program that the runners of vectors take, also where the rest doesn't build.
SAY_FRAME_SRC = $(patsubst %,tools/cqlraw/%.c,inspect/frame_print inspect/frame_requests inspect/frame_responses \
    inspect/frame_rows inspect/fields rows/width rows/out_json rows/cells io/say io/redact io/utf8)
UNIT_SRC  = $(sort $(filter-out $(LEFT_OUT),$(wildcard tests/unit/test_*.c)))
HELP_SRC  = $(sort $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
BENCH_SRC = $(sort $(wildcard tests/bench/*.c))
ALL_SRC   = $(PROTO_SRC) $(LIB_SRC) $(STUB_SRC) $(CAPTURE_SRC) $(TOOL_SRC) $(MAIN_SRC) $(UNIT_SRC) $(HELP_SRC) $(BENCH_SRC)

obj     = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
program = $(patsubst %.c,$(BUILD)/%,$(1))
UNIT    = $(call program,$(UNIT_SRC))
BENCH   = $(call program,$(BENCH_SRC))
CLI     = $(sort $(wildcard tests/cli/test_*.sh))
LIBS    = $(BUILD)/libcqlraw-tool.a $(BUILD)/libcqlraw-stub.a $(BUILD)/libcqlraw-capture.a $(BUILD)/libcqlraw.a
SHARED  = $(BUILD)/libcqlraw-proto.so $(BUILD)/libcqlraw.so

# Folders of tests with rules of their own: they add to VECTORS, BENCH and ALL_SRC.
include $(wildcard tests/*/*.mk)

all: $(BUILD)/libcqlraw-proto.a $(BUILD)/libcqlraw.a $(SHARED) $(BUILD)/cqlraw

# --- stamps: what results depend on besides files. They are written anew only when their text changes.

FLAGS := $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LDLIBS)
FILES := $(ALL_SRC)
$(shell mkdir -p $(BUILD))
ifneq ($(FLAGS),$(file <$(BUILD)/flags))
$(file >$(BUILD)/flags,$(FLAGS))
endif
ifneq ($(FILES),$(file <$(BUILD)/files))
$(file >$(BUILD)/files,$(FILES))
endif

# --- how it is made

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/libcqlraw-proto.a: $(call obj,$(PROTO_SRC))
$(BUILD)/libcqlraw.a: $(call obj,$(PROTO_SRC) $(LIB_SRC))
$(BUILD)/libcqlraw-stub.a: $(call obj,$(STUB_SRC))
$(BUILD)/libcqlraw-capture.a: $(call obj,$(CAPTURE_SRC))
$(BUILD)/libcqlraw-tool.a: $(call obj,$(TOOL_SRC))
$(BUILD)/libcqlraw-test.a: $(call obj,$(HELP_SRC))
$(BUILD)/%.a: $(BUILD)/files
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/libcqlraw-proto.so.$(SOVERSION): $(call obj,$(PROTO_SRC))
$(BUILD)/libcqlraw-proto.so.$(SOVERSION): LDLIBS = $(LDLIBS_PROTO)
$(BUILD)/libcqlraw.so.$(SOVERSION): $(call obj,$(PROTO_SRC) $(LIB_SRC))
$(BUILD)/%.so.$(SOVERSION): $(BUILD)/files $(BUILD)/flags
	$(CC) -shared -Wl,-soname,$(@F) -Wl,--no-undefined $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LDLIBS)
$(BUILD)/%.so: $(BUILD)/%.so.$(SOVERSION)
	ln -sf $(<F) $@

$(BUILD)/cqlraw: $(call obj,$(MAIN_SRC)) $(LIBS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libcqlraw-test.a $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka -lm

$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# --- what can be asked for

unit: $(UNIT)
vectors: $(VECTORS)

test: all unit vectors
	@BUILD=$(BUILD) tests/run $(UNIT) $(VECTORS) $(CLI)

lint: all
	@BUILD=$(BUILD) CC=$(CC) tools/check/lint

asan:
	@$(MAKE) BUILD=$(BUILD)/asan FLAVOUR=asan asan-here
asan-here: all unit vectors
	@BUILD=$(BUILD) tests/run $(UNIT) $(VECTORS) $(CLI)

bench: all $(BENCH)
	@BUILD=$(BUILD) tests/bench/run
	@BUILD=$(BUILD) tests/bench/tables

live: all
	@BUILD=$(BUILD) tests/live/run.sh

include tools/dist/dist.mk

print-%:
	@echo $($*)

clean:
	rm -rf $(BUILD)

-include $(patsubst %.o,%.d,$(call obj,$(ALL_SRC)))
.PHONY: all unit vectors test lint asan asan-here bench live clean
.SECONDARY:
.DELETE_ON_ERROR:
