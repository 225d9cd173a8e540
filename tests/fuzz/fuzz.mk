# Fuzzing. make fuzz: every target for FUZZ_SECONDS, with clang and libFuzzer; make fuzz-NAME: one.
# make fuzz-long: FUZZ_RUNS inputs a target, link and rows for FUZZ_LONG seconds. make fuzz-replay: the
# programs that give each target what is kept for it, with any compiler; they are part of the tests.

FUZZ_SECONDS ?= 60
FUZZ_RUNS    ?= 2000000
FUZZ_LONG    ?= 1800
export FUZZ_SECONDS FUZZ_RUNS FUZZ_LONG

CFLAGS_fuzz  = -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_fuzz = -fsanitize=fuzzer,address,undefined

FUZZ_SRC   = $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_NAMES = $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
FUZZ       = $(addprefix $(BUILD)/tests/fuzz/fuzz_,$(FUZZ_NAMES))
REPLAY     = $(addprefix $(BUILD)/tests/fuzz/replay_,$(FUZZ_NAMES))
ALL_SRC   += $(FUZZ_SRC) tests/fuzz/fuzz.c tests/fuzz/replay.c

$(FUZZ): $(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(call obj,tests/fuzz/fuzz.c) $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(REPLAY): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(call obj,tests/fuzz/replay.c tests/fuzz/fuzz.c) $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

fuzz-replay: $(REPLAY)
fuzz-programs: $(FUZZ)

IN_FUZZ = $(MAKE) -s CC=clang BUILD=$(BUILD)/fuzz FLAVOUR=fuzz
fuzz:
	@$(IN_FUZZ) fuzz-programs
	@BUILD=$(BUILD)/fuzz tests/fuzz/run short $(FUZZ_NAMES)
fuzz-long:
	@$(IN_FUZZ) fuzz-programs
	@BUILD=$(BUILD)/fuzz tests/fuzz/run long $(FUZZ_NAMES)
$(addprefix fuzz-,$(FUZZ_NAMES)): fuzz-%:
	@$(IN_FUZZ) $(BUILD)/fuzz/tests/fuzz/fuzz_$*
	@BUILD=$(BUILD)/fuzz tests/fuzz/run short $*

.PHONY: fuzz fuzz-long fuzz-replay fuzz-programs $(addprefix fuzz-,$(FUZZ_NAMES))
