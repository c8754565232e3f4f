/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The config file as data. A struct conf is immutable once conf_load() has
 * returned it; everything it points at lives in its one arena.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/conf_check.h"
#include "conf/conf_firewall.h"
#include "conf/conf_ha.h"
#include "conf/conf_input.h"
#include "shunt/abi.h"

enum conf_scheduler {
	CONF_SCHEDULER_CONSISTENT,
	CONF_SCHEDULER_MAGLEV,
	CONF_SCHEDULER_FIRST, /* one backend has all: active-passive */
	CONF_SCHEDULER_SOURCE, /* by the client's address alone */
	/* Chosen for each new flow, which is therefore kept in the flow cache: */
	CONF_SCHEDULER_ROUND_ROBIN,
	CONF_SCHEDULER_RANDOM,
	CONF_SCHEDULER_LEAST_CONN,
};

/* What becomes of IP fragments. */
enum conf_fragments {
	CONF_FRAGMENTS_TRACK, /* later ones follow the first one */
	CONF_FRAGMENTS_L3HASH, /* ports count for nothing, in no packet of the service */
	CONF_FRAGMENTS_DROP,
};

/* Who gets new flows while every backend of a service is down. */
enum conf_all_down {
	CONF_ALL_DOWN_DROP, /* nobody */
	CONF_ALL_DOWN_LAST, /* those who had them before */
	CONF_ALL_DOWN_ALL, /* all, as if they were up */
};

/* What becomes of the flows of a backend that is found to be down. */
enum conf_on_down {
	CONF_ON_DOWN_MOVE, /* they go to others, which do not know them */
	CONF_ON_DOWN_KEEP, /* they stay: the check may be wrong */
	CONF_ON_DOWN_DRAIN, /* they stay as long as a drain lasts */
	CONF_ON_DOWN_RESET, /* their clients are told to begin anew */
};

enum conf_xdp_mode {
	CONF_XDP_AUTO, /* native, and an error where the driver has none */
	CONF_XDP_NATIVE,
	CONF_XDP_GENERIC,
};

/* What a daemon that is told to stop leaves behind. */
enum conf_on_stop {
	CONF_STOP_KEEP, /* the program, which goes on forwarding */
	CONF_STOP_DETACH, /* nothing */
};

/*
 * A port and protocol of a service: "443/tcp", "any/udp" (port 0). Host order.
 */
struct conf_port {
	uint16_t port;
	uint8_t proto;
};

/**
 * struct conf_timeouts - for how long a silent connection of nat and fullnat is kept
 * @syn_ms: TCP: not answered yet, or the handshake is not complete
 * @established_ms: TCP
 * @closing_ms: TCP: one side has ended it
 * @closed_ms: TCP: both have, or one has reset it
 * @udp_ms: nothing came back yet
 * @udp_replied_ms: something did
 */
struct conf_timeouts {
	uint32_t syn_ms;
	uint32_t established_ms;
	uint32_t closing_ms;
	uint32_t closed_ms;
	uint32_t udp_ms;
	uint32_t udp_replied_ms;
};

/**
 * struct conf_drain
 * @timeout_ms: for how long flows stay with a backend that is drained; 0: as long as
 *	they live
 */
struct conf_drain {
	uint32_t timeout_ms;
};

/**
 * struct conf_backend
 * @address, @address6: at least one is set; has_* tell which
 * @port: of nat and fullnat: where the server listens; 0: as the service
 * @id: fixed table position for fleets, from 1; 0 if the config has none
 * @weight: 0..1000; 0 means no slots
 * @backup: no slots while one that is no backup is usable
 * @max_connections: at a time; 0: no limit
 */
struct conf_backend {
	const char *name;
	struct shunt_addr address;
	struct shunt_addr address6;
	bool has_address;
	bool has_address6;
	uint16_t port;
	uint32_t weight;
	uint32_t id;
	bool backup;
	uint32_t max_connections;
	struct conf_check check;
	int line; /* in the file, for messages */
};

