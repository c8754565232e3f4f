/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nat: how many connections there may be, and what fullnat sends from; and timeouts,
 * written for all or for a service.
 */
#include "conf/conf_tables.h"
#include "conf/conf_value.h"
#include "net/addr.h"

#define OFF(member) offsetof(struct conf, member)
#define TIMEOUT(member) offsetof(struct conf_timeouts, member)

#define HOUR_MS (3600 * 1000)

/* net.ipv4.ip_local_port_range, unless somebody has changed it. */
#define LINUX_FIRST_PORT 32768
#define LINUX_LAST_PORT 60999

static const struct conf_field timeout_rows[] = {
	{
		.key = "syn",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = TIMEOUT(syn_ms),
		.min = 1000,
		.max = HOUR_MS,
		.preset = "30s",
		.doc = "TCP, until the handshake is complete.",
	},
	{
		.key = "established",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = TIMEOUT(established_ms),
		.min = 1000,
		.max = 240 * HOUR_MS,
		.preset = "124m",
		.doc = "TCP, from then on. Less than 124m breaks connections that rely on the "
		       "keepalives of most systems (RFC 5382).",
	},
	{
		.key = "closing",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = TIMEOUT(closing_ms),
		.min = 1000,
		.max = HOUR_MS,
		.preset = "2m",
		.doc = "TCP, when one side has ended it.",
	},
	{
		.key = "closed",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = TIMEOUT(closed_ms),
		.min = 1000,
		.max = HOUR_MS,
		.preset = "60s",
		.doc = "TCP, when both sides have ended it, or one has reset it.",
	},
	{
		.key = "udp",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = TIMEOUT(udp_ms),
		.min = 1000,
		.max = 24 * HOUR_MS,
		.preset = "60s",
		.doc = "UDP, before anything has come back.",
	},
	{
		.key = "udp_replied",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = TIMEOUT(udp_replied_ms),
		.min = 1000,
		.max = 24 * HOUR_MS,
		.preset = "3m",
		.doc = "UDP, from then on.",
	},
};

const struct conf_fields conf_timeouts_fields = { CONF_FIELDS(timeout_rows) };

static const struct conf_field nat_rows[] = {
	{
		.key = "connections",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(nat_connections),
		.min = 1,
		.max = 4 << 20,
		.preset = "262144",
		.doc = "Room for connections of forward nat and fullnat, those of all services "
		       "added up. A connection takes some 170 bytes.",
	},
	{
		.key = "pool",
		.kind = CONF_VIPS,
		.effect = CONF_LIVE,
		.off = OFF(nat_pool),
		.off_also = OFF(n_nat_pool),
		.doc = "Addresses that fullnat sends to backends from, at most 64 of a family: one "
		       "of each family that backends have, at least. They are no VIPs, and "
		       "backends must reach this host by them. Balancers that are active at the "
		       "same time need different ones.",
	},
	{
		.key = "ports",
		.kind = CONF_PORT_RANGE,
		.effect = CONF_LIVE,
		.off = OFF(nat_first_port),
		.off_also = OFF(nat_last_port),
		.min = 1024,
		.max = 65535,
		.preset = "10000-32767",
		.doc = "Ports that fullnat sends from. To one backend address there may be as many "
		       "connections at a time as ports times addresses of the pool. Connections of "
		       "this host itself must not use the same ones: the preset lies below those "
		       "that Linux takes, 32768-60999.",
	},
};

static const char *family_name(bool v4)
{
	return v4 ? "IPv4" : "IPv6";
}

/* What was wrong in itself is zeroed. */
static size_t count_pool(const struct conf *conf, bool v4)
{
	size_t n = 0;

	array_for_each (a, conf->nat_pool, conf->n_nat_pool)
		n += !addr_is_unspecified(a) && addr_is_v4(a) == v4;
	return n;
}

