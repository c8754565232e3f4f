/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of metrics: one row a family, in the order of the page. Labels are
 * names from the config and words of ours, never what a client can choose, so
 * the number of series is known when the config is.
 */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "export/export.h"
#include "export/prom.h"
#include "net/addr.h"

/**
 * struct family - a row; it has one of these:
 * @service: one sample a service
 * @backend: one sample a backend
 * @each: more of a service than that
 * @write: everything else
 * @only_counted: with @backend, not of those whose connections are not counted
 * @per_backend: left out with metrics.per_backend: false, as @backend is
 */
struct family {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*service)(const struct snapshot_service *s);
	uint64_t (*backend)(const struct snapshot_backend *b);
	void (*each)(const struct family *f, const struct snapshot_service *s, struct buf *out);
	void (*write)(const struct family *f, const struct snapshot *s, struct buf *out);
	bool per_backend;
	bool only_counted;
};

/* --- the daemon ------------------------------------------------------------ */

static void write_build_info(const struct family *f, const struct snapshot *s, struct buf *out)
{
	char abi[16];

	snprintf(abi, sizeof(abi), "%d", SHUNT_ABI_VERSION);
	prom_int(out, f->name, PROM_LABELS({ "version", s->version }, { "abi", abi }), 1);
}

static void write_reload_ok(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conf_last_reload_ok);
}

static void write_reloads(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, PROM_LABELS({ "result", "applied" }), s->conf_reloads[1]);
	prom_int(out, f->name, PROM_LABELS({ "result", "refused" }), s->conf_reloads[0]);
}

static void write_conf_loaded(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conf_loaded_wall_s);
}

static void write_start_time(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->start_wall_s);
}

static void write_rss(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->rss_bytes);
}

static void write_cpu(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_float(out, f->name, NULL, s->cpu_seconds);
}

static void write_attached(const struct family *f, const struct snapshot *s, struct buf *out)
{
	static const enum conf_xdp_mode modes[] = { CONF_XDP_NATIVE, CONF_XDP_GENERIC };

	array_for_each (i, s->interfaces, s->n_interfaces)
		array_for_each (m, modes, array_len(modes))
			prom_int(out, f->name,
				 PROM_LABELS({ "interface", i->name },
					     { "mode", conf_xdp_mode_name(*m) }),
				 i->attached && i->mode == *m);
}

static void write_hops(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int state = HOP_NO_ROUTE; state <= HOP_RESOLVED; state++) {
		uint64_t n = 0;

		array_for_each (h, s->hops, s->n_hops)
			n += (int)h->state == state;
		prom_int(out, f->name, PROM_LABELS({ "state", hop_state_name(state) }), n);
	}
}

static void write_maps(const struct family *f, const struct snapshot *s, struct buf *out)
{
	array_for_each (m, s->maps, s->n_maps)
		prom_int(out, f->name, PROM_LABELS({ "map", m->name }), m->bytes);
}

/* "" for those of all services. */
static void write_rule(const struct family *f, const struct firewall_rule *rule, uint64_t value,
		       struct buf *out)
{
	prom_int(out, f->name,
		 PROM_LABELS({ "rule", rule->name }, { "kind", firewall_kind_name(rule->kind) },
			     { "service", rule->service ?: "" }),
		 value);
}

static void write_rules(const struct family *f, const struct snapshot *s, struct buf *out)
{
	array_for_each (r, s->rules, s->n_rules)
		write_rule(f, r->rule, r->hits, out);
}

/* Of lists: a limit has none. */
static void write_rule_prefixes(const struct family *f, const struct snapshot *s, struct buf *out)
{
	array_for_each (r, s->rules, s->n_rules)
		if (r->rule->kind == FIREWALL_ALLOW || r->rule->kind == FIREWALL_DENY)
			write_rule(f, r->rule, r->rule->n, out);
}