/**
 * struct conf_service
 * @gue_port: of outer UDP headers, of forward gue
 * @affinity_ms: for so long after its last packet a client returns to its backend; 0:
 *	each of its flows is spread for itself
 * @mss: what the MSS option of SYNs is lowered to; 0: nothing
 * @max_connections: of backends that say nothing themselves
 * @timeouts: of nat and fullnat
 * @min_healthy: with fewer usable backends it is not healthy, and its VIPs are not
 *	announced; 0: they are, with none, too
 * @slow_start_ms: in which a backend that has come up gets ever more flows; 0: at once
 * @firewall: beside that of all services
 */
struct conf_service {
	const char *name;
	struct shunt_addr *vips;
	size_t n_vips;
	struct conf_port *ports;
	size_t n_ports;
	enum shunt_forward forward;
	uint16_t gue_port;
	enum conf_scheduler scheduler;
	bool failback; /* of scheduler first: flows return to one that stands earlier */
	enum conf_all_down when_all_down;
	enum conf_on_down on_down;
	struct conf_drain drain;
	uint32_t slow_start_ms;
	uint32_t min_healthy;
	bool udp_moves; /* UDP flows go to the new backend at once */
	bool track; /* every flow is kept in the flow cache */
	uint32_t affinity_ms;
	enum conf_fragments fragments;
	uint32_t mss;
	uint32_t max_connections;
	struct conf_timeouts timeouts;
	uint32_t slots; /* of its table, a power of two; 0: as conf.slots says */
	struct conf_firewall firewall;
	struct conf_check check; /* merged with the defaults; backends may override it */
	struct conf_backend *backends;
	size_t n_backends;
	const char *file; /* where it is written */
	int line;
};

/* Peers of send_to, and as many again may be in a group. */
#define CONF_MAX_PEERS 8

/* @addr is none of a group; @port in host order. */
struct conf_endpoint {
	struct shunt_addr addr;
	uint16_t port;
};

/**
 * struct conf_peers - balancers that know each other's connections
 * @listen: "ADDRESS:PORT", or NULL: nothing is shared
 * @group: likewise of a multicast group, or NULL
 * @interface: that the group is joined on
 * @rate: datagrams in a second
 */
struct conf_peers {
	const char *listen;
	struct conf_endpoint *send_to;
	size_t n_send_to;
	const char *group;
	const char *interface;
	const char *key_file;
	uint32_t rate;
	uint32_t refresh_ms;
};

struct conf_interface {
	const char *name;
	enum conf_xdp_mode mode;
	const char *file; /* where it is written */
	int line;
};

/**
 * struct conf - a whole config file
 * @draft: the same as the tables of keys know it, for conf_diff()
 * @inputs: the texts it was read from, that of @path first, without edits
 * @includes: paths and patterns, as written
 * @slots: slots of each table, a power of two; 0: as many as its backends need
 * @max_services, @max_backends: how many there may be, not less than the file has; 0
 *	lets the daemon choose from the number in the file, with room to grow
 * @hash_key: hex of 16 bytes shared by a fleet, or NULL: made once and kept
 * @icmp_per_s: answers by ICMP in a second and by CPU; 0: none
 * @nat_connections: of nat and fullnat, of all services added up
 * @nat_pool: addresses that fullnat sends from, at most SHUNT_MAX_POOL of a family
 * @nat_first_port, @nat_last_port: ports that it sends from, both included
 * @firewall: of all services
 */
struct conf {
	struct arena arena;
	size_t holds; /* conf_hold() that conf_free() has not met yet */
	const char *path;
	const struct conf_draft *draft;
	const struct conf_input *inputs;
	size_t n_inputs;
	const char **includes;
	size_t n_includes;

	const char *socket;
	const char *group; /* may change things; NULL: root only */
	const char *read_group; /* may look; NULL: root and @group */
	const char *state_dir;
	enum conf_on_stop on_stop;
	bool watch; /* read again when it changes */
	enum log_level log_level;
	const char *metrics_listen; /* "ADDRESS:PORT", or NULL: no exporter */
	bool metrics_per_backend;

