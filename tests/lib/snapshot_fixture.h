/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A daemon at one moment, made by hand: what the CLI and the exporter are shown
 * in unit tests. Two services: web (two VIPs, three backends: up, down,
 * drained) and dns (any state is fine, but never probed).
 */
#ifndef TESTS_SNAPSHOT_FIXTURE_H
#define TESTS_SNAPSHOT_FIXTURE_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "dataplane/snapshot.h"

#define FIXTURE_NOW 1700300000

/* clang-format off */
#define V4(o1, o2, o3, o4) { { .b = { [10] = 0xff, [11] = 0xff, o1, o2, o3, o4 } } }
#define V6_DB8(last) { { .b = { 0x20, 0x01, 0x0d, 0xb8, [15] = (last) } } }
/* clang-format on */

static const struct conf_check fixture_http = {
	.type = CONF_CHECK_HTTP,
	.interval_ms = 2000,
	.fast_interval_ms = 1000,
	.down_interval_ms = 5000,
	.timeout_ms = 500,
	.rise = 2,
	.fall = 3,
	.jitter_percent = 5,
	.port = 8080,
	.path = "/healthz",
	.status = { { 200, 299 }, { 304, 304 } },
	.n_status = 2,
};

static struct conf_backend fixture_web_backends[] = {
	{
		.name = "nginx1",
		.address = V4(192, 0, 2, 11),
		.address6 = V6_DB8(0x11),
		.has_address = true,
		.has_address6 = true,
		.weight = 100,
	},
	{ .name = "nginx2", .address = V4(192, 0, 2, 12), .has_address = true, .weight = 100 },
	{ .name = "nginx3", .address = V4(192, 0, 2, 13), .has_address = true, .weight = 50 },
};
static struct conf_backend fixture_dns_backends[] = {
	{ .name = "ns1", .address = V4(192, 0, 2, 53), .has_address = true, .weight = 1 },
};
static struct shunt_addr fixture_web_vips[] = { V4(203, 0, 113, 10), V6_DB8(0x10) };
static struct shunt_addr fixture_dns_vips[] = { V4(203, 0, 113, 53) };
static struct conf_port fixture_web_ports[] = { { 80, IPPROTO_TCP }, { 443, IPPROTO_TCP } };
static struct conf_port fixture_dns_ports[] = { { 53, IPPROTO_UDP }, { 0, IPPROTO_TCP } };

static struct conf_service fixture_services[] = {
	{
		.name = "web",
		.vips = fixture_web_vips,
		.n_vips = 2,
		.ports = fixture_web_ports,
		.n_ports = 2,
		.forward = SHUNT_FORWARD_DIRECT,
		.slots = 65536,
		.scheduler = CONF_SCHEDULER_CONSISTENT,
		.backends = fixture_web_backends,
		.n_backends = 3,
	},
	{
		.name = "dns",
		.vips = fixture_dns_vips,
		.n_vips = 1,
		.ports = fixture_dns_ports,
		.n_ports = 2,
		.forward = SHUNT_FORWARD_IPIP,
		.scheduler = CONF_SCHEDULER_MAGLEV,
		.udp_moves = true,
		.backends = fixture_dns_backends,
		.n_backends = 1,
	},
};

static struct conf_interface fixture_conf_interfaces[] = {
	{ .name = "eth0", .mode = CONF_XDP_AUTO },
	{ .name = "eth1", .mode = CONF_XDP_GENERIC },
};

static const struct conf fixture_conf = {
	.path = "/etc/shunt/shunt.yaml",
	.socket = "/run/shunt/shunt.sock",
	.group = "shunt-admin",
	.state_dir = "/var/lib/shunt",
	.metrics_listen = "127.0.0.1:9924",
	.metrics_per_backend = true,
	.flow_cache_bytes = 4 << 20,
	.flow_idle_ms = 300 * 1000,
	.flow_early_ms = 60 * 1000,
	.icmp_per_s = 1000,
	.interfaces = fixture_conf_interfaces,
	.n_interfaces = 2,
	.services = fixture_services,
	.n_services = 2,
};

static const struct snapshot_interface fixture_interfaces[] = {
	{ "eth0", 2, CONF_XDP_NATIVE, true, true },
	{ "eth1", 3, CONF_XDP_GENERIC, true, false },
};

static const struct snapshot_hop fixture_hops[] = {
	{ V4(192, 0, 2, 11),
	  V4(192, 0, 2, 11),
	  HOP_RESOLVED,
	  "eth1",
	  { 2, 0, 0, 0, 0, 0x11 },
	  1500 },
	{ V4(192, 0, 2, 12), V4(192, 0, 2, 1), HOP_RESOLVING, "eth1", { 0 }, 1500 },
	{ V4(192, 0, 2, 53), { { { 0 } } }, HOP_NO_ROUTE, "", { 0 }, 0 },
};

static const struct snapshot_map fixture_maps[] = {
	{ "shunt_slots", "array", 8192, 524288 },
	{ "shunt_flows", "array", 65536, 4194624 },
	{ "shunt_services", "hash", 64, 5632 },
};

