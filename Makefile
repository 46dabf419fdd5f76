# nutshell: a Kubernetes cluster in one static binary.   make help
#
# Sources are found by wildcard: pkg/PACKAGE[/PART]/*.c and cmd/nutshell/*.c. Objects, tools and tests
# go to $(O); third-party libraries are built once into the user's cache (scripts/third_party).

O ?= build
OPT ?= -O2
WERROR ?= -Werror
VARIANT ?= musl# or san, tsan, fuzz

MAKEFLAGS += --no-builtin-rules
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

ifneq ($(V),1)
Q := @
say = @printf '  %-8s%s\n' '$(1)' '$(2)';
endif

# --- what is built -----------------------------------------------------------------------------

PKG_SRC := $(wildcard pkg/*/*.c pkg/*/*/*.c)
CMD_SRC := $(wildcard cmd/nutshell/*.c)
HEADERS := $(wildcard pkg/*/*.h pkg/*/*/*.h cmd/nutshell/*.h tests/lib/*.h)
UNIT_SRC := $(wildcard tests/unit/*_test.c)
FUZZ_SRC := $(wildcard tests/fuzz/*_fuzz.c)
GEN_SRC := # .c files under $(O)/gen/, added by kind.mk

-include pkg/kind/kind.mk

PKG_OBJ := $(PKG_SRC:%.c=$(O)/obj/%.o) $(GEN_SRC:$(O)/gen/%.c=$(O)/obj/gen/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$(O)/obj/%.o)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(O)/unit/%)
LIB := $(O)/libnutshell.a

# --- tools and flags ---------------------------------------------------------------------------

WARN = -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef
CPPFLAGS += -D_GNU_SOURCE -Ipkg -isystem $(PREFIX)/include
CFLAGS += -std=gnu11 -g -fno-common -ffunction-sections -fdata-sections $(WARN)
LIBS = -L$(PREFIX)/lib -lcurl -lmicrohttpd -lmbedtls -lsqlite3 -lyaml -lpcre2-8 -lcjson -lz -lpthread -lm

ifeq ($(VARIANT),san)
CC := gcc
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
CPPFLAGS += -DNUTSHELL_DEBUG_LOCKS
LDFLAGS += -fsanitize=address,undefined
FIRST :=
else ifeq ($(VARIANT),tsan)
CC := gcc
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=thread
CPPFLAGS += -DNUTSHELL_DEBUG_LOCKS
LDFLAGS += -fsanitize=thread
FIRST :=
else ifeq ($(VARIANT),fuzz)
CC := clang
WERROR :=
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
LIBRARIES := san
FIRST :=
else
CC := musl-gcc
CFLAGS += $(OPT) -fstack-protector-strong
LDFLAGS += -static -Wl,--gc-sections
FIRST = $(PREFIX)/lib/mimalloc.o # malloc must come from here, so before every library
endif

# The prefix is learned by building the libraries; make restarts itself once it is known.
NO_PREFIX := help clean deps format format-check floors metrics metrics-update tags
ifneq ($(filter-out $(NO_PREFIX),$(or $(MAKECMDGOALS),all)),)
-include $(O)/prefix.mk
$(O)/prefix.mk: scripts/third_party $(wildcard third_party/*) $(if $(wildcard $(PREFIX)/complete),,FORCE)
	@scripts/deps build
	@mkdir -p $(@D)
	@p=$$(scripts/third_party $(or $(LIBRARIES),$(VARIANT))) && echo "PREFIX := $$p" > $@
endif

SIZE_LIMIT := 8388608

# --- the binary --------------------------------------------------------------------------------

.PHONY: all help deps check test unit scenarios san tsan fuzz bench image demo clean install format \
	format-check floors headers metrics metrics-update objects unit-programs FORCE
all: $(O)/nutshell

help:
	@echo 'make            build $(O)/nutshell'
	@echo 'make demo       build, run a cluster in a cluster, show it'
	@echo 'make test       unit tests and scenarios; make unit: only the former'
	@echo 'make check      format, warnings, floors, headers, metrics'
	@echo 'make san        the tests under address and undefined-behaviour sanitizers'
	@echo 'make tsan       the tests under the thread sanitizer'
	@echo 'make fuzz       each parser for a while (FUZZ_SECONDS=20)'
	@echo 'make bench      figures of a server given by KUBECONFIG, or of a fresh nutshell'
	@echo 'make image      $(O)/nutshell-image.tar, for podman load and docker load'
	@echo 'make install    to $$DESTDIR$$PREFIX_DIR/bin (/usr/local)'
	@echo 'make deps       install what is missing from Debian'
	@echo 'Variables: O=build OPT=-O2 WERROR= V=1'

$(O)/nutshell: $(O)/nutshell.debug
ifneq ($(VARIANT),musl)
	$(Q)ln -f $< $@
else
	$(call say,STRIP,$@)strip -s -o $@ $<
	@[ $$(stat -c %s $@) -le $(SIZE_LIMIT) ] || { echo "$@ is larger than $(SIZE_LIMIT) bytes" >&2; exit 1; }
endif

$(O)/nutshell.debug: $(CMD_OBJ) $(LIB)
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -o $@ $(FIRST) $(CMD_OBJ) $(LIB) $(LIBS)

objects: $(PKG_OBJ) $(CMD_OBJ)

$(LIB): $(PKG_OBJ)
	$(call say,AR,$@)rm -f $@ && ar rcsT $@ $^

compile = $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/obj/%.o: %.c Makefile $(O)/prefix.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)$(compile)

$(O)/obj/gen/%.o: $(O)/gen/%.c Makefile $(O)/prefix.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)$(compile)

# only the TLS seam sees the names that libmicrohttpd calls
$(O)/obj/pkg/net/%.o: CPPFLAGS += -isystem third_party/gnutls-adapter/include
$(O)/obj/tests/%.o: CPPFLAGS += -I. -Itests/lib
$(O)/obj/cmd/%.o: CPPFLAGS += -I.
$(O)/obj/pkg/base/version.o: CPPFLAGS += -DNUTSHELL_VERSION='"$(VERSION)"'

VERSION := $(or $(shell git describe --tags --always --dirty 2>/dev/null),unknown)
ifneq ($(VERSION),$(file <$(O)/version))
$(O)/obj/pkg/base/version.o: FORCE
endif
$(O)/obj/pkg/base/version.o: | $(O)/version
$(O)/version: FORCE
	@mkdir -p $(@D)
	@printf %s '$(VERSION)' | cmp -s - $@ || printf %s '$(VERSION)' > $@
FORCE:

-include $(PKG_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(wildcard $(O)/obj/tests/*/*.d)

