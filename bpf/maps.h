/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Every map, grouped by who writes it. User space sets max_entries from the
 * config before loading; what stands here is the smallest that loads.
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "shunt/abi.h"
#include "shunt/guard.h"
#include "shunt/limit.h"
#include "shunt/reason.h"

/* --- written by user space ------------------------------------------------ */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_service_line);
	__uint(max_entries, 1);
} shunt_services SEC(".maps");

/* The addresses of all services: asked only about packets that are malformed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct shunt_addr);
	__type(value, __u32);
	__uint(max_entries, 1);
} shunt_vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_slot_line);
	__uint(max_entries, 2 * SHUNT_MIN_SLOTS / SHUNT_SLOTS_PER_LINE);
} shunt_slots SEC(".maps");

/* By backend id. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_backend);
	__uint(max_entries, 2);
} shunt_backends SEC(".maps");

/* By shunt_hop.egress; entry 0 is never used. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_egress);
	__uint(max_entries, SHUNT_MAX_EGRESS);
} shunt_egress SEC(".maps");

/*
 * By shunt_hop.egress, too: the interface to redirect to. That below a VLAN device is
 * SHUNT_MAX_EGRESS further on: who finds none where he looked first asks for the tag.
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 2 * SHUNT_MAX_EGRESS);
} shunt_devices SEC(".maps");

/*
 * By backend id: what user space subtracts from what was counted. The program has no
 * part in it: its counters run on, because a value of a per-CPU map cannot be changed
 * from outside without losing what is counted meanwhile.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_counter);
	__uint(max_entries, 2);
} shunt_offsets SEC(".maps");

/* The addresses that fullnat sends from: rodata.pool_addrs of IPv4, then those of IPv6. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_addr);
	__uint(max_entries, 2 * SHUNT_MAX_POOL);
} shunt_pool SEC(".maps");

/* All prefixes of the firewall: shunt/guard.h. As large as they need; without any: empty. */
struct shunt_guard_array {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct shunt_guard_line));
	__uint(max_entries, 1);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 1);
	__array(values, struct shunt_guard_array);
} shunt_guard_lists SEC(".maps");

/* Who is in none of them; always of this size. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_guard_sieve);
	__uint(max_entries, 1);
} shunt_guard_sieve SEC(".maps");

/* In two halves, one of which services go by. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_limit);
	__uint(max_entries, 2);
} shunt_limits SEC(".maps");

/* Of what is of no service, then by the base of a service's block of ids, plus 1. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_limits_of);
	__uint(max_entries, 1);
} shunt_limits_of SEC(".maps");

/* --- written by the program ------------------------------------------------- */

/* By backend id: how busy it is. User space writes the limit and the weight. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_load);
	__uint(max_entries, 2);
} shunt_loads SEC(".maps");

/* Connections of nat and fullnat; what these four are to each other stands in abi.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_conn);
	__uint(max_entries, 1);
} shunt_conns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_flow_line);
	__uint(max_entries, 1);
} shunt_conn_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_bit_line);
	__uint(max_entries, 1);
} shunt_conn_bits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_bit_line);
	__uint(max_entries, 1);
} shunt_port_bits SEC(".maps");

/* By record, of connections with SHUNT_CONN_SPLICED only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_conn_seq);
	__uint(max_entries, 1);
} shunt_conn_seqs SEC(".maps");

/* SYNs of all CPUs together; user space writes what is too many. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_syn_meter);
	__uint(max_entries, 1);
} shunt_syn_meter SEC(".maps");

/* Datagrams whose first fragment was seen. The only ones that pay for it are fragments. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct shunt_fragment_key);
	__type(value, struct shunt_fragment);
	__uint(max_entries, SHUNT_FRAGMENTS);
} shunt_fragments SEC(".maps");

/* What a CPU has answered by ICMP this second. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct shunt_pin_budget);
	__uint(max_entries, 1);
} shunt_icmp_budget SEC(".maps");

/* Flows of slots in transition; user space scans and sweeps it through a mapping. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_flow_line);
	__uint(max_entries, 1);
} shunt_flows SEC(".maps");

/* Which tags may be in a line of shunt_flows, SHUNT_MARKS_PER_VALUE lines in a value. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_flow_marks);
	__uint(max_entries, 1);
} shunt_marks SEC(".maps");

/* Where the SYNs of slots in transition went; swept likewise. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_flow_line);
	__uint(max_entries, SHUNT_FRESH_LINES);
} shunt_fresh SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct shunt_pin_budget);
	__uint(max_entries, 1);
} shunt_pin_budget SEC(".maps");

/* By backend id, SHUNT_COUNTERS_PER_BLOCK of them in a value. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct shunt_counter_block);
	__uint(max_entries, 1);
} shunt_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct shunt_reasons);
	__uint(max_entries, 1);
} shunt_reasons SEC(".maps");

/* Of sources that limits are about; user space forgets those that have long been quiet. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct shunt_bucket_line);
	__uint(max_entries, 1);
} shunt_buckets SEC(".maps");

/* By rule of the firewall: packets that it applied to. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, SHUNT_GUARD_RULES);
} shunt_guard_hits SEC(".maps");

#endif /* BPF_MAPS_H */