	uint32_t slots;
	uint32_t max_services;
	uint32_t max_backends;
	uint64_t flow_cache_bytes; /* a power of two of 64-byte lines */
	uint32_t flow_idle_ms; /* the longest idle gap of a flow that is kept */
	uint32_t flow_early_ms; /* before flows of a slot in transition are pinned */
	const char *hash_key;
	uint32_t icmp_per_s;

	uint32_t nat_connections;
	struct shunt_addr *nat_pool;
	size_t n_nat_pool;
	uint16_t nat_first_port;
	uint16_t nat_last_port;

	struct conf_peers peers;
	struct conf_firewall firewall;
	struct conf_ha ha;

	struct conf_interface *interfaces;
	size_t n_interfaces;
	struct conf_service *services;
	size_t n_services;
};

/**
 * conf_load() - read and check a config file
 * @path: as it shall appear in messages
 * @errors: gets every error, "file:line:col: error: where: what" with the line
 *	and a caret under it; warnings, with "warning:", too, even on success
 * @out: on success a config to be released with conf_free()
 *
 * Return: 0; -EINVAL if the text is wrong; another negative errno if the file
 * cannot be read (also said in @errors).
 */
int conf_load(const char *path, struct buf *errors, struct conf **out);

/*
 * As conf_load(), from memory; any bytes. @name is for messages. Nothing is included, and
 * files of prefixes are not read.
 */
int conf_parse(const char *name, const char *text, size_t len, struct buf *errors,
	       struct conf **out);

/* One more has @conf, as it is; each of them calls conf_free(). Return: @conf. */
struct conf *conf_hold(struct conf *conf);
void conf_free(struct conf *conf);

static inline void conf_freep(struct conf **conf)
{
	conf_free(*conf);
}

/* Its connections are kept one by one, exactly, and answers come back through us. */
static inline bool conf_forward_is_nat(enum shunt_forward f)
{
	return f == SHUNT_FORWARD_NAT || f == SHUNT_FORWARD_FULLNAT;
}

/* Who gets a new flow is decided for each, and not by its hash alone. */
static inline bool conf_scheduler_is_per_flow(enum conf_scheduler s)
{
	return s == CONF_SCHEDULER_ROUND_ROBIN || s == CONF_SCHEDULER_RANDOM ||
	       s == CONF_SCHEDULER_LEAST_CONN;
}

/* Some backend of @s has a limit of connections. */
bool conf_service_is_limited(const struct conf_service *s);

/*
 * Every flow of @s must be remembered, because nothing else tells where it went.
 * conf_service.track says that it shall be, even so.
 */
bool conf_service_needs_memory(const struct conf_service *s);

/* Names as they are written in the file. */
const char *conf_scheduler_name(enum conf_scheduler s);
const char *conf_forward_name(enum shunt_forward f);
const char *conf_failback_name(bool failback);
const char *conf_all_down_name(enum conf_all_down d);
const char *conf_on_down_name(enum conf_on_down d);
const char *conf_udp_name(bool moves);
const char *conf_fragments_name(enum conf_fragments f);
const char *conf_check_type_name(enum conf_check_type t);
const char *conf_qtype_name(enum conf_qtype t);
const char *conf_rcode_name(unsigned int rcode); /* "unknown" for those without a word */
const char *conf_role_name(enum conf_role r);
/*
 * The VIP that probes of @b are sent to via: vip: the first that it has an address of the
 * family of, which they are sent by; NULL: there is none.
 */
const struct shunt_addr *conf_via_vip(const struct conf_service *s, const struct conf_backend *b);
const char *conf_via_name(enum conf_via v);
const char *conf_on_stop_name(enum conf_on_stop s);
const char *conf_xdp_mode_name(enum conf_xdp_mode m);

#endif /* CONF_CONF_H */