static void verify_nat(struct conf_job *job, const struct conf_node *node, void *base)
{
	const struct conf_node *ports = conf_node_get(node, "ports");
	const struct conf *conf = base;

	for (int v4 = 1; v4 >= 0; v4--)
		if (count_pool(conf, v4) > SHUNT_MAX_POOL)
			conf_error(job, conf_node_get(node, "pool"),
				   "%zu %s addresses, at most %d are possible",
				   count_pool(conf, v4), family_name(v4), SHUNT_MAX_POOL);
	if (ports && conf->nat_first_port <= LINUX_LAST_PORT &&
	    conf->nat_last_port >= LINUX_FIRST_PORT)
		conf_warning(job, ports,
			     "meets %d-%d, which Linux takes for connections of this host: stay "
			     "out of net.ipv4.ip_local_port_range",
			     LINUX_FIRST_PORT, LINUX_LAST_PORT);
}

const struct conf_fields conf_nat_fields = {
	CONF_FIELDS(nat_rows),
	.verify = verify_nat,
};

static bool has_vip(const struct conf_service *s, const struct shunt_addr *a)
{
	array_for_each (vip, s->vips, s->n_vips)
		if (addr_is_equal(vip, a))
			return true;
	return false;
}

static void note_vips_in_pool(struct conf_job *job, const struct conf_node *pool,
			      const struct conf *conf)
{
	const struct conf_node *item = pool ? conf_item_first(pool) : NULL;

	array_for_each (a, conf->nat_pool, conf->n_nat_pool) {
		array_for_each (s, conf->services, conf->n_services) {
			if (addr_is_unspecified(a) || !has_vip(s, a))
				continue;
			conf_error(job, item,
				   "%s is a vip of service \"%s\" (%s): the pool needs "
				   "addresses of its own",
				   conf_quoted(job, item), s->name,
				   conf_line_of(job, item, s->file, s->line));
			break;
		}
		item = conf_item_next(pool, item);
	}
}

/* The first family that packets to @b leave in and that the pool has no address of. */
static const char *missing_family(const struct conf *conf, const struct conf_service *s,
				  const struct conf_backend *b)
{
	array_for_each (vip, s->vips, s->n_vips) {
		const bool v4 = addr_is_v4(vip) ? b->has_address : !b->has_address6;

		if (addr_is_unspecified(vip) || (!b->has_address && !b->has_address6))
			continue;
		if (!count_pool(conf, v4))
			return family_name(v4);
	}
	return NULL;
}

/* The first backend says it for all of its service. */
static void verify_pool_of(struct conf_job *job, const struct conf_node *backends,
			   const struct conf *conf, const struct conf_service *s)
{
	const struct conf_node *node = s->n_backends ? backends->first : NULL;

	array_for_each (b, s->backends, s->n_backends) {
		const char *family = missing_family(conf, s, b);

		if (family) {
			conf_error(
				job, node,
				"fullnat of service \"%s\" needs an %s address to send to backend "
				"\"%s\" from: add one to nat.pool",
				s->name, family, b->name ? b->name : "");
			return;
		}
		node = node->next;
	}
}

static bool is_pool_right(const struct conf *conf)
{
	array_for_each (a, conf->nat_pool, conf->n_nat_pool)
		if (addr_is_unspecified(a))
			return false;
	return true;
}

void conf_nat_verify(struct conf_job *job, const struct conf_node *root, const struct conf *conf)
{
	const struct conf_node *services = conf_node_get(root, "services");
	const struct conf_node *nat = conf_node_get(root, "nat");
	const struct conf_node *node = conf->n_services ? services->first : NULL;
	const struct conf_node *pool = nat ? conf_node_get(nat, "pool") : NULL;

	note_vips_in_pool(job, pool, conf);
	/* A pool that was written wrong has been complained about. */
	if (root->is_open || !is_pool_right(conf) || (pool && !conf->n_nat_pool))
		return;
	array_for_each (s, conf->services, conf->n_services) {
		if (s->forward == SHUNT_FORWARD_FULLNAT)
			verify_pool_of(job, conf_node_get(node, "backends"), conf, s);
		node = node->next;
	}
}
