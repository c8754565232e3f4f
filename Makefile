# SPDX-License-Identifier: BSD-2-Clause
#
# make            build shuntd, shunt, shunt-decap and the XDP programs
# make demo       as root: install what is missing, build, show the main job
# make foobar     as root: the same for a whole site, and break it piece by piece
# make test       as root: install what is missing, build, run every test
# make help       the rest
#
# Each folder of userspace/ is a floor and becomes one static library; a floor
# is linked only with the floors below it, so an upward call does not link.

MAKEFLAGS += -r
# V=1 shows whole commands, else what is made.
V	 =
quiet	 = $(if $(V),,@echo "  $(1)	$(@:$(BUILD)/%=%)";)
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

SHELL	 = /bin/bash
.SHELLFLAGS = -o pipefail -c
CC	 = gcc
CLANG	 = clang
BPFTOOL	 = $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
BUILD	 = build
VERSION	:= 0.1.0

# Floors, from the top down.
FLOORS	 = app ctl export doctor share dataplane announce tables plan health conf net base

WARN	 = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
CPPFLAGS = -D_GNU_SOURCE -DSHUNT_VERSION='"$(VERSION)"' -Iinclude -Iuserspace -I$(BUILD)/gen
CFLAGS	 = -std=gnu11 -O2 -g -fno-strict-aliasing $(WARN) $(SAN_FLAGS)
# A floor names what all of its files need; a program is linked with what it uses.
LDFLAGS	 = -Wl,--as-needed $(SAN_FLAGS)

BPF_CPPFLAGS = -Iinclude -Ibpf -I/usr/include/$(shell $(CC) -print-multiarch)
BPF_CFLAGS = -std=gnu11 -O2 -g -target bpf -mcpu=v3 -fno-strict-aliasing \
	     -Wall -Wextra -Wshadow -Werror

LIBS_base	= -lsystemd
LIBS_net	= -lmnl
LIBS_conf	= -lyaml -ljansson
LIBS_health	= -lcap-ng -lseccomp -lmariadb -lssl -lcrypto -lm
LIBS_plan	= -ljansson
LIBS_dataplane	= -lxdp -lbpf -lelf -lz
LIBS_share	= -lcrypto
LIBS_announce	=
LIBS_doctor	=
LIBS_ctl	= -ljansson
LIBS_export	= -lmicrohttpd -ljansson -lm
LIBS_app	=

lib		= $(BUILD)/lib/lib$(1).a
# The floors from $(1) down; ctl and export stand side by side, and so do dataplane and
# announce.
below_base	= base
below_net	= net $(below_base)
below_conf	= conf $(below_net)
below_health	= health $(below_conf)
below_plan	= plan $(below_health)
below_tables	= tables $(below_plan)
below_dataplane	= dataplane $(below_tables)
below_announce	= announce $(below_plan)
below_share	= share $(below_dataplane)
below_doctor	= doctor $(below_dataplane)
below_export	= export $(below_dataplane)
below_ctl	= ctl $(below_doctor)
below_app	= app ctl export announce doctor $(below_share)
link_libs	= $(foreach f,$(below_$(1)),$(call lib,$(f))) \
		  $(foreach f,$(below_$(1)),$(LIBS_$(f)))

