# The runner of the vector files. It needs the codec, and of the program what says a frame.

RUN_VECTORS_SRC = tests/vectors/run_vectors.c tests/vectors/vectors.c tests/vectors/lines.c tests/vectors/again.c
VECTORS += $(BUILD)/tests/vectors/run_vectors
ALL_SRC += $(RUN_VECTORS_SRC)

$(BUILD)/tests/vectors/run_vectors: $(call obj,$(RUN_VECTORS_SRC) $(SAY_FRAME_SRC)) $(BUILD)/libcqlraw-proto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# The same vectors when memory ends.
RUN_ALLOC_SRC = tests/vectors/run_alloc.c $(filter-out %/run_vectors.c,$(RUN_VECTORS_SRC))
VECTORS += $(BUILD)/tests/vectors/run_alloc
ALL_SRC += tests/vectors/run_alloc.c

$(BUILD)/tests/vectors/run_alloc: $(call obj,$(RUN_ALLOC_SRC) $(SAY_FRAME_SRC)) $(BUILD)/libcqlraw-proto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
