/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole daemon at one moment, as plain data: what the CLI and the exporter
 * show. They read nothing else, so both can be tested with a snapshot made by
 * hand.
 */
#ifndef DATAPLANE_SNAPSHOT_H
#define DATAPLANE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "health/health.h"
#include "plan/announce.h"
#include "plan/firewall.h"
#include "plan/plan.h"
#include "shunt/conn.h"
#include "shunt/reason.h"
#include "tables/flows.h"

#define SNAPSHOT_IFNAME 16
#define SNAPSHOT_PATH 256

/* How a next hop stands. */
enum hop_state {
	HOP_NO_ROUTE, /* the routing table has no way, or it is this host itself */
	HOP_RESOLVING, /* a route, but no MAC address yet */
	HOP_SILENT, /* nobody answers for the MAC address any more, which is still used */
	HOP_RESOLVED,
};

const char *hop_state_name(enum hop_state s); /* "no-route", "resolving", "silent", "resolved" */

/* "stable", "migrating", "pinning", "pinned" */
const char *slot_state_name(enum shunt_slot_state s);

/* A next hop, as in `shunt show neighbors`. */
struct snapshot_hop {
	struct shunt_addr addr; /* the backend's address */
	struct shunt_addr via; /* the gateway, or @addr itself */
	enum hop_state state;
	char ifname[SNAPSHOT_IFNAME];
	uint8_t mac[6];
	uint16_t mtu;
};

struct snapshot_interface {
	char name[SNAPSHOT_IFNAME];
	int ifindex;
	enum conf_xdp_mode mode; /* in force: never CONF_XDP_AUTO */
	bool attached;
	bool dispatcher; /* beside other XDP programs, by libxdp's dispatcher */
};

/* @addr is the one in use for IPv4 clients, else the one for IPv6 clients. */
struct snapshot_backend {
	const char *name;
	uint32_t id;
	struct shunt_addr addr;
	enum admin_state admin;
	uint64_t admin_since_wall_s; /* 0: not known */
	uint64_t deadline_wall_s; /* of a drain; 0: it has none */
	uint64_t deadline_left_s; /* until then */
	bool is_over; /* its time is */
	bool is_empty; /* it is not enabled, and has nothing left that is known of */
	uint32_t slots_leaving; /* slots in transition from it to another backend */
	uint32_t warmth_percent; /* of its weight that it gets while it warms up; else 100 */
	uint32_t weight; /* configured */
	uint32_t effective_weight; /* after the operator's word; 0 unless it takes flows */
	const char *check_type;
	struct health_status health;
	uint64_t packets;
	uint64_t bytes;
	uint32_t slots; /* held in the service's table */
	bool counted; /* its connections are: what follows means something */
	uint32_t connections; /* now; of clients where the service has affinity */
	uint32_t connections_limit; /* 0: none */
	uint32_t connections_opened; /* so far, modulo 2^32 */
	uint64_t flows; /* kept with it by the flow cache, when that was last swept */
	bool usable;
};

struct snapshot_service {
	const struct conf_service *conf;
	struct snapshot_backend *backends; /* in the order of the config */
	size_t n_backends;
	size_t n_usable;
	uint32_t slots; /* in its table */
	uint32_t sharing; /* services whose tables lie where its own does, itself included */
	uint32_t slots_moving; /* of these in transition: any state but stable */
	uint64_t packets; /* of backends that have gone, too */
	uint64_t bytes;
};

/**
 * struct snapshot_map - a map of the program, as in `shunt show maps`
 * @name: "shunt_flows"; pinned under that name in snapshot.pin_dir
 * @type: in the kernel's words: "array", "percpu_array", "hash"
 * @bytes: of memory, as the kernel accounts for it
 */
struct snapshot_map {
	char name[32];
	const char *type;
	uint32_t max_entries;
	uint64_t bytes;
};

/**
 * struct snapshot_place - where a slot table lies
 * @first: line of shunt_slots; no other place has it
 * @sharing: tables that lie there
 */
struct snapshot_place {
	uint32_t first;
	uint32_t slots;
	uint32_t sharing;
};

/**
 * struct snapshot_tables - where the slot tables lie
 * @places: tables that hold the same words lie at one
 * @bytes: of these places: what packets have to have in the processor's caches
 * @bytes_total: of the map, shunt_slots
 */