MAINS	 = userspace/app/shuntd.c userspace/app/shunt.c userspace/app/decap.c
PROGRAMS = $(BUILD)/shuntd $(BUILD)/shunt $(BUILD)/shunt-decap
BPF_SRC	 = $(wildcard bpf/*.h bpf/*.c include/shunt/*.h)

.PHONY: all
all: $(PROGRAMS) $(BUILD)/shunt.bpf.o

# --- the XDP program and its skeleton -------------------------------------

$(BUILD)/%.bpf.o: bpf/%.bpf.c $(BPF_SRC)
	@mkdir -p $(@D)
	$(call quiet,BPF)$(CLANG) $(BPF_CPPFLAGS) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/gen/%.skel.h: $(BUILD)/%.bpf.o
	@mkdir -p $(@D)
	$(call quiet,GEN)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# Small programs that only tests attach (pass, wrappers).
$(BUILD)/tests/%.bpf.o: tests/lib/%.bpf.c $(BPF_SRC)
	@mkdir -p $(@D)
	$(call quiet,BPF)$(CLANG) $(BPF_CPPFLAGS) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/gen/tests/%.skel.h: $(BUILD)/tests/%.bpf.o
	@mkdir -p $(@D)
	$(call quiet,GEN)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

TEST_BPF = $(patsubst tests/lib/%.bpf.c,$(BUILD)/tests/%.bpf.o,$(wildcard tests/lib/*.bpf.c))

# --- floors and programs ----------------------------------------------------

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# The one file that includes the skeleton.
$(BUILD)/obj/userspace/dataplane/via.o: $(BUILD)/gen/probe.skel.h
$(BUILD)/obj/userspace/dataplane/load.o: $(BUILD)/gen/shunt.skel.h $(BUILD)/gen/capture.skel.h

# Files that the daemon serves, as C strings.
$(BUILD)/gen/page/%.inc: userspace/export/%
	@mkdir -p $(@D)
	$(call quiet,GEN)sed -e 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $< >$@

$(BUILD)/obj/userspace/export/page.o: $(BUILD)/gen/page/page.css.inc $(BUILD)/gen/page/page.js.inc

define floor_rule
$(call lib,$(1)): $$(patsubst %.c,$$(BUILD)/obj/%.o,$$(filter-out $$(MAINS),$$(wildcard userspace/$(1)/*.c)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call quiet,AR)ar rcs $$@ $$^
endef
$(foreach f,$(FLOORS),$(eval $(call floor_rule,$(f))))

$(BUILD)/shuntd: $(BUILD)/obj/userspace/app/shuntd.o $(foreach f,$(below_app),$(call lib,$(f)))
	$(call quiet,LD)$(CC) $(LDFLAGS) $< $(call link_libs,app) -o $@

$(BUILD)/shunt: $(BUILD)/obj/userspace/app/shunt.o $(foreach f,$(below_ctl),$(call lib,$(f)))
	$(call quiet,LD)$(CC) $(LDFLAGS) $< $(call link_libs,ctl) -o $@

# Of app only its own files, so that a backend needs few libraries.
$(BUILD)/obj/userspace/app/decap_attach.o: $(BUILD)/gen/decap.skel.h
$(BUILD)/shunt-decap: $(BUILD)/obj/userspace/app/decap.o $(foreach f,app net base,$(call lib,$(f)))
	$(call quiet,LD)$(CC) $(LDFLAGS) $< $(foreach f,app net base,$(call lib,$(f))) -lbpf -lelf -lz -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# --- tests --------------------------------------------------------------------

# One runner a floor: tests/unit/FLOOR/test_*.c against that floor and those below.
UNIT_FLOORS = $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard tests/unit/*/test_*.c)))))
UNIT_BINS   = $(UNIT_FLOORS:%=$(BUILD)/unit/%)

