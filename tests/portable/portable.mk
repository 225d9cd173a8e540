# make portable: the codec elsewhere. Each place is a flavour:
#
#   i686      32 bits; floats in registers of 80 bits
#   powerpc   32 bits, big-endian, char without a sign
#   musl      another C library; and all of the program on it, static
#
# The first two are run by qemu. There is no cmocka for any of them: cmocka.h beside this file stands in for it.
# PORTABLE is what runs there: all of VECTORS, and the tests of proto/ but one, which needs a long double of 64 bits
# of precision and takes minutes under qemu; with musl tests of the program, too.

# Tests of proto/ are those that include nothing else of ours; without LZ4 those that do not speak of it.
PURE_TESTS = $(basename $(notdir $(shell grep -LE '$(NOT_PURE)' $(UNIT_SRC))))
NOT_PURE   = "(src|tools)/|cqlraw/(loop|tls|conn|client|bulk|cqlraw)\.h|tests/unit/(bulk|capture|client|conn|crowd|pooled|scripted|stub|tls)_$(if $(filter 0,$(WITH_LZ4)),|lz4|LZ4)
PORTABLE   = $(VECTORS) $(patsubst %,$(BUILD)/portable/%,$(filter-out test_val_float,$(PURE_TESTS))) $(PORTABLE_$(FLAVOUR))
PORTABLE_musl = $(patsubst %,tests/cli/test_%.sh,query run output ping) tests/portable/test_size.sh

ELSEWHERE = i686 powerpc musl
EMULATOR_i686 = qemu-i386
EMULATOR_powerpc = qemu-ppc
WITHOUT   = WITH_TLS=0 WITH_LZ4=0

ifneq ($(filter $(FLAVOUR),$(ELSEWHERE)),)
CC = $(if $(filter musl,$(FLAVOUR)),musl-gcc,$(FLAVOUR)-linux-gnu-gcc)
AR = $(if $(filter musl,$(FLAVOUR)),ar,$(FLAVOUR)-linux-gnu-ar)
CFLAGS_$(FLAVOUR)  = -O2 -g -Itests/portable
LDFLAGS_$(FLAVOUR) = -static
ifneq ($(EMULATOR_$(FLAVOUR)),)
$(BUILD)/obj/tests/hostile/hostile.o: CFLAGS += -DCASES_MAX=50000 -DCPU_MAX_NS=1000000000
endif
# For a minimal environment: nothing that nobody calls, no tables to unwind by.
CFLAGS_musl += -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
LDFLAGS_musl += -Wl,--gc-sections
# Where size_t is narrower than a test's random numbers.
$(BUILD)/obj/tests/%.o: CFLAGS += -Wno-conversion
endif

$(BUILD)/portable/test_%: $(BUILD)/obj/tests/unit/test_%.o $(BUILD)/libcqlraw-proto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

# A make of its own: what is in VECTORS is known when all files are read.
portable-built:
	@$(MAKE) $(filter-out %.sh,$(PORTABLE)) $(if $(PORTABLE_$(FLAVOUR)),$(BUILD)/cqlraw)
portable-here: portable-built
	@EMULATOR=$(EMULATOR_$(FLAVOUR)) BUILD=$(BUILD) TEST_SECONDS=$${TEST_SECONDS:-300} tests/run $(PORTABLE)

portable:
	@bad=0; for place in $(ELSEWHERE); do \
	    $(MAKE) BUILD=$(BUILD)/$$place FLAVOUR=$$place $(WITHOUT) portable-here || bad=1; done; exit $$bad

.PHONY: portable portable-built portable-here