struct snapshot_tables {
	uint32_t tables;
	uint32_t places;
	uint64_t bytes;
	uint64_t bytes_total;
};

/**
 * struct snapshot_conntrack - connections of nat and fullnat
 * @entries: now; @capacity: records there are
 * @bytes: of all maps that keep them
 * @by_state: by enum shunt_conn_state, when they were last swept, as all that follows
 * @ports_used, @ports_capacity: of the pool, added up over the servers' addresses that
 *	have ports of their own
 * @ports_most: of the address that has most in use, @ports_each there are to it
 * @has_syn_flood: there are too many SYNs, and they are answered by cookies
 */
struct snapshot_conntrack {
	uint64_t entries, capacity;
	uint64_t bytes;
	uint64_t by_state[SHUNT_CONN_STATES];
	uint64_t ports_used, ports_capacity;
	uint64_t ports_most, ports_each;
	bool has_syn_flood;
};

/* "opening", "established", "closing", "closed", "one-way", "replied" */
const char *conn_state_name(enum shunt_conn_state s);

struct snapshot_endpoint {
	struct shunt_addr addr;
	uint16_t port; /* host order */
};

/**
 * struct snapshot_conn - a connection, as in `shunt show connections`
 * @service, @backend: indices in the config
 * @source: where the server sees it come from: the client, or an address of the pool
 */
struct snapshot_conn {
	size_t service, backend;
	uint8_t proto;
	struct snapshot_endpoint client, vip, server, source;
	enum shunt_conn_state state;
	uint32_t idle_s;
};

/**
 * struct snapshot_conns - some of them
 * @list: @n of them, released with free()
 * @total: of the service, or all: as of the last sweep, or @n if that is more
 */
struct snapshot_conns {
	struct snapshot_conn *list;
	size_t n;
	uint64_t total;
};

#define SNAPSHOT_PEER 64
#define SNAPSHOT_PEERS 16

/* What is told to other balancers. */
enum peer_told {
	PEER_TOLD_CONNECTIONS,
	PEER_TOLD_ENDS, /* of connections */
	PEER_TOLD_FLOWS,
	PEER_TOLD,
};

/* What became of datagrams that came. */
enum peer_datagram {
	PEER_TAKEN,
	PEER_UNPROVED, /* who has sent it has to prove first that he says so now */
	PEER_FOREIGN, /* another key, or something else */
	PEER_REPLAYED,
	PEER_MALFORMED,
	PEER_CROWDED, /* more peers than there may be */
	PEER_DATAGRAMS,
};

/* What became of connections that others have told of, and of flows. */
enum peer_heard {
	PEER_ENTERED,
	PEER_REFRESHED,
	PEER_ENDED,
	PEER_OURS, /* we know better */
	PEER_CLASH, /* nat: another connection has its tuple */
	PEER_FULL,
	PEER_UNKNOWN, /* there is no such backend here */
	PEER_OTHER_KEY, /* flows: dataplane.hash_key differs */
	PEER_OTHER_BLOCK, /* flows of affinity: ids of backends differ */
	PEER_OTHER_SIZE, /* flows: the cache of the peer is far smaller than ours */
	PEER_HEARD,
};

/* As labels of metrics. */
const char *peer_told_name(enum peer_told t);
const char *peer_datagram_name(enum peer_datagram d);
const char *peer_heard_name(enum peer_heard h);

/**
 * struct snapshot_peer - another balancer
 * @name: where it listens
 * @is_heard: not long ago
 * @silent_s: since it was; UINT64_MAX: never
 * @round_s: since it has told all it has; UINT64_MAX: not yet
 */
struct snapshot_peer {
	char name[SNAPSHOT_PEER];
	bool is_heard;
	uint64_t silent_s;
	uint64_t round_s;
	uint64_t datagrams;
};

/**
 * struct snapshot_peers - what is shared with other balancers
 * @trouble: why nothing is, or ""
 * @lag_s: how long it took last to tell all there is
 * @held_back: times that the rate let something wait
 * @ends_lost: ends of connections that nobody was told of
 * @theirs: connections here that others have told of, and no packet has come of
 */
