# EdgeHub. Everything made goes to build/ (build/san/ with SAN=1).
# Overridable: CC CFLAGS LDFLAGS PREFIX DESTDIR WERROR
#   all check check-unit check-hub check-cluster check-k3s lint fuzz bench soak demo image install clean
VERSION = 0.1.0
PREFIX = /usr/local
CC = gcc
WERROR = -Werror
FUZZ_FOR = -max_total_time=5
CUT_SECONDS = 60
AUTONOMY_SECONDS = 90

ifdef SAN
B = build/san
CFLAGS = -O1 -g
HARDEN = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
HARDEN_LD = -fsanitize=address,undefined
else
B = build
CFLAGS = -O2 -g
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LD = -pie -Wl,-z,relro,-z,now
endif

BASE_CPP = -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Ilib -Ifcgi
WARN = -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2
COMPILE = $(CC) $(BASE_CPP) $(WARN) $(HARDEN) $(CFLAGS) -MMD -MP
LINK = $(CC) $(CFLAGS) $(HARDEN) $(HARDEN_LD) $(LDFLAGS) -Wl,--as-needed

# Each program links those that it uses, and the members of libote.a.
LIBS = -lcurl -levent_openssl -levent_core -lcjose -ljansson -lyaml -lssl \
	-lcrypto -lz
$(B)/tests/bench/fcgi-bytes: LIBS = -lfcgi

