# Damaged frames. Like the runner of the vectors it needs the codec, and of the program what says a frame.

HOSTILE_SRC = tests/hostile/hostile.c tests/hostile/readers.c
VECTORS += $(BUILD)/tests/hostile/hostile
ALL_SRC += $(HOSTILE_SRC)

$(BUILD)/tests/hostile/hostile: $(call obj,$(HOSTILE_SRC) tests/vectors/vectors.c tests/vectors/lines.c tests/vectors/again.c $(SAY_FRAME_SRC)) $(BUILD)/libcqlraw-proto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
