/* SPDX-License-Identifier: BSD-2-Clause */
/* services: what is balanced, and to whom. */
#include <netinet/in.h>
#include <string.h>

#include "conf/conf_tables.h"
#include "conf/conf_value.h"

#define OFF(member) offsetof(struct conf_service, member)

#define MYSQL_PORT 3306

static const struct conf_field service_rows[] = {
	{
		.key = "vip",
		.kind = CONF_VIPS,
		.effect = CONF_LIVE,
		.required = true,
		.off = OFF(vips),
		.off_also = OFF(n_vips),
		.doc = "Virtual addresses, IPv4 and IPv6: one, or a list.",
	},
	{
		.key = "ports",
		.kind = CONF_PORTS,
		.effect = CONF_LIVE,
		.required = true,
		.off = OFF(ports),
		.off_also = OFF(n_ports),
		.doc = "Ports with their protocol, such as 443/tcp: one, or a list. any/tcp is "
		       "every TCP port that no service of that address names.",
	},
	{
		.key = "forward",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(forward),
		.words = conf_forward_words,
		.base = "defaults.forward",
		.doc = "How packets reach the backends.",
	},
	{
		.key = "scheduler",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(scheduler),
		.words = conf_scheduler_words,
		.base = "defaults.scheduler",
		.doc = "How flows are spread.",
	},
	{
		.key = "failback",
		.kind = CONF_SWITCH,
		.effect = CONF_LIVE,
		.off = OFF(failback),
		.words = conf_failback_words,
		.preset = "yes",
		.doc = "What new flows do with scheduler first when an earlier backend is usable "
		       "again: yes returns them to it; no leaves them where they are for as long "
		       "as that one is usable, which is remembered over a restart.",
	},
	{
		.key = "when_all_down",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(when_all_down),
		.words = conf_all_down_words,
		.preset = "drop",
		.doc = "Who gets flows while no backend is usable: drop is nobody; last is whoever "
		       "had them before, so that nothing moves when the last one fails; all is "
		       "every backend that is down, as if it were up. One that is drained or of "
		       "weight 0 gets none.",
	},
	{
		.key = "udp",
		.kind = CONF_SWITCH,
		.effect = CONF_LIVE,
		.off = OFF(udp_moves),
		.words = conf_udp_words,
		.preset = "keep",
		.doc = "What UDP flows do when their slot moves: keep leaves them where they are, "
		       "and for flow_early and flow_idle new ones too, which cannot be told from "
		       "them; move sends all to the new backend at once, which suits protocols of "
		       "one question and one answer, such as DNS.",
	},
	{
		.key = "track",
		.kind = CONF_BOOL,
		.effect = CONF_LIVE,
		.off = OFF(track),
		.preset = "false",
		.doc = "Whether every flow is kept in the flow cache from its first packet on, not "
		       "only those of slots that move: a lookup for every packet, and room for "
		       "every flow.",
	},
	{
		.key = "slots",
		.kind = CONF_POWER,
		.effect = CONF_LIVE,
		.off = OFF(slots),
		.min = SHUNT_MIN_SLOTS,
		.max = SHUNT_MAX_SLOTS,
		.base = "dataplane.slots",
		.doc = "Slots of its table. Fewer than before break flows, more do not.",
	},
	{
		.key = "check",
		.kind = CONF_GROUP,
		.fields = &conf_check_fields,
		.off = OFF(check),
		.base = "defaults.check",
		.doc = "How the backends are probed.",
	},
	{
		.key = "backends",
		.kind = CONF_LIST,
		.effect = CONF_LIVE,
		.elem = &conf_backend_elem,
		.off = OFF(backends),
		.off_also = OFF(n_backends),
		.doc = "The servers.",
	},
};

/* The port that a check of TCP goes to when none is named; 0: there is none. */
static uint16_t first_tcp_port(const struct conf_service *s)
{
	array_for_each (p, s->ports, s->n_ports)
		if (p->proto == IPPROTO_TCP && p->port)
			return p->port;
	return 0;
}

static void fill_in_port(struct conf_check *check, const struct conf_service *s)
{
	if (!check->port && check->type != CONF_CHECK_NONE)
		check->port = first_tcp_port(s);
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

static bool has_udp_port(const struct conf_service *s)
{
	array_for_each (p, s->ports, s->n_ports)
		if (p->proto == IPPROTO_UDP)
			return true;
	return false;
}

static void warn_of_idle_udp(struct conf_job *job, const struct conf_node *node,
			     const struct conf_service *s)
{
	const struct conf_node *udp = conf_node_get(node, "udp");

	if (!udp || !s->udp_moves || has_wrong_port(s))
		return;
	if (!has_udp_port(s))
		conf_warning(job, udp->key, "\"udp\" means nothing to a service without UDP ports");
	else if (s->track)
		conf_warning(job, udp->key,
			     "\"udp: move\" means nothing to a service that tracks every flow");
}

/* The scheduler that was written is one; without any it is. */
static bool has_right_scheduler(const struct conf_node *node, const struct conf_service *s)
{
	const struct conf_node *scheduler = conf_node_get(node, "scheduler");

	return !scheduler ||
	       (scheduler->text && !strcmp(scheduler->text, conf_scheduler_name(s->scheduler)));
}

static void warn_of_idle_failback(struct conf_job *job, const struct conf_node *node,
				  const struct conf_service *s)
{
	const struct conf_node *failback = conf_node_get(node, "failback");

	if (failback && s->scheduler != CONF_SCHEDULER_FIRST && has_right_scheduler(node, s))
		conf_warning(job, failback->key, "\"failback\" means nothing to scheduler %s",
			     conf_scheduler_name(s->scheduler));
}

static void verify_service(struct conf_job *job, const struct conf_node *node, void *base)
{
	const struct conf_node *backends = conf_node_get(node, "backends");
	struct conf_service *s = base;

	fill_in_port(&s->check, s);
	array_for_each (b, s->backends, s->n_backends)
		fill_in_port(&b->check, s);
	verify_check_ports(job, node, s);
	warn_of_mysql(job, node, s);
	warn_of_idle_udp(job, node, s);
	warn_of_idle_failback(job, node, s);
	conf_backends_verify(job, backends, s);
	if (!node->is_open && (!backends || conf_node_is_empty(backends)))
		conf_warning(job, backends ? backends : node,
			     "no backends: its packets are dropped");
}

static const struct conf_fields service_fields = {
	CONF_FIELDS(service_rows),
	.verify = verify_service,
};

static void begin_service(struct conf_job *job, const struct conf_node *node, void *item,
			  const void *parent)
{
	const struct conf_draft *draft = parent;
	struct conf_service *s = item;

	s->name = conf_job_keep_text(job, node->key->text);
	s->line = node->key->pos.line;
	s->forward = draft->defaults.forward;
	s->scheduler = draft->defaults.scheduler;
	s->check = draft->defaults.check;
}

const struct conf_elem conf_service_elem = {
	.size = sizeof(struct conf_service),
	.fields = &service_fields,
	.begin = begin_service,
	.is_name = conf_is_name,
	.name_rule = CONF_NAME_RULE,
};
