# cqlraw: make | make test | make lint | make asan | make bench | make clean         (see CONTRIBUTING.md)
# Variables: CC, BUILD (folder of the results), FLAVOUR (release or asan)

BUILD   ?= build
FLAVOUR ?= release
CFLAGS_release = -O2 -g
CFLAGS_asan    = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
WARN    = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla $(WERROR)
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -MMD -MP -Iinclude -I. $(WARN) $(CFLAGS_$(FLAVOUR)) $(CFLAGS)
ALL_LDFLAGS = $(filter -fsanitize=%,$(CFLAGS_$(FLAVOUR))) $(LDFLAGS)

PROTO_SRC = $(wildcard proto/*/*.c)
LIB_SRC   = $(wildcard src/*/*.c)
STUB_SRC  = $(wildcard tools/stub/*.c)
TOOL_SRC  = $(wildcard tools/cqlraw/*.c)
UNIT_SRC  = $(wildcard tests/unit/test_*.c)
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

all: $(BUILD)/libcqlraw-proto.a $(BUILD)/libcqlraw-proto.so $(BUILD)/libcqlraw.a $(BUILD)/libcqlraw.so $(BUILD)/cqlraw

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/libcqlraw-proto.a: $(call obj,$(PROTO_SRC))
$(BUILD)/libcqlraw.a: $(call obj,$(PROTO_SRC) $(LIB_SRC))
$(BUILD)/libcqlraw-%.a $(BUILD)/libcqlraw.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libcqlraw-proto.so: $(call obj,$(PROTO_SRC))
$(BUILD)/libcqlraw.so: $(call obj,$(PROTO_SRC) $(LIB_SRC))
$(BUILD)/libcqlraw-%.so $(BUILD)/libcqlraw.so:
	$(CC) -shared -Wl,-soname,$(@F).0 -Wl,--no-undefined $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/cqlraw: $(call obj,$(TOOL_SRC) $(STUB_SRC)) $(BUILD)/libcqlraw.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libcqlraw.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka

UNIT = $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC))
unit: $(UNIT)

clean:
	rm -rf $(BUILD)

-include $(patsubst %.o,%.d,$(call obj,$(PROTO_SRC) $(LIB_SRC) $(STUB_SRC) $(TOOL_SRC) $(UNIT_SRC)))
.PHONY: all unit clean
.SECONDARY:
