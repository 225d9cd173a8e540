# make cover: how much of proto/ its own unit tests and the vectors reach, as tests/cover/report tells. FLAVOUR=cover
# counts in proto/ only, what is around it is built as ever.

CFLAGS_cover  = -O2 -g
LDFLAGS_cover = --coverage
ifeq ($(FLAVOUR),cover)
$(call obj,$(PROTO_SRC)): CFLAGS += -O0 --coverage
endif

# Without the test that reads and prints floats for a minute: others go the same ways.
COVER      = $(patsubst %,$(BUILD)/tests/unit/%,$(filter-out test_val_float,$(PURE_TESTS))) $(VECTORS)
COVER_OF   = $(call obj,$(PROTO_SRC))

# A make of its own: what is in VECTORS is known when all files are read.
cover-built:
	@$(MAKE) $(COVER)
	@find $(BUILD)/obj -name '*.gcda' -delete
cover-here: cover-built
	@BUILD=$(BUILD) tests/run $(COVER)
	@tests/cover/report $(COVER_OF)

cover:
	@$(MAKE) BUILD=$(BUILD)/cover FLAVOUR=cover cover-here

.PHONY: cover cover-built cover-here
