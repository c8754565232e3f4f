/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is this host fit for the work? Facts are gathered first (host.c, link.c,
 * tunnel.c), then judged by rules that are pure (rules_*.c), so that each rule is
 * tested with facts made by hand. A finding always says what to do.
 *
 * Facts come from two sides: what only the daemon knows (who calls fills that in),
 * and what the kernel says here. It has to run in the daemon's network namespace.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shunt/abi.h"

enum doctor_grade {
	DOCTOR_FAULT, /* packets or services suffer */
	DOCTOR_WARNING, /* they will, or it is slower than it could be */
	DOCTOR_NOTE, /* worth knowing */
	DOCTOR_GRADES,
};

const char *doctor_grade_name(enum doctor_grade g); /* "fault", "warning", "note" */

/* What could not be read is UNKNOWN, and no rule says anything of it. */
enum doctor_switch {
	DOCTOR_UNKNOWN,
	DOCTOR_OFF,
	DOCTOR_ON,
};

/**
 * struct doctor_link - an interface of the config
 * @name, @attached, @generic, @beside: from the daemon; @beside: behind a dispatcher
 * @driver: "" if unknown
 * @mtu: bytes of an IP packet; 0 if unknown
 * @rx_queues, @tx_queues: that are in use; 0 if unknown
 * @max_queues: that could be
 * @lro, @gro_hw: packets are merged before the program sees them
 * @rp_filter: 0 off, 1 strict, 2 loose; the greater of the interface's and all's
 */
struct doctor_link {
	char name[16];
	bool attached;
	bool generic;
	bool beside;
	char driver[32];
	uint32_t mtu;
	uint32_t rx_queues, tx_queues, max_queues;
	enum doctor_switch lro, gro_hw;
	int rp_filter;
};

/* What a backend's host made of a packet in a tunnel; see doctor_ask_tunnels(). */
enum doctor_tunnel {
	DOCTOR_TUNNEL_UNASKED,
	DOCTOR_TUNNEL_SILENT, /* nothing came back: it was taken, or filtered */
	DOCTOR_TUNNEL_REFUSED, /* the host said that it takes no such packets */
};

/**
 * struct doctor_leg - a backend, as packets of one family of clients reach it
 * @service, @backend: names
 * @vip: one of this family
 * @addr, @forward, @gue_port: where to and how
 * @v6: the clients' family
 * @mss: of the service, or 0
 * @resolved: there is a next hop
 * @ifname, @via, @mtu: of the next hop; valid if there is a route
 * @has_route: there is one
 */
struct doctor_leg {
	const char *service;
	const char *backend;
	struct shunt_addr vip;
	struct shunt_addr addr;
	enum shunt_forward forward;
	uint16_t gue_port;
	bool v6;
	uint32_t mss;
	bool has_route;
	bool resolved;
	char ifname[16];
	struct shunt_addr via;
	uint32_t mtu;
	enum doctor_tunnel tunnel;
};

/**
 * struct doctor_firewall - what the daemon says of its rules
 * @files: those that are files of prefixes
 * @is_watched: they are read again when they change
 * @tried_out: those that only count what they would refuse
 * @allows_all: one lets everybody of a family through
 */
struct doctor_firewall {
	size_t files;
	bool is_watched;
	size_t tried_out;
	bool allows_all;
};

/**
 * struct doctor_host - everything that the rules look at
 * @release: of the kernel, "6.1.0-56-amd64"
 * @cpus: online
 * @jit: of BPF programs
 * @btf: the kernel describes its types
 * @bpffs: something is mounted where maps are pinned
 * @first_local_port, @last_local_port: that the kernel gives out itself; 0 if unknown
 * @pool, @first_pool_port, @last_pool_port: of fullnat
 * @is_pool_local: by index of @pool: the address is this host's
 * @is_vip_local: by index of @legs: likewise of its VIP
 * @reload_refused: the file is not what runs
 * @may_send_raw: the tunnels could be asked
 */
struct doctor_host {
	char release[65]; /* as long as uname(2) has it */
	uint32_t cpus;
	enum doctor_switch jit, btf, bpffs;
	uint16_t first_local_port, last_local_port;
	struct shunt_addr *pool;
	bool *is_pool_local;
	size_t n_pool;
	uint16_t first_pool_port, last_pool_port;
	bool reload_refused;
	struct doctor_firewall firewall;
	bool may_send_raw;
	struct doctor_link *links;
	size_t n_links;
	struct doctor_leg *legs;
	bool *is_vip_local;
	size_t n_legs;
};

/**
 * struct doctor_finding
 * @about: "eth0", "web/nginx1", "kernel"
 * @what: the matter; @advice: what to do. Both released with doctor_findings_free().
 */
struct doctor_finding {
	enum doctor_grade grade;
	char *about;
	char *what;
	char *advice;
};

/* Zero-initialised is empty and valid. @failed: something is missing for want of memory. */
struct doctor_findings {
	struct doctor_finding *list;
	size_t n;
	bool failed;
};

void doctor_findings_free(struct doctor_findings *f);

/* Fill in what the kernel says; what the daemon knows is there already. */
void doctor_look_at_host(struct doctor_host *h);
void doctor_look_at_link(struct doctor_link *l);

/**
 * doctor_ask_tunnels() - send each host that shall take packets out of tunnels one
 *
 * In it is an echo request to the VIP. A host that has no such tunnel says so by ICMP.
 * Takes @patience_ms at most for each 256 hosts; sets @h->may_send_raw, and leaves all as
 * unasked without the privilege (CAP_NET_RAW).
 */
void doctor_ask_tunnels(struct doctor_host *h, uint32_t patience_ms);

/* The rules; the gravest come first, equals in the order of the facts. */
void doctor_judge(const struct doctor_host *h, struct doctor_findings *out);

/* Bytes that @forward puts around a packet on its way to @addr. */
uint32_t doctor_overhead(enum shunt_forward forward, const struct shunt_addr *addr);

#endif /* DOCTOR_DOCTOR_H */
