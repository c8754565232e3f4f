/* SPDX-License-Identifier: BSD-2-Clause */
/* ha.peers: with whom connections and flows are shared, and how. */
#include <netinet/in.h>

#include "conf/conf_tables.h"
#include "conf/conf_value.h"
#include "net/addr.h"

#define OFF(member) offsetof(struct conf_peers, member)

#define IFNAME_MAX_BYTES 15

/* So many rounds of what others know may be lost. */
#define SPARE_ROUNDS 3

static const struct conf_field peers_rows[] = {
	{
		.key = "listen",
		.kind = CONF_LISTEN,
		.effect = CONF_LIVE,
		.off = OFF(listen),
		.preset = "none",
		.doc = "Address and UDP port of this host that it tells others from, and hears "
		       "them at. An IPv6 address stands in brackets. With none nothing is shared.",
	},
	{
		.key = "send_to",
		.kind = CONF_ENDPOINTS,
		.effect = CONF_LIVE,
		.off = OFF(send_to),
		.off_also = OFF(n_send_to),
		.doc = "The others, at most 8: what they have in listen.",
	},
	{
		.key = "group",
		.kind = CONF_LISTEN,
		.effect = CONF_LIVE,
		.off = OFF(group),
		.preset = "none",
		.doc = "A multicast address and port that all of them send to and hear, instead "
		       "of send_to or beside it.",
	},
	{
		.key = "interface",
		.kind = CONF_TEXT,
		.effect = CONF_LIVE,
		.off = OFF(interface),
		.max = IFNAME_MAX_BYTES,
		.doc = "Interface that the group is reached by. Nothing of it leaves that link.",
	},
	{
		.key = "key_file",
		.kind = CONF_FILE,
		.effect = CONF_LIVE,
		.off = OFF(key_file),
		.max = 4095,
		.doc = "File with the secret that all of them share, 16 random bytes or more, "
		       "which nobody but its owner may read. A pass phrase is not safe: who "
		       "records one datagram may try out as many as there are. What is sent is "
		       "encrypted with it, and nothing else is believed. Read again with each "
		       "reload.",
	},
	{
		.key = "rate",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(rate),
		.min = 10,
		.max = 1000 * 1000,
		.preset = "2000",
		.doc = "Datagrams, of 1400 bytes at most, that this host sends in a second to "
		       "each of the others. One takes about 28 connections, or 100 flows.",
	},
	{
		.key = "refresh",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(refresh_ms),
		.min = 1000,
		.max = 600 * 1000,
		.preset = "10s",
		.doc = "All that there is is told again in this time, or in as much as the rate "
		       "asks for. What was lost on the way is made up for so.",
	},
};

/* Who a socket is bound to or a group; both were read already. */
static bool parse_end(const char *text, struct shunt_addr *addr)
{
	__u16 port;

	return text && !addr_parse_with_port(text, addr, &port);
}

static bool is_multicast(const struct shunt_addr *a)
{
	return addr_is_v4(a) ? a->b[12] >= 224 && a->b[12] < 240 : a->b[0] == 0xff;
}

/* fe80::/10: it is of a link, which nothing says here. */
static bool is_link_local(const struct shunt_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static void verify_listen(struct conf_job *job, const struct conf_node *node,
			  const struct conf_peers *p, const struct shunt_addr *listen)
{
	const struct conf_node *at = conf_node_get(node, "listen");
	struct shunt_addr own;
	__u16 port = 0;

	if (is_multicast(listen) || addr_is_unspecified(listen))
		conf_error(job, at, "not an address of a host");
	if (is_link_local(listen))
		conf_error(job, at, "an address of a link, which others may have as well");
	addr_parse_with_port(p->listen, &own, &port);
	array_for_each (e, p->send_to, p->n_send_to)
		if (e->port == port && addr_is_equal(&e->addr, listen))
			conf_error(job, conf_node_get(node, "send_to"),
				   "\"listen\" is this host itself: only the others are needed");
}

static void verify_families(struct conf_job *job, const struct conf_node *node,
			    const struct conf_peers *p, const struct shunt_addr *listen)
{
	const struct conf_node *list = conf_node_get(node, "send_to");
	struct shunt_addr group;

	array_for_each (e, p->send_to, p->n_send_to) {
		if (!e->port || addr_is_v4(&e->addr) == addr_is_v4(listen))
			continue;
		conf_error(job, list, "of another address family than \"listen\"");
		break;
	}
	if (parse_end(p->group, &group) && addr_is_v4(&group) != addr_is_v4(listen))
		conf_error(job, conf_node_get(node, "group"),
			   "of another address family than \"listen\"");
}

static void verify_group(struct conf_job *job, const struct conf_node *node,
			 const struct conf_peers *p)
{
	struct shunt_addr group;

	if (!parse_end(p->group, &group))
		return;
	if (!is_multicast(&group))
		conf_error(job, conf_node_get(node, "group"), "not a multicast address");
	if (!conf_node_get(node, "interface"))
		conf_error(job, node, "\"group\" needs \"interface\": where it is joined");
}

static void verify_peers(struct conf_job *job, const struct conf_node *node, void *base)
{
	const struct conf_node *list = conf_node_get(node, "send_to");
	const struct conf_peers *p = base;
	struct shunt_addr listen;

	if (!conf_node_get(node, "listen")) {
		if (list || p->group || p->key_file)
			conf_error(job, node, "\"listen\" is needed: an address of this host");
		return;
	}
	if (!parse_end(p->listen, &listen))
		return;
	verify_listen(job, node, p, &listen);
	if (!conf_node_get(node, "key_file"))
		conf_error(job, node, "\"key_file\" is needed: the secret that all share");
	if (!list && !conf_node_get(node, "group"))
		conf_error(job, node, "nobody to tell: \"send_to\" or \"group\" is needed");
	if (p->n_send_to > CONF_MAX_PEERS)
		conf_error(job, list, "%zu peers, at most %d are possible", p->n_send_to,
			   CONF_MAX_PEERS);
	verify_families(job, node, p, &listen);
	verify_group(job, node, p);
}

const struct conf_fields conf_peers_fields = {
	CONF_FIELDS(peers_rows),
	.verify = verify_peers,
};

void conf_peers_verify(struct conf_job *job, const struct conf_node *root, const struct conf *conf)
{
	const struct conf_node *ha = conf_node_get(root, "ha");
	const struct conf_node *node = ha ? conf_node_get(ha, "peers") : NULL;
	char text[CONF_VALUE_TEXT];

	if (!node || !conf->peers.listen ||
	    conf->flow_idle_ms / SPARE_ROUNDS >= conf->peers.refresh_ms)
		return;
	conf_warning(job, conf_node_get(node, "refresh") ?: node,
		     "flows are forgotten when nothing was heard of them for dataplane.flow_idle, "
		     "%s, which should be three times as long",
		     conf_format_msec(conf->flow_idle_ms, text));
}