# --- tests -------------------------------------------------------------------------------------

$(O)/unit/%: $(O)/obj/tests/unit/%.o $(O)/obj/tests/lib/unit_main.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -o $@ $(FIRST) $^ $(LIBS)

unit-programs: $(UNIT_BIN)

.PRECIOUS: $(O)/obj/%.o

unit: $(UNIT_BIN)
	@tests/run --build $(O) unit

scenarios: all
	@scripts/deps test
	@tests/run --build $(O) scenario

test: all $(UNIT_BIN)
	@scripts/deps test
	@tests/run --build $(O)

san:
	@$(MAKE) --no-print-directory VARIANT=san O=$(O)/san test

tsan:
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/lib/tsan.supp $$TSAN_OPTIONS" \
		$(MAKE) --no-print-directory VARIANT=tsan O=$(O)/tsan test

FUZZ_SECONDS ?= 20
fuzz:
	@scripts/deps fuzz
	@$(MAKE) --no-print-directory VARIANT=fuzz O=$(O)/fuzz fuzz-run

FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(O)/bin/%)
$(O)/bin/%: $(O)/obj/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# what was found to be interesting stays in $(O)/corpus; tests/fuzz/corpus holds small seeds
.PHONY: fuzz-run
fuzz-run: $(FUZZ_BIN)
	@for f in $(FUZZ_BIN); do n=$$(basename $$f); printf '  %-8s%s\n' FUZZ $$n; \
		mkdir -p $(O)/corpus/$$n; seeds=tests/fuzz/corpus/$$n; [ -d $$seeds ] || seeds=; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
			-artifact_prefix=$(O)/$$n- $(O)/corpus/$$n $$seeds || exit 1; done

BENCH_BIN := $(patsubst tests/bench/%.c,$(O)/bench/%,$(wildcard tests/bench/*.c))
$(O)/bench/%: $(O)/obj/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -o $@ $(FIRST) $^ $(LIBS)

bench: all $(BENCH_BIN)
	@scripts/deps test
	@tests/bench/run --build $(O)

# --- quality -----------------------------------------------------------------------------------

C_FILES = $(PKG_SRC) $(CMD_SRC) $(HEADERS) $(wildcard tests/unit/*.c tests/lib/*.c tests/fuzz/*.c tests/bench/*.c)

check: deps-check format-check floors headers tables metrics objects $(UNIT_SRC:%.c=$(O)/obj/%.o)
	@echo '  OK      check'

.PHONY: deps-check
deps-check:
	@scripts/deps check

format: deps-check
	$(Q)clang-format -i $(C_FILES)

format-check: deps-check
	$(call say,FORMAT,$(words $(C_FILES)) files)printf '%s\n' $(C_FILES) | xargs -n8 -P$$(nproc) sh -c \
		'for f; do clang-format "$$f" | cmp -s - "$$f" || { echo "$$f: make format"; bad=1; }; done; exit $$bad' -

floors:
	$(call say,FLOORS,pkg)scripts/floors

tables:
	$(call say,TABLES,tests/*.tsv)scripts/check_tables

headers: $(O)/prefix.mk
	$(call say,HEADERS,$(words $(HEADERS)) files)CC='$(CC)' scripts/check-headers $(CPPFLAGS) $(CFLAGS) -- $(HEADERS)

metrics: deps-check
	$(call say,METRICS,scripts/metrics.baseline)scripts/metrics

metrics-update: deps-check
	@scripts/metrics --update

# --- deliveries --------------------------------------------------------------------------------

image: $(O)/nutshell-image.tar
$(O)/nutshell-image.tar: EPOCH = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0)
$(O)/nutshell-image.tar: $(O)/nutshell scripts/image
	$(call say,IMAGE,$@)SOURCE_DATE_EPOCH=$(EPOCH) scripts/image $(O)/nutshell '$(VERSION)' $@

demo: all
	@scripts/deps test
	@scripts/demo $(O)/nutshell

PREFIX_DIR ?= /usr/local
install: all
	install -D -m 755 $(O)/nutshell $(DESTDIR)$(PREFIX_DIR)/bin/nutshell

deps:
	@scripts/deps build check test

clean:
	rm -rf $(O)
