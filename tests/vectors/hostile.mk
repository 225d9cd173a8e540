# The runner of the hostile vectors. It needs the codec alone.

RUN_HOSTILE_SRC = tests/vectors/run_hostile.c tests/vectors/hostile_load.c tests/vectors/lines.c tests/vectors/hostile_say.c
VECTORS += $(BUILD)/tests/vectors/run_hostile
ALL_SRC += $(RUN_HOSTILE_SRC)

$(BUILD)/tests/vectors/run_hostile: $(call obj,$(RUN_HOSTILE_SRC)) $(BUILD)/libcqlraw-proto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
