# Checks that take minutes to hours, each a program of its own: `make long-NAME`, with arguments in ARGS.

LONG_SRC = $(sort $(wildcard tests/long/*.c))
LONG     = $(call program,$(LONG_SRC))
ALL_SRC += $(LONG_SRC)

$(BUILD)/tests/long/%: $(BUILD)/obj/tests/long/%.o $(BUILD)/libcqlraw.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

$(patsubst tests/long/%.c,long-%,$(LONG_SRC)): long-%: $(BUILD)/tests/long/%
	$< $(ARGS)

.PHONY: $(patsubst tests/long/%.c,long-%,$(LONG_SRC))