/* Of VIPs; none where nobody is told anything. */
static void write_announced(const struct family *f, const struct snapshot *s, struct buf *out)
{
	const char *method = conf_announce_name(s->conf->ha.announce);
	char vip[ADDR_TEXT];

	array_for_each (a, s->announcements, s->n_announcements)
		if (!a->is_pool)
			prom_int(out, f->name,
				 PROM_LABELS({ "vip", addr_format(&a->addr, vip) },
					     { "method", method }),
				 a->is_there);
}

static void write_drained(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->admin && s->admin->drained_since_wall_s);
}

/* --- slots and flows ------------------------------------------------------- */

static void write_slots(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int state = 0; state < SNAPSHOT_SLOT_STATES; state++)
		prom_int(out, f->name, PROM_LABELS({ "state", slot_state_name(state) }),
			 s->slots_by_state[state]);
}

static void write_tables(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->tables.tables);
}

static void write_places(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->tables.places);
}

static void write_places_bytes(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->tables.bytes);
}

static void write_flows_live(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->flows_live);
}

static void write_flows_capacity(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->flows_capacity);
}

static void write_flows_bytes(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->flows_bytes);
}

/* --- connections ------------------------------------------------------------ */

static void write_conns(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conntrack.entries);
}

static void write_conns_capacity(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conntrack.capacity);
}

static void write_conns_by_state(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int state = 0; state < SHUNT_CONN_STATES; state++)
		prom_int(out, f->name, PROM_LABELS({ "state", conn_state_name(state) }),
			 s->conntrack.by_state[state]);
}

static void write_conns_bytes(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conntrack.bytes);
}

static void write_ports(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conntrack.ports_used);
}

static void write_ports_capacity(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conntrack.ports_capacity);
}

static void write_ports_most(const struct family *f, const struct snapshot *s, struct buf *out)
{
	const struct snapshot_conntrack *c = &s->conntrack;

	prom_float(out, f->name, NULL, c->ports_each ? (double)c->ports_most / c->ports_each : 0);
}

static void write_syn_flood(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->conntrack.has_syn_flood);
}

/* --- other balancers ---------------------------------------------------------- */

static void write_peers_up(const struct family *f, const struct snapshot *s, struct buf *out)
{
	array_for_each (p, s->peers.list, s->peers.n)
		prom_int(out, f->name, PROM_LABELS({ "peer", p->name }), p->is_heard);
}

static void write_peers_silent(const struct family *f, const struct snapshot *s, struct buf *out)
{
	array_for_each (p, s->peers.list, s->peers.n)
		if (p->silent_s != UINT64_MAX)
			prom_int(out, f->name, PROM_LABELS({ "peer", p->name }), p->silent_s);
}

static void write_peers_round(const struct family *f, const struct snapshot *s, struct buf *out)
{
	array_for_each (p, s->peers.list, s->peers.n)
		if (p->round_s != UINT64_MAX)
			prom_int(out, f->name, PROM_LABELS({ "peer", p->name }), p->round_s);
}

static void write_peer_rounds(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_float(out, f->name, NULL, s->peers.lag_s);
}

static void write_peer_sent(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->peers.sent);
}

static void write_peer_sent_bytes(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->peers.sent_bytes);
}

static void write_peer_errors(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->peers.send_errors);
}

static void write_peer_told(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int i = 0; i < PEER_TOLD; i++)
		prom_int(out, f->name, PROM_LABELS({ "what", peer_told_name(i) }),
			 s->peers.told[i]);
}

static void write_peer_datagrams(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int i = 0; i < PEER_DATAGRAMS; i++)
		prom_int(out, f->name, PROM_LABELS({ "result", peer_datagram_name(i) }),
			 s->peers.datagrams[i]);
}

static void write_peer_heard(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int i = 0; i < PEER_HEARD; i++) {
		prom_int(out, f->name,
			 PROM_LABELS({ "what", "connection" }, { "result", peer_heard_name(i) }),
			 s->peers.connections[i]);
		prom_int(out, f->name,
			 PROM_LABELS({ "what", "flow" }, { "result", peer_heard_name(i) }),
			 s->peers.flows[i]);
	}
}

static void write_peer_held_back(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->peers.held_back);
}

static void write_peer_ends_lost(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->peers.ends_lost);
}

