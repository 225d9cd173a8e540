# Installing: make install [DESTDIR=...] [PREFIX=/usr/local], make uninstall with the same. make dist: the sources
# as $(BUILD)/cqlraw-VERSION.tar.gz, which builds and tests from itself, without git.

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
VERSION    := $(shell sed -n 's/^.define CQLRAW_VERSION "\(.*\)"/\1/p' include/cqlraw/version.h)

HEADERS   = $(wildcard include/cqlraw/*.h)
LIBRARIES = $(BUILD)/libcqlraw-proto.a $(BUILD)/libcqlraw.a
SONAMES   = $(addsuffix .$(SOVERSION),$(SHARED))
FILLED_IN = $(BUILD)/dist/cqlraw.pc $(BUILD)/dist/cqlraw-proto.pc $(BUILD)/dist/cqlraw-config.cmake $(BUILD)/dist/cqlraw-config-version.cmake

# All of it goes to these places, so that uninstall knows them too.
INSTALLED = $(BINDIR)/cqlraw $(addprefix $(LIBDIR)/,$(notdir $(LIBRARIES) $(SONAMES) $(SHARED))) \
            $(addprefix $(LIBDIR)/pkgconfig/,cqlraw.pc cqlraw-proto.pc) \
            $(addprefix $(LIBDIR)/cmake/cqlraw/,cqlraw-config.cmake cqlraw-config-version.cmake)

SPACE := $() $()
cmake_list = $(subst $(SPACE),;,$(1))

# They hold the places, which may differ from call to call.
$(FILLED_IN): $(BUILD)/dist/%: tools/dist/%.in always
	@mkdir -p $(@D)
	@sed -e 's|@VERSION@|$(VERSION)|g; s|@PREFIX@|$(PREFIX)|g; s|@LIBDIR@|$(LIBDIR)|g; s|@INCLUDEDIR@|$(INCLUDEDIR)|g' \
	     -e 's|@SOVERSION@|$(SOVERSION)|g; s|@LDLIBS_STATIC@|$(LDLIBS_STATIC)|g; s|@LDLIBS_PROTO@|$(LDLIBS_PROTO)|g' \
	     -e 's|@NEEDS@|$(call cmake_list,$(LDLIBS_STATIC))|g; s|@NEEDS_PROTO@|$(call cmake_list,$(LDLIBS_PROTO))|g' $< >$@

install: all $(FILLED_IN)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/cmake/cqlraw $(DESTDIR)$(INCLUDEDIR)/cqlraw
	install -m 755 $(BUILD)/cqlraw $(DESTDIR)$(BINDIR)
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/cqlraw
	install -m 644 $(LIBRARIES) $(DESTDIR)$(LIBDIR)
	install -m 755 $(SONAMES) $(DESTDIR)$(LIBDIR)
	cp -P $(SHARED) $(DESTDIR)$(LIBDIR)
	install -m 644 $(filter %.pc,$(FILLED_IN)) $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 $(filter %.cmake,$(FILLED_IN)) $(DESTDIR)$(LIBDIR)/cmake/cqlraw

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	rm -rf $(DESTDIR)$(INCLUDEDIR)/cqlraw
	rmdir $(DESTDIR)$(LIBDIR)/cmake/cqlraw 2>/dev/null || true

# The same tree gives the same bytes: sorted, owned by nobody, of the time of the last commit (without git: of the licence).
TARBALL = $(BUILD)/cqlraw-$(VERSION).tar.gz
dist:
	@when=$$(git -c safe.directory='*' log -1 --format=@%ct 2>/dev/null || stat -c @%Y LICENSE); \
	tools/check/files | LC_ALL=C tar --create --files-from=- --mtime="$$when" --owner=0 --group=0 --numeric-owner \
	    --transform='s|^|cqlraw-$(VERSION)/|' | gzip -n9 >$(TARBALL)
	@echo $(TARBALL)

.PHONY: dist install uninstall always
