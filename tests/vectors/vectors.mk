# The runner of the vector files. It needs the codec alone.

RUN_VECTORS_SRC = tests/vectors/run_vectors.c tests/vectors/vectors.c tests/vectors/describe.c
VECTORS += $(BUILD)/tests/vectors/run_vectors
ALL_SRC += $(RUN_VECTORS_SRC)

$(BUILD)/tests/vectors/run_vectors: $(call obj,$(RUN_VECTORS_SRC)) $(BUILD)/libcqlraw-proto.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^
