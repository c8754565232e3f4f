/* SPDX-License-Identifier: BSD-2-Clause */
/* services: what is balanced, and to whom. */
#include <netinet/in.h>
#include <string.h>

#include "conf/conf_tables.h"
#include "conf/conf_unique.h"
#include "conf/conf_value.h"

#define OFF(member) offsetof(struct conf_service, member)
#define BACKEND_OFF(member) offsetof(struct conf_backend, member)

#define MYSQL_PORT 3306

static const struct conf_field backend_rows[] = {
	{
		.key = "name",
		.kind = CONF_NAME,
		.effect = CONF_LIVE,
		.required = true,
		.off = BACKEND_OFF(name),
		.doc = "Name of the backend in commands and metrics.",
	},
	{
		.key = "address",
		.kind = CONF_IPV4,
		.effect = CONF_LIVE,
		.off = BACKEND_OFF(address),
		.off_also = BACKEND_OFF(has_address),
		.doc = "IPv4 address. A backend has this or address6 or both.",
	},
	{
		.key = "address6",
		.kind = CONF_IPV6,
		.effect = CONF_LIVE,
		.off = BACKEND_OFF(address6),
		.off_also = BACKEND_OFF(has_address6),
		.doc = "IPv6 address.",
	},
	{
		.key = "weight",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = BACKEND_OFF(weight),
		.max = 1000,
		.preset = "100",
		.doc = "Share of the flows, relative to the other backends. 0: no flows.",
	},
	{
		.key = "id",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = BACKEND_OFF(id),
		.min = 1,
		.max = SHUNT_MAX_BACKENDS - 1,
		.doc = "Place in the table, for fleets whose balancers must agree. Without it one "
		       "is handed out and kept in the state directory.",
	},
	{
		.key = "check",
		.kind = CONF_GROUP,
		.fields = &conf_check_fields,
		.off = BACKEND_OFF(check),
		.base = "services.NAME.check",
		.doc = "How this backend is probed.",
	},
};

static void verify_backend(struct conf_job *job, const struct conf_node *node, void *base)
{
	(void)base;
	if (!node->is_open && !conf_node_get(node, "address") && !conf_node_get(node, "address6"))
		conf_error(job, node, "\"address\" or \"address6\" is missing");
}

static const struct conf_fields backend_fields = {
	CONF_FIELDS(backend_rows),
	.verify = verify_backend,
};

static void begin_backend(struct conf_job *job, const struct conf_node *node, void *item,
			  const void *parent)
{
	const struct conf_service *service = parent;
	struct conf_backend *backend = item;

	(void)job;
	backend->check = service->check;
	backend->line = node->pos.line;
}

static const struct conf_elem backend_elem = {
	.size = sizeof(struct conf_backend),
	.fields = &backend_fields,
	.begin = begin_backend,
};

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
		.elem = &backend_elem,
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

static const struct conf_node *type_of_check(const struct conf_node *node)
{
	const struct conf_node *check = conf_node_get(node, "check");

	return check ? conf_node_get(check, "type") : NULL;
}

/*
 * Where a check without a port is the fault of one backend, it is noted there;
 * otherwise once, for the service.
 */
static void verify_check_ports(struct conf_job *job, const struct conf_node *node,
			       const struct conf_service *s)
{
	static const char text[] = "no TCP port that a check could go to: set check.port, or "
				   "check.type: none";
	const struct conf_node *backends = conf_node_get(node, "backends"), *ports;
	const struct conf_node *b = s->n_backends ? backends->first : NULL;
	bool is_inherited = !s->n_backends && lacks_port(&s->check);

	ports = conf_node_get(node, "ports");
	if (!s->n_ports)
		return;
	array_for_each (backend, s->backends, s->n_backends) {
		if (lacks_port(&backend->check) && type_of_check(b))
			conf_error(job, type_of_check(b), text);
		else if (lacks_port(&backend->check))
			is_inherited = true;
		b = b->next;
	}
	if (is_inherited)
		conf_error(job, ports, text);
}

/* A server counts connections without a log-in as attacks, and locks us out. */
static void warn_of_mysql(struct conf_job *job, const struct conf_node *node,
			  const struct conf_service *s)
{
	const struct conf_node *type = type_of_check(node), *ports = conf_node_get(node, "ports");
	bool is_bare = false;

	array_for_each (b, s->backends, s->n_backends)
		is_bare |= b->check.type == CONF_CHECK_TCP && b->check.port == MYSQL_PORT;
	if (is_bare)
		conf_warning(
			job, type ? type : ports,
			"a check of type tcp on port %d: MariaDB and MySQL block a host that "
			"connects without logging in (\"Host is blocked\"); check another port "
			"or set max_connect_errors high",
			MYSQL_PORT);
}

static void note_repeated_name(struct conf_job *job, const struct conf_entry *first,
			       const struct conf_entry *again)
{
	conf_error(job, again->node, "another backend is called %s (line %d)",
		   conf_quoted(job, again->node), first->node->pos.line);
}

static void note_repeated_id(struct conf_job *job, const struct conf_entry *first,
			     const struct conf_entry *again)
{
	conf_error(job, again->node, "another backend has the id %s (line %d)",
		   conf_quoted(job, again->node), first->node->pos.line);
}

static void note_repeated_address(struct conf_job *job, const struct conf_entry *first,
				  const struct conf_entry *again)
{
	conf_warning(job, again->node, "another backend has the address %s (line %d)",
		     conf_quoted(job, again->node), first->node->pos.line);
}

static void verify_backends(struct conf_job *job, const struct conf_node *list,
			    const struct conf_service *s)
{
	struct conf_unique names = conf_unique_make(job, s->n_backends);
	struct conf_unique ids = conf_unique_make(job, s->n_backends);
	struct conf_unique addresses = conf_unique_make(job, 2 * s->n_backends);
	const struct conf_node *node = s->n_backends ? list->first : NULL;

	array_for_each (b, s->backends, s->n_backends) {
		if (b->name)
			conf_unique_add(&names,
					(struct conf_entry){ b->name, strlen(b->name),
							     conf_node_get(node, "name"), b });
		if (b->id)
			conf_unique_add(&ids, (struct conf_entry){ &b->id, sizeof(b->id),
								   conf_node_get(node, "id"), b });
		if (b->has_address)
			conf_unique_add(&addresses,
					(struct conf_entry){ &b->address, sizeof(b->address),
							     conf_node_get(node, "address"), b });
		if (b->has_address6)
			conf_unique_add(&addresses,
					(struct conf_entry){ &b->address6, sizeof(b->address6),
							     conf_node_get(node, "address6"), b });
		node = node->next;
	}
	conf_unique_report(job, &names, note_repeated_name);
	conf_unique_report(job, &ids, note_repeated_id);
	conf_unique_report(job, &addresses, note_repeated_address);
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
	verify_backends(job, backends, s);
	if (!s->n_backends && !node->is_open && (!backends || conf_item_count(backends) == 0))
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