static void write_peer_theirs(const struct family *f, const struct snapshot *s, struct buf *out)
{
	prom_int(out, f->name, NULL, s->peers.theirs);
}

/* --- packets --------------------------------------------------------------- */

static void write_packets(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		prom_int(out, f->name,
			 PROM_LABELS({ "reason", reason_label(r) }, { "action", reason_action(r) }),
			 s->reasons[r]);
}

static bool is_drop(enum shunt_reason r)
{
	return !strcmp(reason_action(r), "drop");
}

static void write_drops(const struct family *f, const struct snapshot *s, struct buf *out)
{
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		if (is_drop(r))
			prom_int(out, f->name, PROM_LABELS({ "reason", reason_label(r) }),
				 s->reasons[r]);
}

/* --- services ---------------------------------------------------------------- */

static uint64_t service_healthy(const struct snapshot_service *s)
{
	return s->n_usable && s->n_usable >= s->conf->min_healthy;
}

static uint64_t service_up(const struct snapshot_service *s)
{
	return s->n_usable > 0;
}

static uint64_t service_backends(const struct snapshot_service *s)
{
	return s->n_backends;
}

static uint64_t service_usable(const struct snapshot_service *s)
{
	return s->n_usable;
}

static uint64_t service_rivals(const struct snapshot_service *s)
{
	uint64_t n = 0;

	array_for_each (b, s->backends, s->n_backends)
		n += b->health.code == HEALTH_L7DUAL_CODE;
	return n;
}

static uint64_t service_slots(const struct snapshot_service *s)
{
	return s->slots;
}

static uint64_t service_slots_moving(const struct snapshot_service *s)
{
	return s->slots_moving;
}

static uint64_t service_packets(const struct snapshot_service *s)
{
	return s->packets;
}

static uint64_t service_bytes(const struct snapshot_service *s)
{
	return s->bytes;
}

/* Buckets of the whole service: of its backends, summed up from the smallest on. */
static void write_histogram(const struct family *f, const struct snapshot_service *s,
			    struct buf *out)
{
	uint64_t count = 0, sum_us = 0;
	char name[96], le[32];

	snprintf(name, sizeof(name), "%s_bucket", f->name);
	for (size_t i = 0; i <= HEALTH_BUCKETS; i++) {
		array_for_each (b, s->backends, s->n_backends)
			count += b->health.bucket[i];
		snprintf(le, sizeof(le), "%g", i < HEALTH_BUCKETS ? health_bucket_us[i] / 1e6 : 0);
		prom_int(out, name,
			 PROM_LABELS({ "service", s->conf->name },
				     { "le", i < HEALTH_BUCKETS ? le : "+Inf" }),
			 count);
	}
	array_for_each (b, s->backends, s->n_backends)
		sum_us += b->health.duration_sum_us;
	snprintf(name, sizeof(name), "%s_sum", f->name);
	prom_float(out, name, PROM_LABELS({ "service", s->conf->name }), sum_us / 1e6);
	snprintf(name, sizeof(name), "%s_count", f->name);
	prom_int(out, name, PROM_LABELS({ "service", s->conf->name }), count);
}

/* --- backends ---------------------------------------------------------------- */

static uint64_t backend_up(const struct snapshot_backend *b)
{
	return b->health.state == HEALTH_UP;
}

static uint64_t backend_weight(const struct snapshot_backend *b)
{
	return b->weight;
}

static uint64_t backend_effective_weight(const struct snapshot_backend *b)
{
	return b->effective_weight;
}

static uint64_t backend_slots(const struct snapshot_backend *b)
{
	return b->slots;
}

static uint64_t backend_flows(const struct snapshot_backend *b)
{
	return b->flows;
}

static uint64_t backend_packets(const struct snapshot_backend *b)
{
	return b->packets;
}

static uint64_t backend_bytes(const struct snapshot_backend *b)
{
	return b->bytes;
}

static uint64_t backend_connections(const struct snapshot_backend *b)
{
	return b->connections;
}

static uint64_t backend_connections_limit(const struct snapshot_backend *b)
{
	return b->connections_limit;
}

