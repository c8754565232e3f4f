/* SPDX-License-Identifier: BSD-2-Clause */
/* services: what does not fit together in one. */
#include <netinet/in.h>

#include "conf/conf_tables.h"

#define MYSQL_PORT 3306

static bool has_wrong_port(const struct conf_service *s)
{
	array_for_each (p, s->ports, s->n_ports)
		if (!p->proto)
			return true;
	return !s->n_ports;
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
		"without logging in; use a check of type mysql";
	const struct conf_node *check = conf_node_get(node, "check");
	const struct conf_node *type = check ? conf_node_get(check, "type") : NULL;

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

static bool have_ids(const struct conf_service *s)
{
	array_for_each (b, s->backends, s->n_backends)
		if (!b->id)
			return false;
	return s->n_backends;
}

static void warn_of_idle_slow_start(struct conf_job *job, const struct conf_node *node,
				    const struct conf_service *s)
{
	const struct conf_node *own = conf_node_get(node, "slow_start");

	if (!own || !s->slow_start_ms || !is_scheduler_right(node, s))
		return;
	if (s->scheduler == CONF_SCHEDULER_MAGLEV || s->scheduler == CONF_SCHEDULER_FIRST)
		conf_warning(job, own->key, "\"slow_start\" means nothing to scheduler %s",
			     conf_scheduler_name(s->scheduler));
	else if (have_ids(s))
		conf_warning(job, own->key,
			     "\"slow_start\" means nothing to a service whose backends have an id");
}

static void warn_of_min_healthy(struct conf_job *job, const struct conf_node *node,
				const struct conf_service *s)
{
	const struct conf_node *own = conf_node_get(node, "min_healthy");

	if (own && s->n_backends && s->min_healthy > s->n_backends)
		conf_warning(job, own, "it has %zu backends: it will never be healthy",
			     s->n_backends);
}

void conf_service_verify(struct conf_job *job, const struct conf_node *node, void *service)
{
	const struct conf_node *backends = conf_node_get(node, "backends");
	struct conf_service *s = service;

	conf_check_fill_in_port(&s->check, s, 0);
	array_for_each (b, s->backends, s->n_backends)
		conf_check_fill_in_port(&b->check, s, b->port);
	if (!has_wrong_port(s))
		conf_checks_verify(job, node, s);
	conf_via_verify(job, node, s);
	warn_of_mysql(job, node, s);
	warn_of_idle_udp(job, node, s);
	warn_of_idle_failback(job, node, s);
	warn_of_idle_affinity(job, node, s);
	warn_of_idle_mss(job, node, s);
	warn_of_idle_slow_start(job, node, s);
	warn_of_min_healthy(job, node, s);
	conf_forward_verify(job, node, s);
	conf_backends_verify(job, backends, s);
	if (!node->is_open && (!backends || conf_node_is_empty(backends)))
		conf_warning(job, backends ? backends : node,
			     "no backends: its packets are dropped");
}