define unit_rule
$(BUILD)/unit/$(1): $$(patsubst %.c,$$(BUILD)/obj/%.o,$$(wildcard tests/unit/$(1)/*.c)) \
		$(foreach f,$(below_$(1)),$(call lib,$(f)))
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) $$(LDFLAGS) $$(filter %.o,$$^) $$(call link_libs,$(1)) -lcriterion -lm -o $$@
endef
$(foreach f,$(UNIT_FLOORS),$(eval $(call unit_rule,$(f))))

BPF_TEST_OBJ = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %.bpf.c,$(wildcard tests/bpf/*.c)))
TEST_SKELS   = $(patsubst tests/lib/%.bpf.c,$(BUILD)/gen/tests/%.skel.h,$(wildcard tests/lib/*.bpf.c))
$(BPF_TEST_OBJ): $(BUILD)/gen/shunt.skel.h $(BUILD)/gen/decap.skel.h $(TEST_SKELS)
$(BUILD)/bpf-tests: $(BPF_TEST_OBJ) $(foreach f,$(below_dataplane),$(call lib,$(f)))
	$(call quiet,LD)$(CC) $(LDFLAGS) $(BPF_TEST_OBJ) $(call link_libs,dataplane) -lcriterion -lm -o $@

# What tests send and receive with: tests/netns/NAME.c, NAME_*.c of its own beside it.
TEST_TOOLS = $(addprefix $(BUILD)/tests/,talk talk_server stream flood knock visitors)
$(TEST_TOOLS): $(BUILD)/tests/%: $(BUILD)/obj/tests/netns/%.o $(call lib,base)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) $^ $(LIBS_base) $(TOOL_LIBS) -o $@
$(BUILD)/tests/talk: $(BUILD)/obj/tests/netns/talk_report.o
$(BUILD)/tests/visitors: $(BUILD)/obj/tests/netns/visitors_http.o
$(BUILD)/tests/visitors: TOOL_LIBS = -lssl -lcrypto

# The daemon as another build: what an upgrade would start.
NEXT	 = $(BUILD)/next
.PHONY: next
next:
	@$(MAKE) --no-print-directory BUILD=$(NEXT) VERSION=9.9.9 $(NEXT)/shuntd

# The last daemon of ABI version 2, where the history has it: what one upgrades from.
FORMER	 = $(BUILD)/former
FORMER_COMMIT = 836779e9ea6e5e721bc251fb00c7016fb7ebe3af
.PHONY: former
former:
	@tests/lib/build_former.sh $(FORMER_COMMIT) $(FORMER)

.PHONY: deps test test-all demo foobar lint unit unit-san fuzz fuzz-long bpf netns vm bench help clean install man deb packaging
deps:
	@scripts/install-deps.sh

# What needs installing is installed first; then everything is built and run.
test: deps
	@$(MAKE) --no-print-directory test-all

# Everything is built first, on all processors. What measures time has the machine to itself;
# all else goes side by side.
BESIDE = --no-print-directory -j$$(nproc) --output-sync=target
test-all:
	@$(MAKE) --no-print-directory -j$$(nproc) all next former $(UNIT_BINS) $(BUILD)/bpf-tests \
		$(TEST_BPF) $(TEST_TOOLS)
	@$(MAKE) $(BESIDE) lint unit fuzz packaging
	@$(MAKE) --no-print-directory bpf netns
	@$(MAKE) $(BESIDE) unit-san $(VM_KERNELS:%=vm-%)

demo: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all $(TEST_BPF)
	@scripts/demo/demo.sh

foobar: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all $(TEST_BPF) $(BUILD)/tests/visitors $(BUILD)/tests/flood
	@scripts/foobar/foobar.sh

lint:
	@scripts/lint.sh

unit: $(UNIT_BINS) $(BUILD)/shunt
	@for t in $(UNIT_BINS); do echo "== $$t"; $$t || exit 1; done
	@tests/unit/conf/schema_check.py $(BUILD)/shunt

# Criterion runs each test in a child whose report of a leak it does not count.
unit-san:
	@mkdir -p $(BUILD)
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD)/san \
		SAN_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all" unit 2>&1 | \
		tee $(BUILD)/san.log
	@! grep -A 20 'SUMMARY: .*Sanitizer' $(BUILD)/san.log

# Parsers of foreign bytes: tests/fuzz/fuzz_NAME.c with the sources that it is about. A
# short run each over the seeds and what it makes of them; FUZZ_S=3600 for a long one.
FUZZ_S	 = 8
FUZZERS	 = conf prefixes http dns agent request peer
FUZZ_SRC_conf	 = conf/*.c base/*.c net/addr.c
FUZZ_SRC_prefixes = $(FUZZ_SRC_conf)
FUZZ_SRC_http	 = health/http_status.c
FUZZ_SRC_dns	 = health/dns_message.c
FUZZ_SRC_peer	 = share/message.c share/message_write.c net/addr.c
FUZZ_SRC_agent	 = health/agent_line.c
FUZZ_SRC_request = ctl/*.c base/*.c net/addr.c
FUZZ_LIBS_conf	 = $(LIBS_conf)
FUZZ_LIBS_prefixes = $(LIBS_conf)
FUZZ_LIBS_request = $(call link_libs,ctl)
FUZZ_MAX_conf	 = 6000
FUZZ_MAX_peer	 = 1344

define fuzz_rule
$(BUILD)/fuzz_$(1): tests/fuzz/fuzz_$(1).c tests/fuzz/fuzz.h \
		$(wildcard $(addprefix userspace/,$(FUZZ_SRC_$(1)))) \
		$(filter %.a,$(FUZZ_LIBS_$(1)))
	@mkdir -p $$(@D)
	$$(call quiet,FUZZ)$$(CLANG) $$(CPPFLAGS) -std=gnu11 -g -O1 -fno-strict-aliasing \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Wno-format-zero-length \
		$$(filter %.c,$$^) $(FUZZ_LIBS_$(1)) -o $$@
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rule,$(f))))

fuzzed-%: $(BUILD)/fuzz_%
	@mkdir -p $(BUILD)/corpus/$*
	@$< -print_final_stats=1 -max_len=$(or $(FUZZ_MAX_$*),1000) -max_total_time=$(FUZZ_S) \
		-artifact_prefix=$(BUILD)/$*- $(BUILD)/corpus/$* tests/fuzz/corpus/$* \
		>$(BUILD)/fuzz_$*.log 2>&1 || { tail -n 60 $(BUILD)/fuzz_$*.log; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */fuzz: $*: runs: /p' $(BUILD)/fuzz_$*.log

fuzz:
	@$(MAKE) $(BESIDE) $(FUZZERS:%=fuzzed-%)
	@echo "fuzz: $(words $(FUZZERS)) passed, 0 failed"

# For so many seconds each, from new seeds, as root: damaged frames against the references,
# and the parsers: make fuzz-long FUZZ_S=600. The logs say which seeds it were.
FUZZ_BPF = mutate mutate_nat mutate_decap
fuzz-long: $(BUILD)/bpf-tests
	@for suite in $(FUZZ_BPF); do \
		SHUNT_FUZZ_S=$(FUZZ_S) $< --filter "$$suite/*" >$(BUILD)/fuzz_$$suite.log 2>&1 || \
			{ tail -n 60 $(BUILD)/fuzz_$$suite.log; exit 1; }; \
		grep "^$$suite: .* nothing found" $(BUILD)/fuzz_$$suite.log; \
	done
	@$(MAKE) --no-print-directory fuzz

# What was sent is looked at once more, by scapy.
bpf: $(BUILD)/bpf-tests
	@echo "== $<"
	@rm -f $(BUILD)/sent.pcap
	@SHUNT_TEST_PCAP=$(BUILD)/sent.pcap $<
	@tests/bpf/scapy_check.py $(BUILD)/sent.pcap

# Not part of `make test`: a machine that does something else measures nothing.
# QUICK=1 short; MATCH=text some cases; SAVE=file, COMPARE=file; OTHER=object beside ours.
BENCH_SRC = $(filter-out tests/bench/bench_%.c %.bpf.c,$(wildcard tests/bench/*.c))
BENCH_OBJ = $(BENCH_SRC:%.c=$(BUILD)/obj/%.o) \
	    $(addprefix $(BUILD)/obj/userspace/,tables/listing.o tables/guard.o \
			tables/guard_flat.o tables/guard_sieve.o net/addr.o)
BENCH_SKELS = $(patsubst tests/bench/%.bpf.c,$(BUILD)/gen/bench/%.skel.h,$(wildcard tests/bench/*.bpf.c))

$(BUILD)/bench/%.bpf.o: tests/bench/%.bpf.c $(BPF_SRC) $(wildcard tests/bench/*.h)
	@mkdir -p $(@D)
	$(call quiet,BPF)$(CLANG) $(BPF_CPPFLAGS) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/gen/bench/%.skel.h: $(BUILD)/bench/%.bpf.o
	@mkdir -p $(@D)
	$(call quiet,GEN)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(BENCH_OBJ): $(BENCH_SKELS)
$(BUILD)/bench/bench: $(BENCH_OBJ)
	$(call quiet,LD)$(CC) $(LDFLAGS) $(BENCH_OBJ) -lbpf -lelf -lz -lm -o $@

# Programs of their own, each with its usage at its head: make build/bench/bench_change
$(BUILD)/bench/bench_%: $(BUILD)/obj/tests/bench/bench_%.o $(foreach f,$(below_app),$(call lib,$(f)))
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) $< $(call link_libs,app) -o $@

# The plan alone: what a table costs, and what moves when a backend goes.
$(BUILD)/bench/bench_table: $(BUILD)/obj/tests/bench/bench_table.o \
		$(foreach f,$(below_plan),$(call lib,$(f)))
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) $< $(call link_libs,plan) -o $@

# A million flows through the real program while their servers come and go.
$(BUILD)/bench/bench_flows: $(BUILD)/obj/tests/bench/bench_flows.o \
		$(filter-out $(BUILD)/obj/tests/bpf/test_%,$(BPF_TEST_OBJ)) \
		$(foreach f,$(below_dataplane),$(call lib,$(f)))
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) $(filter %.o,$^) $(call link_libs,dataplane) -lcriterion -lm -o $@

bench: $(BUILD)/bench/bench $(BUILD)/shunt.bpf.o $(BUILD)/bench/bench_table
	@$< $(if $(QUICK),-q) $(if $(MATCH),-m '$(MATCH)') $(if $(OTHER),-o '$(OTHER)') \
		$(if $(SAVE),-s '$(SAVE)') $(if $(COMPARE),-c '$(COMPARE)') $(BUILD)/shunt.bpf.o
	@$(BUILD)/bench/bench_table

netns: all next former $(TEST_BPF) $(TEST_TOOLS)
	@tests/netns/run.sh

# On the oldest kernel that is supported, and on a newer one; a machine keeps one core busy.
VM_KERNELS = 6.1 6.12
vm: all next $(BUILD)/bpf-tests $(TEST_BPF) $(TEST_TOOLS)
	@$(MAKE) $(BESIDE) $(VM_KERNELS:%=vm-%)

vm-%:
	@tests/vm/run.sh --kernel $*

# --- manual pages and installation ----------------------------------------------

PREFIX	= /usr/local
SYSCONF	= /etc
UNITS	= /etc/systemd/system
DATADIR	= $(PREFIX)/share
MAN	 = $(patsubst scripts/man/%.in,$(BUILD)/man/%,$(wildcard scripts/man/*.in))

# Their reference parts are what the programs' tables say.
$(BUILD)/man/%: scripts/man/%.in scripts/man/build.sh scripts/packaging/shunt.yaml $(BUILD)/shuntd
	@mkdir -p $(@D)
	$(call quiet,MAN)scripts/man/build.sh $(BUILD)/shuntd $(DATADIR) $< >$@

man: $(MAN)

# The unit has the paths of this installation. The example config is installed beside a
# config, never over it.
install: all man
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin $(BUILD)/shuntd $(BUILD)/shunt-decap
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/shunt
	install -D -m 644 scripts/packaging/shunt.yaml $(DESTDIR)$(SYSCONF)/shunt/shunt.yaml.example
	install -d $(DESTDIR)$(UNITS)
	sed 's|/usr/local/|$(PREFIX)/|' scripts/packaging/shuntd.service >$(DESTDIR)$(UNITS)/shuntd.service
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/man/man5 $(filter %.5,$(MAN))
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/man/man7 $(filter %.7,$(MAN))
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/man/man8 $(filter %.8,$(MAN))
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/shunt scripts/monitoring/shunt.rules.yml \
		scripts/monitoring/shunt-dashboard.json
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/shunt/ha scripts/ha/bird.conf scripts/ha/keepalived.conf
	sed -i 's|/usr/local/|$(PREFIX)/|' $(DESTDIR)$(DATADIR)/shunt/ha/keepalived.conf
	install -D -m 644 scripts/completion/shunt.bash \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/shunt
	ln -sf shunt $(DESTDIR)$(DATADIR)/bash-completion/completions/shuntd
	ln -sf shunt $(DESTDIR)$(DATADIR)/bash-completion/completions/shunt-decap

# For the Debian that it is built on; asks for neither root nor debhelper.
deb: all man
	@scripts/packaging/deb.sh $(BUILD) $(VERSION)

packaging: all man
	@tests/packaging/run.sh

clean:
	rm -rf $(BUILD)

help:
	@echo "make             build everything into $(BUILD)/"
	@echo "make demo        the main job on real traffic (root; KEEP=1 leaves it running)"
	@echo "make foobar      a whole site, broken piece by piece under load (root; KEEP=1 leaves it running)"
	@echo "make test        every test (root): lint unit unit-san fuzz packaging bpf netns vm, each a target"
	@echo "make fuzz-long   damaged frames and configs for FUZZ_S seconds each (root)"
	@echo "make bench       what a packet costs, beside other programs (root; QUICK=1, SAVE=, COMPARE=)"
	@echo "make install     programs, manual pages, the systemd unit, an example config (DESTDIR, PREFIX)"
	@echo "make deb         a Debian package in $(BUILD)/"
	@echo "make clean       remove $(BUILD)/"