TOOLS = $(patsubst bin/%.c,%,$(wildcard bin/*.c)) ote-edge-server
BINS = $(TOOLS:%=$(B)/bin/%)
PAGES = $(wildcard bin/*.[1-8] fcgi/*.[1-8] sh/*.[1-8])
LIBOTE = $(B)/lib/libote.a
LIBEDGE = $(B)/lib/libedge.a
lib_o = $(patsubst %.c,$(B)/obj/%.o,$(wildcard lib/*.c))
edge_c = $(filter-out fcgi/ote-edge-server.c,$(wildcard fcgi/*.c))
edge_o = $(edge_c:%.c=$(B)/obj/%.o)
UNIT = $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*.c))
HELPERS = $(patsubst %.c,$(B)/%,$(wildcard tests/hub/*.c))
BENCHES = $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
FUZZ = $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*.c))

all: $(BINS)

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(LIBOTE): $(lib_o)
$(LIBEDGE): $(edge_o)
$(LIBOTE) $(LIBEDGE):
	@mkdir -p $(@D) && rm -f $@
	ar rcs $@ $^

$(B)/bin/ote-edge-server: $(B)/obj/fcgi/ote-edge-server.o $(LIBEDGE) $(LIBOTE)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS)

$(B)/bin/%: $(B)/obj/bin/%.o $(LIBOTE)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS)

$(B)/tests/%: $(B)/obj/tests/%.o $(LIBEDGE) $(LIBOTE)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS)

# Everything again for the fuzzers, by clang.
fuzz_o = $(patsubst %.c,build/fuzz/obj/%.o,$(wildcard lib/*.c) $(edge_c))
build/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	clang $(BASE_CPP) -O1 -g -fsanitize=fuzzer-no-link,address,undefined -MMD \
		-c -o $@ $<
build/fuzz/libfuzzed.a: $(fuzz_o)
	rm -f $@ && ar rcs $@ $^
build/fuzz/%: build/fuzz/obj/tests/fuzz/%.o build/fuzz/libfuzzed.a
	clang -g -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

# Each run of prove is bounded: a test that hangs fails.
PROVE = BUILD=$(CURDIR)/$(B) OTE_BIN=$(CURDIR)/$(B)/bin timeout -k 10
check: check-unit check-hub $(if $(SAN),,check-cluster)
check-unit: all $(UNIT)
	$(PROVE) 600 prove -j2 -e '' $(UNIT) $(wildcard tests/unit/*.t)
check-hub: all $(HELPERS)
	$(PROVE) 1200 prove -j3 -e '' $(wildcard tests/hub/*.t)
# ALONE have a cluster each, with a master two minors older too; the others
# share one and mostly wait, as the controller's do: make -j3 runs three of
# these four beside each other.
ALONE = $(wildcard tests/cluster/0[89]-*.t tests/cluster/1[1-38]-*.t \
	tests/cluster/24-*.t)
check-cluster: check-session check-alone check-controller check-agent
check-session: all $(HELPERS)
	CUT_SECONDS=$(CUT_SECONDS) $(PROVE) 14400 tests/cluster/run.sh
check-alone: all $(HELPERS)
	$(PROVE) 3600 prove -j2 --timer -e '' $(ALONE) tests/cluster/1[459]-*.t \
		$(wildcard tests/cluster/2[235-8]-*.t)
	OTE_MASTER=older $(PROVE) 3600 prove -j2 --timer -e '' $(ALONE)
check-controller: all $(HELPERS)
	AUTONOMY_SECONDS=$(AUTONOMY_SECONDS) $(PROVE) 3600 prove --timer -e '' \
		$(wildcard tests/cluster/3*-*.t)
# An agent of k3s before a server that speaks as k3s does; and, where there is
# one, a real k3s.
check-agent: all $(HELPERS)
	$(PROVE) 1800 prove --timer -e '' $(wildcard tests/cluster/4[013]-*.t)
check-k3s: check-agent
	$(PROVE) 1800 prove -v tests/cluster/42-k3s-real.t
soak:
	$(MAKE) check-cluster CUT_SECONDS=600 AUTONOMY_SECONDS=600
bench: all $(BENCHES) $(HELPERS)
	BUILD=$(CURDIR)/$(B) OTE_BIN=$(CURDIR)/$(B)/bin tests/bench/run.sh
demo: all
	OTE_BIN=$(CURDIR)/$(B)/bin sh/demo-run
image: all
	OTE_BIN=$(CURDIR)/$(B)/bin sh/make-image -o $(B)/ote-edgecontroller.tar
fuzz: $(FUZZ)
	for f in $(FUZZ); do mkdir -p $$f.new && $$f $(FUZZ_FOR) \
		-artifact_prefix=$$f. $$f.new tests/fuzz/corpus/$${f##*/} || exit; done

lint: all $(UNIT) $(HELPERS) $(BENCHES)
	sh/lint

D = $(DESTDIR)$(PREFIX)
install: all
	install -d $(D)/bin $(D)/share/ote-edge/errors $(D)/lib/systemd/system \
		$(D)/lib/sysusers.d $(D)/share/ote-edge/deploy/controller
	install -m 644 etc/deploy/*.yml $(D)/share/ote-edge/deploy
	install -m 644 etc/deploy/controller/* $(D)/share/ote-edge/deploy/controller
	install -m 644 etc/ote-edge.sysusers $(D)/lib/sysusers.d/ote-edge.conf
	install $(BINS) $(wildcard sh/ote_*[a-z]) $(D)/bin
	install -m 644 $(wildcard etc/*.conf etc/*.in etc/*.lua) sh/lib.sh \
		$(wildcard sh/edge*-*.* sh/install-*.sh) $(D)/share/ote-edge
	install -m 644 etc/errors/*.html $(D)/share/ote-edge/errors
	for p in $(PAGES); do install -D -m 644 $$p \
		$(D)/share/man/man$${p##*.}/$${p##*/} || exit; done
	for u in $(notdir $(wildcard etc/systemd/*)); do \
		sed 's,@PREFIX@,$(PREFIX),g' etc/systemd/$$u >$(D)/lib/systemd/system/$$u || exit; done

clean:
	rm -rf build

-include $(shell find $(B) build/fuzz -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: all check check-unit check-hub check-cluster check-session check-alone \
	check-controller check-agent check-k3s soak bench demo image fuzz lint install clean
