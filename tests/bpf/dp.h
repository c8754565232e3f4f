/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The XDP program under test: loaded in a network namespace of the test's own
 * and run on single frames with BPF_PROG_TEST_RUN. A call that fails ends the
 * test. Without root the test is skipped, and says so.
 */
#ifndef TESTS_BPF_DP_H
#define TESTS_BPF_DP_H

#include "shunt/abi.h"
#include "frame.h"
#include "slot_table.h"
#include "tables/conns.h"

/* Entries of the maps. */
struct dp_sizes {
	__u32 vips;
	__u32 lines; /* of slots, of all tables together */
	__u32 backends;
	__u32 spaces; /* of ports; rodata says how large each is, and all sizes of connections */
};

struct dp;
struct guard_set;
struct map_move;

/* Never NULL; released with dp_close(). */
struct dp *dp_open(const struct shunt_rodata *rodata, const struct dp_sizes *sizes);
void dp_close(struct dp *dp);

/* @flags: SHUNT_SERVICE_* */
void dp_put_service(struct dp *dp, const struct shunt_service_key *key,
		    const struct shunt_service *service, __u32 flags);
/* Send services elsewhere: see listing_repoint(). */
void dp_repoint(struct dp *dp, const struct map_move *moves, size_t n);
void dp_put_vip(struct dp *dp, const struct shunt_addr *vip);
void dp_put_backend(struct dp *dp, __u32 id, const struct shunt_backend *b);
struct shunt_backend dp_read_backend(const struct dp *dp, __u32 id);
void dp_put_egress(struct dp *dp, __u32 index, const struct shunt_egress *e);

/**
 * dp_put_device() - an entry of the device map
 *
 * It holds the loopback device, the only one of the namespace: a test run
 * looks the entry up and sends nothing.
 */
void dp_put_device(struct dp *dp, __u32 index);

/* As the daemon does: two stores into the mapped array, the transit first. */
void dp_put_slot(struct dp *dp, const struct slot_table *table, __u32 slot, __u32 word);
__u32 dp_read_slot(const struct dp *dp, const struct slot_table *table, __u32 slot);

/*
 * dp_guard.c: lists of the firewall in place of the former ones, and their sieves; such sieves
 * alone, or none if @set is NULL; packets that a rule applied to.
 */
void dp_put_guard(struct dp *dp, const struct guard_set *set);
void dp_put_sieve(struct dp *dp, const struct guard_set *set);
__u64 dp_read_hits(const struct dp *dp, __u32 rule);

int dp_fragments_fd(const struct dp *dp);

/* A datagram whose first fragment was seen @age_s seconds ago: dp_fragment.c. */
void dp_put_fragment(struct dp *dp, const struct shunt_fragment_key *key,
		     const struct shunt_fragment *first, __u32 age_s);
/* Of @first, seen_s is how long ago. Return: false if there is none. */
bool dp_read_fragment(const struct dp *dp, const struct shunt_fragment_key *key,
		      struct shunt_fragment *first);

/*
 * The arrays themselves, mapped: the lines of all tables, the flow cache
 * (rodata.flow_mask + 1 lines) and the notes of new flows (SHUNT_FRESH_LINES).
 */
struct shunt_slot_line *dp_lines(const struct dp *dp);
struct shunt_flow_line *dp_flows(const struct dp *dp);
struct shunt_flow_line *dp_fresh(const struct dp *dp);
/* By backend id, as many as there are backends. */
struct shunt_load *dp_loads(const struct dp *dp);
/* Of the flow cache, a byte a line: whoever writes an entry has to mark it. */
__u8 *dp_marks(const struct dp *dp);

/* The connections, mapped; the bit of nobody's record is set. */
struct conns dp_conns(const struct dp *dp);
/* An address that fullnat sends from; those of IPv4 come first. */
void dp_put_pool(struct dp *dp, __u32 index, const struct shunt_addr *a);

/* One frame in, one out; @out may be @in. Return: the XDP action. */
__u32 dp_run(const struct dp *dp, const struct frame *in, struct frame *out);

/* For a wrapper that calls the program by a tail call. */
int dp_program_fd(const struct dp *dp);

/* The constants, those that follow from the maps included. */
struct shunt_rodata dp_rodata(const struct dp *dp);

/* Of a map by its name. */
int dp_map_fd(const struct dp *dp, const char *name);

struct bpf_program;

/* What was loaded, with the functions that it calls behind it. */
const struct bpf_program *dp_program(const struct dp *dp);

/* Run another XDP program on a frame, as dp_run() does. */
__u32 dp_run_program(int fd, const struct frame *in, struct frame *out);

/* Sum over CPUs. */
void dp_read_reasons(const struct dp *dp, __u64 out[SHUNT_MAX_REASONS]);
struct shunt_counter dp_read_counter(const struct dp *dp, __u32 backend);
/* Those of backends @block * SHUNT_COUNTERS_PER_BLOCK and on. */
struct shunt_counter_block dp_read_counters(const struct dp *dp, __u32 block);

int dp_cpus(const struct dp *dp); /* possible ones */

/* By CPU: dp_cpus() entries. */
void dp_read_cpu_reasons(const struct dp *dp, struct shunt_reasons *out);
void dp_read_cpu_counters(const struct dp *dp, __u32 backend, struct shunt_counter *out);
void dp_read_cpu_budgets(const struct dp *dp, struct shunt_pin_budget *out);
void dp_put_cpu_budgets(struct dp *dp, const struct shunt_pin_budget *in);

#endif /* TESTS_BPF_DP_H */