struct snapshot_peers {
	bool is_on;
	char trouble[SNAPSHOT_PATH];
	struct snapshot_peer list[SNAPSHOT_PEERS];
	size_t n;
	uint64_t sent, sent_bytes, send_errors;
	uint64_t told[PEER_TOLD];
	uint64_t datagrams[PEER_DATAGRAMS];
	uint64_t connections[PEER_HEARD];
	uint64_t flows[PEER_HEARD];
	uint64_t held_back;
	uint64_t ends_lost;
	uint64_t theirs;
	double lag_s;
};

/* A rule of the firewall. */
struct snapshot_rule {
	const struct firewall_rule *rule;
	uint64_t hits;
};

/**
 * struct snapshot_announcement - an address, as in `shunt show announcements`
 * @is_pool: of nat.pool; else a VIP
 * @is_there: the network is told now that it is here; @state is what it shall be told
 * @is_held, @service, @usable, @wanted: as in struct announce_addr; the daemon's own
 */
struct snapshot_announcement {
	struct shunt_addr addr;
	enum announce_state state;
	bool is_pool;
	bool is_held;
	bool is_there;
	uint64_t since_wall_s;
	const char *service;
	uint32_t usable, wanted;
};

/**
 * struct snapshot_flows - what the flow cache holds of a backend, as in
 *	`shunt show connections`
 * @service, @backend: indices in the config
 */
struct snapshot_flows {
	size_t service, backend;
	struct flows_tally tally;
};

/**
 * struct snapshot_flow_list - of the backends that it holds something of
 * @list: @n of them, in the order of the config, released with free()
 */
struct snapshot_flow_list {
	struct snapshot_flows *list;
	size_t n;
};

#define SNAPSHOT_SLOT_STATES (SHUNT_SLOT_PINNED + 1)

/*
 * May be kept: but what @admin, @edits and services of @announcements point at is the
 * daemon's own, and good only until it does something else.
 */
struct snapshot {
	const struct conf *conf;
	struct conf *held; /* @conf, by conf_hold(), or NULL: it stays anyway */
	const struct admin *admin; /* what the operator has said; NULL: nothing */
	uint64_t now_ms; /* of clock_now_ms() */
	const char *version;
	int pid;
	int prober_pid;
	uint64_t now_wall_s;
	uint64_t start_wall_s;
	uint64_t conf_loaded_wall_s;
	bool conf_last_reload_ok;
	uint32_t confirm_left_s; /* until the former config returns; 0: it does not */
	const struct conf_edit *edits;
	size_t n_edits;
	uint64_t conf_reloads[2]; /* [0] refused, [1] applied */
	bool adopted; /* the maps of a former daemon were taken over */
	uint64_t rss_bytes;
	double cpu_seconds;
	struct snapshot_interface *interfaces;
	size_t n_interfaces;
	struct snapshot_service *services; /* in the order of the config */
	size_t n_services;
	struct snapshot_hop *hops;
	size_t n_hops;
	uint64_t reasons[SHUNT_REASONS];
	struct snapshot_map *maps;
	size_t n_maps;
	char pin_dir[SNAPSHOT_PATH]; /* of the maps, with the version of the ABI */
	struct snapshot_tables tables;
	/* By enum shunt_slot_state, over all tables; as of the last second. */
	uint64_t slots_by_state[SNAPSHOT_SLOT_STATES];
	uint64_t flows_live; /* entries that count, when they were last swept */
	uint64_t flows_capacity; /* entries */
	uint64_t flows_bytes;
	struct snapshot_conntrack conntrack;
	struct snapshot_peers peers;
	struct firewall *held_firewall; /* whose @rules are, by firewall_hold(), or NULL */
	struct snapshot_rule *rules; /* those of all services first */
	size_t n_rules;
	struct snapshot_announcement *announcements; /* none with ha.announce: none */
	size_t n_announcements;
};

/* Name ("NO_BACKEND"), label ("no_backend"), action ("drop") and sentence of a reason. */
const char *reason_name(enum shunt_reason r);
const char *reason_label(enum shunt_reason r);
const char *reason_action(enum shunt_reason r); /* "tx", "redirect", "pass", "drop" */
const char *reason_text(enum shunt_reason r);

void snapshot_free(struct snapshot *s);
static inline void snapshot_freep(struct snapshot **s)
{
	snapshot_free(*s);
}

#endif /* DATAPLANE_SNAPSHOT_H */
