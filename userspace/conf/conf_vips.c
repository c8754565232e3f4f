/* SPDX-License-Identifier: BSD-2-Clause */
/* Which service a packet for a VIP is for: it must be one alone. */
#include <arpa/inet.h>
#include <stdio.h>

#include "conf/conf_tables.h"
#include "conf/conf_unique.h"
#include "net/addr.h"

static bool has_proto(const struct conf_service *s, uint8_t proto)
{
	array_for_each (p, s->ports, s->n_ports)
		if (p->proto == proto)
			return true;
	return false;
}

size_t conf_fragment_protos(const struct conf_service *s)
{
	if (s->fragments != CONF_FRAGMENTS_L3HASH)
		return 0;
	return has_proto(s, IPPROTO_TCP) + has_proto(s, IPPROTO_UDP);
}

static void note_shared_vip(struct conf_job *job, const struct conf_entry *first,
			    const struct conf_entry *again)
{
	const struct shunt_service_key *key = again->key;
	const struct conf_service *owner = first->owner;
	char addr[ADDR_TEXT], port[8] = "any";

	/* Within one service the repeated address or port has been noted. */
	if (first->owner == again->owner)
		return;
	if (key->port)
		snprintf(port, sizeof(port), "%u", ntohs(key->port));
	conf_error(job, again->node, "%s %s/%s belongs to service \"%s\" already (%s)",
		   addr_format(&key->vip, addr), port, key->proto == IPPROTO_TCP ? "tcp" : "udp",
		   owner->name ? owner->name : "",
		   conf_line_of_node(job, again->node, first->node));
}

/* Enter what one service answers to. What was wrong in itself is zeroed. */
static void add_keys(struct conf_job *job, struct conf_unique *seen, const struct conf_service *s,
		     const struct conf_node *vips)
{
	struct shunt_service_key *key =
		conf_job_scratch(job, s->n_vips * s->n_ports * sizeof(*key));
	const struct conf_node *item = vips ? conf_item_first(vips) : NULL;

	if (!key)
		return;
	array_for_each (vip, s->vips, s->n_vips) {
		array_for_each (port, s->ports, s->n_ports) {
			if (addr_is_unspecified(vip) || !port->proto)
				continue;
			key->vip = *vip;
			key->port = htons(port->port);
			key->proto = port->proto;
			conf_unique_add(seen, (struct conf_entry){ key++, sizeof(*key), item, s });
		}
		item = conf_item_next(vips, item);
	}
}

static void verify_vips(struct conf_job *job, const struct conf_node *root, const struct conf *conf)
{
	const struct conf_node *services = conf_node_get(root, "services"), *node;
	struct conf_unique seen;
	size_t n = 0;

	array_for_each (s, conf->services, conf->n_services)
		n += s->n_vips * s->n_ports;
	seen = conf_unique_make(job, n);
	node = conf->n_services ? services->first : NULL;
	array_for_each (s, conf->services, conf->n_services) {
		add_keys(job, &seen, s, conf_node_get(node, "vip"));
		node = node->next;
	}
	conf_unique_report(job, &seen, note_shared_vip);
}

static void note_shared_fragments(struct conf_job *job, const struct conf_entry *first,
				  const struct conf_entry *again)
{
	const struct shunt_service_key *key = again->key;
	const struct conf_service *owner = first->owner;
	char addr[ADDR_TEXT];

	/* Within one service the repeated address has been noted. */
	if (first->owner == again->owner)
		return;
	conf_error(job, again->node,
		   "service \"%s\" (%s) has l3hash for %s of %s, too, and later fragments have "
		   "no port to tell the services by: use track in one, or join them",
		   owner->name, conf_line_of(job, again->node, owner->file, owner->line),
		   key->proto == IPPROTO_TCP ? "tcp" : "udp", addr_format(&key->vip, addr));
}

/* Enter the protocols and addresses whose fragments without ports are for @s. */
static void add_fragment_keys(struct conf_job *job, struct conf_unique *seen,
			      const struct conf_service *s, const struct conf_node *fragments)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct shunt_service_key *key =
		conf_job_scratch(job, s->n_vips * array_len(protos) * sizeof(*key));

	if (!key || !conf_fragment_protos(s))
		return;
	array_for_each (vip, s->vips, s->n_vips) {
		array_for_each (proto, protos, array_len(protos)) {
			if (addr_is_unspecified(vip) || !has_proto(s, *proto))
				continue;
			key->vip = *vip;
			key->proto = *proto;
			conf_unique_add(seen,
					(struct conf_entry){ key++, sizeof(*key), fragments, s });
		}
	}
}

static void verify_fragments(struct conf_job *job, const struct conf_node *root,
			     const struct conf *conf)
{
	const struct conf_node *services = conf_node_get(root, "services"), *node;
	struct conf_unique seen;
	size_t n = 0;

	array_for_each (s, conf->services, conf->n_services)
		n += s->n_vips * conf_fragment_protos(s);
	if (!n)
		return;
	seen = conf_unique_make(job, n);
	node = services->first;
	array_for_each (s, conf->services, conf->n_services) {
		add_fragment_keys(job, &seen, s, conf_node_get(node, "fragments"));
		node = node->next;
	}
	conf_unique_report(job, &seen, note_shared_fragments);
}

void conf_vips_verify(struct conf_job *job, const struct conf_node *root, const struct conf *conf)
{
	verify_vips(job, root, conf);
	verify_fragments(job, root, conf);
}