static const struct snapshot_backend fixture_web[] = {
	{
		.name = "nginx1",
		.id = 1,
		.addr = V4(192, 0, 2, 11),
		.weight = 100,
		.effective_weight = 100,
		.check_type = "http",
		.health = { .state = HEALTH_UP,
			    .since_wall_s = FIXTURE_NOW - 3 * 86400 - 4 * 3600,
			    .code = HEALTH_OK_CODE,
			    .detail = "http 200",
			    .duration_us = 1100,
			    .results = { 2, 1000 },
			    .bucket = { 990, 10, [HEALTH_BUCKETS] = 2 },
			    .duration_sum_us = 1500000 },
		.packets = 12345678,
		.bytes = 9876543210,
		.slots = 65536,
		.counted = true,
		.connections = 12,
		.connections_limit = 100,
		.connections_opened = 3400,
		.usable = true,
	},
	{
		.name = "nginx2",
		.id = 2,
		.addr = V4(192, 0, 2, 12),
		.weight = 100,
		.check_type = "http",
		.health = { .state = HEALTH_DOWN,
			    .since_wall_s = FIXTURE_NOW - 312,
			    .code = HEALTH_L7STS_CODE,
			    .detail = "http 503",
			    .duration_us = 850,
			    .results = { 7, 100 },
			    .bucket = { 107 },
			    .duration_sum_us = 107000 },
		.packets = 999,
		.bytes = 1000,
		.counted = true,
		.connections = 1,
	},
	{
		.name = "nginx3",
		.id = 3,
		.addr = V4(192, 0, 2, 13),
		.admin = ADMIN_DRAIN,
		.weight = 50,
		.check_type = "http",
		.health = { .state = HEALTH_UP,
			    .since_wall_s = FIXTURE_NOW - 3600,
			    .code = HEALTH_OK_CODE,
			    .detail = "http 200",
			    .duration_us = 2000000,
			    .results = { 0, 5 },
			    .bucket = { [3] = 5 },
			    .duration_sum_us = 50000 },
		.flows = 148,
	},
};
static const struct snapshot_backend fixture_dns[] = {
	{
		.name = "ns1",
		.id = 4,
		.addr = V4(192, 0, 2, 53),
		.weight = 1,
		.check_type = "tcp",
		.health = { .state = HEALTH_UNKNOWN },
	},
};

static inline void *fixture_copy(const void *data, size_t size)
{
	void *copy = malloc(size);

	if (!copy)
		abort();
	return memcpy(copy, data, size);
}

/* So many in place of those of @s: all like its first one, and in no config. */
static inline void fixture_add_backends(struct snapshot_service *s, size_t n)
{
	struct snapshot_backend *many = malloc(n * sizeof(*many));

	if (!many)
		abort();
	for (size_t i = 0; i < n; i++)
		many[i] = s->backends[0];
	free(s->backends);
	s->backends = many;
	s->n_backends = n;
}

static inline void fixture_add_services(struct snapshot *s)
{
	s->n_services = 2;
	s->services = calloc(2, sizeof(*s->services));
	if (!s->services)
		abort();
	s->services[0] = (struct snapshot_service){
		.conf = &fixture_services[0],
		.backends = fixture_copy(fixture_web, sizeof(fixture_web)),
		.n_backends = array_len(fixture_web),
		.n_usable = 1,
		.slots = 65536,
		.sharing = 1,
		.slots_moving = 13107,
		.packets = 12346677,
		.bytes = 9876544210,
	};
	s->services[1] = (struct snapshot_service){
		.conf = &fixture_services[1],
		.backends = fixture_copy(fixture_dns, sizeof(fixture_dns)),
		.n_backends = array_len(fixture_dns),
		.slots = 1024,
		.sharing = 1,
	};
}

/* To be released with snapshot_free(). */
static inline struct snapshot *fixture_snapshot(void)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	array_for_each (b, fixture_web_backends, array_len(fixture_web_backends))
		b->check = fixture_http;
	fixture_services[0].check = fixture_http;
	fixture_web_backends[2].check.timeout_ms = 2500;
	*s = (struct snapshot){
		.conf = &fixture_conf,
		.version = "0.1.0",
		.pid = 4711,
		.prober_pid = 4712,
		.now_wall_s = FIXTURE_NOW,
		.start_wall_s = FIXTURE_NOW - 2 * 3600 - 60,
		.conf_loaded_wall_s = FIXTURE_NOW - 45,
		.conf_last_reload_ok = true,
		.conf_reloads = { 1, 2 },
		.rss_bytes = 5 << 20,
		.cpu_seconds = 1.25,
		.interfaces = fixture_copy(fixture_interfaces, sizeof(fixture_interfaces)),
		.n_interfaces = array_len(fixture_interfaces),
		.hops = fixture_copy(fixture_hops, sizeof(fixture_hops)),
		.n_hops = array_len(fixture_hops),
		.maps = fixture_copy(fixture_maps, sizeof(fixture_maps)),
		.n_maps = array_len(fixture_maps),
		.pin_dir = "/sys/fs/bpf/shunt/v3",
		.tables = { 2, 2, 266240, 524288 },
		.slots_by_state = { 53453, 6000, 7000, 107 },
		.flows_live = 2097,
		.flows_capacity = 524288,
		.flows_bytes = 4 << 20,
		.conntrack = {
			.entries = 2100,
			.capacity = 65535,
			.bytes = 12 << 20,
			.by_state = { 10, 2000, 20, 30, 15, 25 },
			.ports_used = 2000,
			.ports_capacity = 192000,
			.ports_most = 1600,
			.ports_each = 64000,
		},
	};
	s->reasons[SHUNT_FORWARDED] = 12346677;
	s->reasons[SHUNT_NOT_SERVICE] = 21;
	s->reasons[SHUNT_FRAGMENT] = 5;
	s->reasons[SHUNT_NO_BACKEND] = 300;
	fixture_add_services(s);
	return s;
}

#endif /* TESTS_SNAPSHOT_FIXTURE_H */