static uint64_t backend_connections_opened(const struct snapshot_backend *b)
{
	return b->connections_opened;
}

static void add_states(const struct family *f, const char *service,
		       const struct snapshot_backend *b, struct buf *out)
{
	/* The operator's word comes before health. */
	const bool enabled = b->admin == ADMIN_ENABLED;

	for (int h = HEALTH_UNKNOWN; h <= HEALTH_DOWN; h++)
		prom_int(out, f->name,
			 PROM_LABELS({ "service", service }, { "backend", b->name },
				     { "state", health_state_name(h) }),
			 enabled && (int)b->health.state == h);
	for (int a = ADMIN_DRAIN; a < ADMIN_STATES; a++)
		prom_int(out, f->name,
			 PROM_LABELS({ "service", service }, { "backend", b->name },
				     { "state", admin_state_name(a) }),
			 (int)b->admin == a);
}

static void write_states(const struct family *f, const struct snapshot_service *s, struct buf *out)
{
	array_for_each (b, s->backends, s->n_backends)
		add_states(f, s->conf->name, b, out);
}

static void write_infos(const struct family *f, const struct snapshot_service *s, struct buf *out)
{
	char addr[ADDR_TEXT];

	array_for_each (b, s->backends, s->n_backends)
		prom_int(out, f->name,
			 PROM_LABELS({ "service", s->conf->name }, { "backend", b->name },
				     { "address", addr_format(&b->addr, addr) }),
			 1);
}

static void write_certificates(const struct family *f, const struct snapshot_service *s,
			       struct buf *out)
{
	array_for_each (b, s->backends, s->n_backends)
		if (b->health.cert_ends_s)
			prom_int(out, f->name,
				 PROM_LABELS({ "service", s->conf->name }, { "backend", b->name }),
				 b->health.cert_ends_s);
}

/* Of checks that ask who is the primary: no other ones know of roles. */
static void write_roles(const struct family *f, const struct snapshot_service *s, struct buf *out)
{
	array_for_each (b, s->backends, s->n_backends)
		if (!strcmp(b->check_type, "mysql"))
			prom_int(out, f->name,
				 PROM_LABELS({ "service", s->conf->name }, { "backend", b->name }),
				 b->health.code == HEALTH_L7ROLE_CODE);
}

static void add_checks(const struct family *f, const char *service,
		       const struct snapshot_backend *b, struct buf *out)
{
	static const char *const results[] = { "failed", "passed" };

	for (size_t i = 0; i < array_len(results); i++)
		prom_int(out, f->name,
			 PROM_LABELS({ "service", service }, { "backend", b->name },
				     { "type", b->check_type }, { "result", results[i] }),
			 b->health.results[i]);
}

static void write_checks(const struct family *f, const struct snapshot_service *s, struct buf *out)
{
	array_for_each (b, s->backends, s->n_backends)
		add_checks(f, s->conf->name, b, out);
}

/* --- the table --------------------------------------------------------------- */

