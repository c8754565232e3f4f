/* SPDX-License-Identifier: BSD-2-Clause */
/* services: what does not fit together in one. */
#include <netinet/in.h>

#include "conf/conf_tables.h"

#define MYSQL_PORT 3306

/* The port that a check of TCP goes to when none is named; 0: there is none. */
static uint16_t first_tcp_port(const struct conf_service *s)
{
	array_for_each (p, s->ports, s->n_ports)
		if (p->proto == IPPROTO_TCP && p->port)
			return p->port;
	return 0;
}

/* @own: of the backend, where it listens on another port than the service's; or 0 */
static void fill_in_port(struct conf_check *check, const struct conf_service *s, uint16_t own)
{
	const uint16_t tcp = first_tcp_port(s);

	if (!check->port && check->type != CONF_CHECK_NONE)
		check->port = tcp && own ? own : tcp;
}

static bool lacks_port(const struct conf_check *check)
{
	return check->type != CONF_CHECK_NONE && !check->port;
}

/* What the check of this very service or backend says, or NULL. */
static const struct conf_node *own_check_key(const struct conf_node *node, const char *key)
{
	const struct conf_node *check = conf_node_get(node, "check");

	return check ? conf_node_get(check, key) : NULL;
}

static const char no_port[] = "no TCP port that a check could go to: set check.port, or "
			      "check.type: none";

/*
 * Note backends whose own words leave their check without a port.
 * Return: whether there are others, which the service is to blame for.
 */
static bool verify_backend_ports(struct conf_job *job, const struct conf_node *backends,
				 const struct conf_service *s)
{
	const struct conf_node *node = s->n_backends ? backends->first : NULL, *type;
	bool is_inherited = !s->n_backends && lacks_port(&s->check);

	array_for_each (b, s->backends, s->n_backends) {
		type = own_check_key(node, "type");
		/* A port that is there and yet missing was wrong in itself. */
		if (lacks_port(&b->check) && !own_check_key(node, "port")) {
			if (type)
				conf_error(job, type, "%s", no_port);
			is_inherited |= !type;
		}
		node = node->next;
	}
	return is_inherited;
}

static bool has_wrong_port(const struct conf_service *s)
{
	array_for_each (p, s->ports, s->n_ports)
		if (!p->proto)
			return true;
	return !s->n_ports;
}

static void verify_check_ports(struct conf_job *job, const struct conf_node *node,
			       const struct conf_service *s)
{
	if (has_wrong_port(s))
		return;
	if (verify_backend_ports(job, conf_node_get(node, "backends"), s) &&
	    !own_check_key(node, "port"))
		conf_error(job, conf_node_get(node, "ports"), "%s", no_port);
}

static bool is_bare_mysql_check(const struct conf_check *check)
{
	return check->type == CONF_CHECK_TCP && check->port == MYSQL_PORT;
}

/* A server counts connections without a log-in as attacks, and locks us out. */
static void warn_of_mysql(struct conf_job *job, const struct conf_node *node,
			  const struct conf_service *s)
{
	static const char text[] =
		"a check of type tcp on port 3306: MariaDB and MySQL block a host that connects "
		"without logging in; check another port or raise their max_connect_errors";
	const struct conf_node *type = own_check_key(node, "type");

	array_for_each (b, s->backends, s->n_backends) {
		if (!is_bare_mysql_check(&b->check))
			continue;
		conf_warning(job, type ? type : conf_node_get(node, "ports"), "%s", text);
		return;
	}
}

static bool has_proto(const struct conf_service *s, uint8_t proto)
{
	array_for_each (p, s->ports, s->n_ports)
		if (p->proto == proto)
			return true;
	return false;
}

static void warn_of_idle_udp(struct conf_job *job, const struct conf_node *node,
			     const struct conf_service *s)
{
	const struct conf_node *udp = conf_node_get(node, "udp");

	if (!udp || !s->udp_moves || has_wrong_port(s) || conf_forward_is_nat(s->forward))
		return;
	if (!has_proto(s, IPPROTO_UDP))
		conf_warning(job, udp->key, "\"udp\" means nothing to a service without UDP ports");
	else if (s->track || conf_service_needs_memory(s))
		conf_warning(job, udp->key,
			     "\"udp: move\" means nothing to a service that tracks every flow");
}

static bool is_scheduler_right(const struct conf_node *node, const struct conf_service *s)
{
	return conf_word_is_right(node, "scheduler", conf_scheduler_name(s->scheduler));
}

static void warn_of_idle_failback(struct conf_job *job, const struct conf_node *node,
				  const struct conf_service *s)
{
	const struct conf_node *failback = conf_node_get(node, "failback");

	if (failback && s->scheduler != CONF_SCHEDULER_FIRST && is_scheduler_right(node, s))
		conf_warning(job, failback->key, "\"failback\" means nothing to scheduler %s",
			     conf_scheduler_name(s->scheduler));
}

static void warn_of_idle_affinity(struct conf_job *job, const struct conf_node *node,
				  const struct conf_service *s)
{
	if (s->affinity_ms && s->scheduler == CONF_SCHEDULER_SOURCE && is_scheduler_right(node, s))
		conf_warning(job, conf_node_get(node, "affinity")->key,
			     "\"affinity\" adds little to scheduler source, which goes by the "
			     "client's address anyway");
}

static void warn_of_idle_mss(struct conf_job *job, const struct conf_node *node,
			     const struct conf_service *s)
{
	if (s->mss && !has_wrong_port(s) && !has_proto(s, IPPROTO_TCP))
		conf_warning(job, conf_node_get(node, "mss")->key,
			     "\"mss\" means nothing to a service without TCP ports");
}

void conf_service_verify(struct conf_job *job, const struct conf_node *node, void *service)
{
	const struct conf_node *backends = conf_node_get(node, "backends");
	struct conf_service *s = service;

	fill_in_port(&s->check, s, 0);
	array_for_each (b, s->backends, s->n_backends)
		fill_in_port(&b->check, s, b->port);
	verify_check_ports(job, node, s);
	warn_of_mysql(job, node, s);
	warn_of_idle_udp(job, node, s);
	warn_of_idle_failback(job, node, s);
	warn_of_idle_affinity(job, node, s);
	warn_of_idle_mss(job, node, s);
	conf_forward_verify(job, node, s);
	conf_backends_verify(job, backends, s);
	if (!node->is_open && (!backends || conf_node_is_empty(backends)))
		conf_warning(job, backends ? backends : node,
			     "no backends: its packets are dropped");
}
