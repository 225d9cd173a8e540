# The program that tests/truth/ asks for values: the codec alone.

TRUTH_SRC = tests/truth/values.c
TRUTH = $(BUILD)/tests/truth/values
ALL_SRC += $(TRUTH_SRC)

$(TRUTH): $(call obj,$(TRUTH_SRC)) $(BUILD)/libcqlraw-proto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

truth: $(TRUTH)
.PHONY: truth