/* clang-format off */
static const struct family families[] = {
	{ .name = "shunt_build_info", .type = "gauge", .write = write_build_info,
	  .help = "Version of the daemon and of the layout of its maps." },
	{ .name = "shunt_config_last_reload_successful", .type = "gauge", .write = write_reload_ok,
	  .help = "1 if the config file as it was at the last reload is what runs." },
	{ .name = "shunt_config_reloads_total", .type = "counter", .write = write_reloads,
	  .help = "Reloads by how they ended." },
	{ .name = "shunt_config_loaded_timestamp_seconds", .type = "gauge",
	  .write = write_conf_loaded, .help = "When the config that runs was read." },
	{ .name = "process_start_time_seconds", .type = "gauge", .write = write_start_time,
	  .help = "When the daemon was started." },
	{ .name = "process_resident_memory_bytes", .type = "gauge", .write = write_rss,
	  .help = "Memory of the daemon, without its maps." },
	{ .name = "process_cpu_seconds_total", .type = "counter", .write = write_cpu,
	  .help = "CPU time of the daemon; that of packets is not in it." },
	{ .name = "shunt_interface_xdp_attached", .type = "gauge", .write = write_attached,
	  .help = "1 if packets of the interface go through the XDP program, in this mode." },
	{ .name = "shunt_hops", .type = "gauge", .write = write_hops,
	  .help = "Next hops of backends by how they stand." },
	{ .name = "shunt_map_bytes", .type = "gauge", .write = write_maps,
	  .help = "Memory of a map, as the kernel accounts for it." },
	{ .name = "shunt_vip_announced", .type = "gauge", .write = write_announced,
	  .help = "1 if the network is told that the VIP is here; none with ha.announce: none." },
	{ .name = "shunt_balancer_drained", .type = "gauge", .write = write_drained,
	  .help = "1 if the whole balancer is announced as the last resort, by shunt announce drain." },
	{ .name = "shunt_slots", .type = "gauge", .write = write_slots,
	  .help = "Slots of all tables by state; all but the stable ones are in transition." },
	{ .name = "shunt_tables", .type = "gauge", .write = write_tables,
	  .help = "Tables of slots, one a service." },
	{ .name = "shunt_table_places", .type = "gauge", .write = write_places,
	  .help = "Places that these lie at: tables that hold the same share one." },
	{ .name = "shunt_table_bytes", .type = "gauge", .write = write_places_bytes,
	  .help = "Memory of these places; what is in use of it competes for the processor's caches." },
	{ .name = "shunt_flow_cache_entries", .type = "gauge", .write = write_flows_live,
	  .help = "Flows that the flow cache keeps with their backend, when it was last swept." },
	{ .name = "shunt_flow_cache_capacity", .type = "gauge", .write = write_flows_capacity,
	  .help = "Flows that the flow cache has room for." },
	{ .name = "shunt_flow_cache_bytes", .type = "gauge", .write = write_flows_bytes,
	  .help = "Memory of the flow cache." },
	{ .name = "shunt_conntrack_entries", .type = "gauge", .write = write_conns,
	  .help = "Connections of nat and fullnat that are kept." },
	{ .name = "shunt_conntrack_capacity", .type = "gauge", .write = write_conns_capacity,
	  .help = "Connections of nat and fullnat that there is room for." },
	{ .name = "shunt_conntrack_bytes", .type = "gauge", .write = write_conns_bytes,
	  .help = "Memory of what keeps them." },
	{ .name = "shunt_conntrack_entries_by_state", .type = "gauge",
	  .write = write_conns_by_state,
	  .help = "Connections of nat and fullnat by state, when they were last swept." },
	{ .name = "shunt_syn_flood", .type = "gauge", .write = write_syn_flood,
	  .help = "1 while SYNs are answered by cookies because there are too many." },
	{ .name = "shunt_nat_ports_used", .type = "gauge", .write = write_ports,
	  .help = "Ports of the pool of fullnat in use, added up over the addresses of servers." },
	{ .name = "shunt_nat_ports_capacity", .type = "gauge", .write = write_ports_capacity,
	  .help = "Ports of the pool, once for each address of a server." },
	{ .name = "shunt_nat_ports_used_ratio_max", .type = "gauge", .write = write_ports_most,
	  .help = "Part of the ports in use to the address that has most of them; at 1 it takes no more connections." },
	{ .name = "shunt_peer_up", .type = "gauge", .write = write_peers_up,
	  .help = "1 if that other balancer was heard within 3 s." },
	{ .name = "shunt_peer_silent_seconds", .type = "gauge", .write = write_peers_silent,
	  .help = "Time since it was." },
	{ .name = "shunt_peer_round_age_seconds", .type = "gauge", .write = write_peers_round,
	  .help = "Time since it had told all that it has." },
	{ .name = "shunt_peer_round_seconds", .type = "gauge", .write = write_peer_rounds,
	  .help = "How long it took last to tell peers all there is." },
	{ .name = "shunt_peer_sent_datagrams_total", .type = "counter", .write = write_peer_sent,
	  .help = "Datagrams to peers, each of which got them." },
	{ .name = "shunt_peer_sent_bytes_total", .type = "counter",
	  .write = write_peer_sent_bytes, .help = "Bytes of them." },
	{ .name = "shunt_peer_send_errors_total", .type = "counter", .write = write_peer_errors,
	  .help = "Datagrams that could not be sent." },
	{ .name = "shunt_peer_told_total", .type = "counter", .write = write_peer_told,
	  .help = "Connections, their ends, and flows that peers were told of." },
	{ .name = "shunt_peer_received_datagrams_total", .type = "counter",
	  .write = write_peer_datagrams, .help = "Datagrams that came, by what became of them." },
	{ .name = "shunt_peer_heard_total", .type = "counter", .write = write_peer_heard,
	  .help = "Connections and flows that peers have told of, by what became of them." },
	{ .name = "shunt_peer_held_back_total", .type = "counter",
	  .write = write_peer_held_back,
	  .help = "Times that ha.peers.rate let something wait." },
	{ .name = "shunt_peer_ends_lost_total", .type = "counter",
	  .write = write_peer_ends_lost,
	  .help = "Ends of connections that peers were not told of." },
	{ .name = "shunt_peer_connections", .type = "gauge", .write = write_peer_theirs,
	  .help = "Connections that peers have told of, and no packet has come of yet." },
	{ .name = "shunt_packets_total", .type = "counter", .write = write_packets,
	  .help = "Packets by how they ended." },
	{ .name = "shunt_dropped_packets_total", .type = "counter", .write = write_drops,
	  .help = "Those of shunt_packets_total that were dropped." },

	{ .name = "shunt_firewall_rule_hits_total", .type = "counter", .write = write_rules,
	  .help = "Packets that a rule of the firewall has applied to, those included that it let pass." },
	{ .name = "shunt_firewall_rule_prefixes", .type = "gauge", .write = write_rule_prefixes,
	  .help = "Prefixes that a rule of the firewall allows or denies, as of a file." },

	{ .name = "shunt_service_up", .type = "gauge", .service = service_up,
	  .help = "1 if the service has a usable backend." },
	{ .name = "shunt_service_healthy", .type = "gauge", .service = service_healthy,
	  .help = "1 if as many backends of the service are usable as min_healthy says." },
	{ .name = "shunt_service_backends", .type = "gauge", .service = service_backends,
	  .help = "Backends in the config." },
	{ .name = "shunt_service_backends_usable", .type = "gauge", .service = service_usable,
	  .help = "Backends that take flows: healthy, not drained, weight above 0." },
	{ .name = "shunt_service_rival_primaries", .type = "gauge", .service = service_rivals,
	  .help = "Backends that say that they are the primary, as another one does that stays." },
	{ .name = "shunt_service_slots", .type = "gauge", .service = service_slots,
	  .help = "Slots of the service's table." },
	{ .name = "shunt_service_slots_moving", .type = "gauge", .service = service_slots_moving,
	  .help = "Slots of the service that are in transition." },
	{ .name = "shunt_service_packets_total", .type = "counter", .service = service_packets,
	  .help = "Packets sent to backends, those included that are gone." },
	{ .name = "shunt_service_bytes_total", .type = "counter", .service = service_bytes,
	  .help = "Bytes of these packets as they came in, Ethernet header included." },
	{ .name = "shunt_health_check_duration_seconds", .type = "histogram",
	  .each = write_histogram, .help = "How long probes took." },

	{ .name = "shunt_backend_info", .type = "gauge", .each = write_infos, .per_backend = true,
	  .help = "Address of the backend, to be joined by name." },
	{ .name = "shunt_backend_up", .type = "gauge", .backend = backend_up,
	  .help = "1 if the backend passes its health check; whether it takes flows is its effective weight." },
	{ .name = "shunt_backend_state", .type = "gauge", .each = write_states, .per_backend = true,
	  .help = "1 for the state that the backend is in." },
	{ .name = "shunt_backend_certificate_end_timestamp_seconds", .type = "gauge",
	  .each = write_certificates, .per_backend = true,
	  .help = "When its certificate ends, or the first of those that vouch for it; of checks that verify it." },
	{ .name = "shunt_backend_other_role", .type = "gauge", .each = write_roles, .per_backend = true,
	  .help = "1 if it is down for its role alone: a replica where the primary is wanted, or the reverse." },
	{ .name = "shunt_backend_weight", .type = "gauge", .backend = backend_weight,
	  .help = "Weight in the config." },
	{ .name = "shunt_backend_effective_weight", .type = "gauge",
	  .backend = backend_effective_weight,
	  .help = "Weight that counts now; 0 unless the backend takes flows." },
	{ .name = "shunt_backend_slots", .type = "gauge", .backend = backend_slots,
	  .help = "Slots of the service's table that the backend holds." },
	{ .name = "shunt_backend_flows", .type = "gauge", .backend = backend_flows,
	  .help = "Flows that the flow cache keeps with the backend, when it was last swept." },
	{ .name = "shunt_backend_connections", .type = "gauge", .backend = backend_connections,
	  .only_counted = true,
	  .help = "Connections of the backend now, where its service counts them." },
	{ .name = "shunt_backend_connections_limit", .type = "gauge",
	  .backend = backend_connections_limit, .only_counted = true,
	  .help = "Connections that the backend may have; 0 without a limit." },
	{ .name = "shunt_backend_connections_total", .type = "counter",
	  .backend = backend_connections_opened, .only_counted = true,
	  .help = "Connections that were opened to the backend." },
	{ .name = "shunt_backend_packets_total", .type = "counter", .backend = backend_packets,
	  .help = "Packets sent to the backend." },
	{ .name = "shunt_backend_bytes_total", .type = "counter", .backend = backend_bytes,
	  .help = "Bytes of these packets as they came in, Ethernet header included." },
	{ .name = "shunt_health_checks_total", .type = "counter", .each = write_checks,
	  .per_backend = true, .help = "Probes by how they ended." },
};
/* clang-format on */

