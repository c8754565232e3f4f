/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of slots in transition: which backend a packet goes to and what is
 * remembered of its flow, written a second time, from the comments in
 * shunt/abi.h, in plain C and with no care for speed. It shares the ABI's types
 * with the program and nothing else.
 *
 * The program reads a clock that nobody can set. So the model takes the second as
 * an argument and says what should come of a packet without changing anything;
 * the caller compares, with the second before the packet and the one after it, and
 * commits what was right.
 */
#ifndef TESTS_BPF_FLOW_MODEL_H
#define TESTS_BPF_FLOW_MODEL_H

#include <stdbool.h>

#include "shunt/abi.h"
#include "slot_table.h"

/**
 * struct flow_model - what the maps of the program should hold
 * @backends: by id, @n_backends of them; borrowed
 * @flows, @marks: rodata.flow_mask + 1 lines; borrowed
 * @fresh: SHUNT_FRESH_LINES lines; borrowed
 * @loads: by id, @n_backends of them; borrowed
 * @budget: of the one CPU that packets come in by
 */
struct flow_model {
	struct shunt_rodata rodata;
	const struct shunt_backend *backends;
	__u32 n_backends;
	struct shunt_flow_line *flows;
	__u8 *marks;
	struct shunt_flow_line *fresh;
	struct shunt_load *loads;
	struct shunt_pin_budget budget;
};

/**
 * struct flow_lines - where a flow may be in the flow cache
 * @n: 2, or 1 if the other line is the first one
 * @index, @line, @marks: of the first line and of the other
 */
struct flow_lines {
	int n;
	__u32 index[2];
	struct shunt_flow_line line[2];
	__u8 marks[2];
};

/**
 * struct flow_packet - what counts of a packet that has a service
 * @hash: of its flow
 * @word: of its slot
 * @base, @service_flags: of its service
 * @lines, @table: where the slots of its service are
 * @tcp_flags: the byte of the TCP header, 0 for UDP
 * @is_error: it is not of the flow, but an ICMP error about it
 */
struct flow_packet {
	__u64 hash;
	__u32 word;
	__u32 base;
	__u32 service_flags;
	const struct shunt_slot_line *lines;
	struct slot_table table;
	__u8 proto;
	__u8 tcp_flags;
	bool v6;
	bool is_error;
};

/* What decided where a packet goes. */
enum flow_by {
	FLOW_BY_SLOT, /* nothing was looked up */
	FLOW_BY_SYN,
	FLOW_BY_PIN,
	FLOW_BY_NOTE,
	FLOW_BY_PREV,
	FLOW_BY_CUR,
	FLOW_BYS,
};

/**
 * struct flow_effect - what comes of a packet
 * @backend: where it goes, 0 for nowhere
 * @begun, @ended: the backends that have a connection more, and less; 0 for none
 * @base, @turns: how many turns of the service with that block were taken
 * @at: its lines of the flow cache afterwards
 * @fresh_index, @fresh: its line of the notes afterwards
 */
struct flow_effect {
	enum flow_by by;
	__u32 backend;
	__u32 begun;
	__u32 ended;
	__u32 base;
	__u32 turns;
	__u32 fresh_index;
	struct flow_lines at;
	struct shunt_flow_line fresh;
	struct shunt_pin_budget budget;
};

/* @now_s: seconds of the clock that the program reads. */
void flow_model_judge(const struct flow_model *m, const struct flow_packet *p, __u32 now_s,
		      struct flow_effect *e);
void flow_model_commit(struct flow_model *m, const struct flow_effect *e);

/* What the load of a backend is after @e. */
struct shunt_load flow_model_load(const struct flow_model *m, const struct flow_effect *e,
				  __u32 id);

/* As they are now. */
struct flow_lines flow_model_lines(const struct flow_model *m, __u64 hash);

__u64 flow_model_entry(__u32 tag, __u32 backend, __u32 now_s);

/* The entry of a flow, in a line that is marked; NULL if there is none. */
const __u64 *flow_model_look_up(const struct flow_lines *at, __u32 tag);

/**
 * flow_model_enter() - remember a flow in its lines, as the program pins
 * @evict: another flow may have to give way
 *
 * Return: false if there was no room.
 */
bool flow_model_enter(struct flow_lines *at, __u32 tag, __u32 backend, __u32 now_s, bool evict);

/* Remember a flow in a line, as the program notes. */
void flow_model_note(struct shunt_flow_line *line, __u32 tag, __u32 backend, __u32 now_s);

/* The entry of a flow in a line, marked or not; NULL if there is none. */
const __u64 *flow_model_find(const struct shunt_flow_line *line, __u32 tag);

/* That clock: CLOCK_MONOTONIC_COARSE. */
__u32 flow_model_now_s(void);

#endif /* TESTS_BPF_FLOW_MODEL_H */
