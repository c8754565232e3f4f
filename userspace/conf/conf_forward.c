/* SPDX-License-Identifier: BSD-2-Clause */
/* What a way of forwarding asks for, and what means something to it alone. */
#include <netinet/in.h>
#include <stdio.h>

#include "conf/conf_tables.h"
#include "net/addr.h"

#define PORT_TEXT 16

static const char *port_format(const struct conf_port *p, char out[PORT_TEXT])
{
	const char *proto = p->proto == IPPROTO_UDP ? "udp" : "tcp";

	if (p->port)
		snprintf(out, PORT_TEXT, "%u/%s", p->port, proto);
	else
		snprintf(out, PORT_TEXT, "any/%s", proto);
	return out;
}

/* Note that @map has @key, which is of ways of forwarding that @s does not go. */
static void refuse_key(struct conf_job *job, const struct conf_node *map, const char *key,
		       const struct conf_service *s, const char *of)
{
	const struct conf_node *value = conf_node_get(map, key);

	if (value)
		conf_error(job, value->key,
			   "\"%s\" is of forward %s, and the service has %s: remove it or change "
			   "the service",
			   key, of, conf_forward_name(s->forward));
}

/* Another port that one of a server would stand for, besides @p; NULL: there is none. */
static const struct conf_port *find_rival(const struct conf_service *s, const struct conf_port *p)
{
	array_for_each (other, s->ports, s->n_ports)
		if (other != p && other->proto == p->proto)
			return other;
	return NULL;
}

/* A server has one port where the service must have one as well. */
static void verify_port(struct conf_job *job, const struct conf_node *port,
			const struct conf_service *s)
{
	char one[PORT_TEXT], two[PORT_TEXT];

	array_for_each (p, s->ports, s->n_ports) {
		const struct conf_port *rival = find_rival(s, p);

		if (!p->proto)
			return;
		if (!p->port || rival)
			conf_error(job, port,
				   "one port of a server cannot stand for %s%s%s of the service: "
				   "give each port a service of its own, or remove this",
				   port_format(p, one), rival ? " and " : "",
				   rival ? port_format(rival, two) : "");
		if (!p->port || rival)
			return;
	}
}

static bool has_family(const struct conf_service *s, bool v4)
{
	array_for_each (vip, s->vips, s->n_vips)
		if (!addr_is_unspecified(vip) && addr_is_v4(vip) == v4)
			return true;
	return false;
}

/* One that was written and is wrong has been complained about. */
static void verify_family(struct conf_job *job, const struct conf_node *backend,
			  const struct conf_service *s, bool v4)
{
	const char *key = v4 ? "address" : "address6";

	if (has_family(s, v4) && !conf_node_get(backend, key) &&
	    (conf_node_get(backend, "address") || conf_node_get(backend, "address6")))
		conf_error(
			job, backend,
			"\"%s\" is missing: the service has an %s vip, and forward nat keeps the "
			"address family; add it, or change to fullnat",
			key, v4 ? "IPv4" : "IPv6");
}

static void verify_backends(struct conf_job *job, const struct conf_node *list,
			    const struct conf_service *s)
{
	const struct conf_node *node = s->n_backends ? list->first : NULL;

	array_for_each (b, s->backends, s->n_backends) {
		if (!conf_forward_is_nat(s->forward))
			refuse_key(job, node, "port", s, "nat and fullnat");
		else if (b->port)
			verify_port(job, conf_node_get(node, "port"), s);
		if (s->forward == SHUNT_FORWARD_NAT && !node->is_open) {
			verify_family(job, node, s, true);
			verify_family(job, node, s, false);
		}
		node = node->next;
	}
}

static void warn_of_idle_memory(struct conf_job *job, const struct conf_node *node,
				const struct conf_service *s)
{
	static const char text[] = "means nothing to a service that keeps every connection";

	if (s->track)
		conf_warning(job, conf_node_get(node, "track")->key, "\"track\" %s", text);
	if (s->udp_moves)
		conf_warning(job, conf_node_get(node, "udp")->key, "\"udp: move\" %s", text);
}

static void refuse_cookies(struct conf_job *job, const struct conf_node *node,
			   const struct conf_service *s)
{
	const struct conf_node *firewall = conf_node_get(node, "firewall");

	if (firewall)
		refuse_key(job, firewall, "syn_cookies", s, "nat and fullnat");
}

void conf_forward_verify(struct conf_job *job, const struct conf_node *node,
			 const struct conf_service *s)
{
	const bool is_nat = conf_forward_is_nat(s->forward);

	if (!conf_word_is_right(node, "forward", conf_forward_name(s->forward)))
		return;
	if (s->forward != SHUNT_FORWARD_GUE)
		refuse_key(job, node, "gue_port", s, "gue");
	if (is_nat) {
		warn_of_idle_memory(job, node, s);
	} else {
		refuse_key(job, node, "timeouts", s, "nat and fullnat");
		refuse_cookies(job, node, s);
	}
	if (is_nat && s->fragments == CONF_FRAGMENTS_L3HASH)
		conf_error(job, conf_node_get(node, "fragments"),
			   "l3hash cannot be with forward %s, whose connections have ports: use "
			   "track",
			   conf_forward_name(s->forward));
	verify_backends(job, conf_node_get(node, "backends"), s);
}