static void write_backends(const struct family *f, const struct snapshot_service *s,
			   struct buf *out)
{
	array_for_each (b, s->backends, s->n_backends)
		if (b->counted || !f->only_counted)
			prom_int(out, f->name,
				 PROM_LABELS({ "service", s->conf->name }, { "backend", b->name }),
				 f->backend(b));
}

static void write_service(const struct family *f, const struct snapshot_service *s, struct buf *out)
{
	if (f->service)
		prom_int(out, f->name, PROM_LABELS({ "service", s->conf->name }), f->service(s));
	else if (f->backend)
		write_backends(f, s, out);
	else
		f->each(f, s, out);
}

static bool is_wanted(const struct family *f, const struct snapshot *s)
{
	return s->conf->metrics_per_backend || !(f->per_backend || f->backend);
}

/* From @at->service on. Return: false if there was no room for all of them. */
static bool write_family(const struct family *f, const struct snapshot *s, size_t until,
			 struct metrics_place *at, struct buf *out)
{
	if (!at->service)
		prom_family(out, f->name, f->type, f->help);
	if (f->write) {
		f->write(f, s, out);
		return true;
	}
	while (at->service < s->n_services) {
		write_service(f, &s->services[at->service++], out);
		if (out->len >= until)
			break;
	}
	return at->service == s->n_services;
}

bool metrics_write_piece(const struct snapshot *s, struct metrics_place *at, struct buf *out)
{
	const size_t until = out->len + METRICS_PIECE;

	for (; at->family < array_len(families) && out->len < until; at->family++) {
		const struct family *f = &families[at->family];

		if (is_wanted(f, s) && !write_family(f, s, until, at, out))
			return true;
		at->service = 0;
	}
	return at->family < array_len(families);
}

void metrics_write(const struct snapshot *s, struct buf *out)
{
	struct metrics_place at = { 0 };

	while (metrics_write_piece(s, &at, out))
		;
}

void metrics_each(void (*fn)(void *arg, const char *name, const char *type, const char *help),
		  void *arg)
{
	array_for_each (f, families, array_len(families))
		fn(arg, f->name, f->type, f->help);
}
