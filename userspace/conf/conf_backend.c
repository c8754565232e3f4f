/* SPDX-License-Identifier: BSD-2-Clause */
/* services.NAME.backends: the servers, and what must not be twice among them. */
#include <string.h>

#include "conf/conf_tables.h"
#include "conf/conf_unique.h"

#define OFF(member) offsetof(struct conf_backend, member)

static const struct conf_field backend_rows[] = {
	{
		.key = "name",
		.kind = CONF_NAME,
		.effect = CONF_LIVE,
		.required = true,
		.off = OFF(name),
		.doc = "Name of the backend in commands and metrics.",
	},
	{
		.key = "address",
		.kind = CONF_IPV4,
		.effect = CONF_LIVE,
		.off = OFF(address),
		.off_also = OFF(has_address),
		.doc = "IPv4 address. A backend has this or address6 or both.",
	},
	{
		.key = "address6",
		.kind = CONF_IPV6,
		.effect = CONF_LIVE,
		.off = OFF(address6),
		.off_also = OFF(has_address6),
		.doc = "IPv6 address.",
	},
	{
		.key = "port",
		.kind = CONF_PORT_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(port),
		.min = 1,
		.max = 65535,
		.doc = "For forward nat and fullnat: the port that the server listens on, where it "
		       "is not that of the service, which then has one port a protocol.",
	},
	{
		.key = "weight",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(weight),
		.max = 1000,
		.preset = "100",
		.doc = "Share of the flows, relative to the other backends. 0: no flows.",
	},
	{
		.key = "id",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(id),
		.min = 1,
		.max = SHUNT_MAX_MEMBERS - 1,
		.doc = "Place in the table, for fleets whose balancers must agree. Without it one "
		       "is handed out and kept in the state directory.",
	},
	{
		.key = "backup",
		.kind = CONF_BOOL,
		.effect = CONF_LIVE,
		.off = OFF(backup),
		.preset = "false",
		.doc = "Whether it gets flows only while no other backend of the service is "
		       "usable, backups apart.",
	},
	{
		.key = "max_connections",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(max_connections),
		.max = CONF_MAX_CONNECTIONS,
		.base = "services.NAME.max_connections",
		.doc = "It gets no new flow while it has so many. 0: no limit.",
	},
	{
		.key = "check",
		.kind = CONF_GROUP,
		.fields = &conf_check_fields,
		.off = OFF(check),
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
	backend->max_connections = service->max_connections;
	backend->check = service->check;
	backend->line = node->pos.line;
}

const struct conf_elem conf_backend_elem = {
	.size = sizeof(struct conf_backend),
	.fields = &backend_fields,
	.begin = begin_backend,
	.off_name = OFF(name),
};

static void note_repeated_name(struct conf_job *job, const struct conf_entry *first,
			       const struct conf_entry *again)
{
	conf_error(job, again->node, "another backend is called %s (%s)",
		   conf_quoted(job, again->node), conf_line_of_node(job, again->node, first->node));
}

static void note_repeated_id(struct conf_job *job, const struct conf_entry *first,
			     const struct conf_entry *again)
{
	conf_error(job, again->node, "another backend has the id %s (%s)",
		   conf_quoted(job, again->node), conf_line_of_node(job, again->node, first->node));
}

static void note_repeated_address(struct conf_job *job, const struct conf_entry *first,
				  const struct conf_entry *again)
{
	conf_warning(job, again->node, "another backend has the address %s (%s)",
		     conf_quoted(job, again->node),
		     conf_line_of_node(job, again->node, first->node));
}

/* A place that an id fixes and one that history gives could be the same. */
static void verify_ids(struct conf_job *job, const struct conf_node *list,
		       const struct conf_service *s)
{
	const struct conf_node *node = s->n_backends ? list->first : NULL;
	const struct conf_node *without = NULL;
	bool any = false;

	array_for_each (b, s->backends, s->n_backends) {
		any |= b->id;
		if (!b->id && !conf_node_get(node, "id") && !without)
			without = node;
		node = node->next;
	}
	if (any && without)
		conf_error(job, without,
			   "no id, but another backend has one: give all of a "
			   "service an id, or none");
}

static void warn_of_backups_alone(struct conf_job *job, const struct conf_node *list,
				  const struct conf_service *s)
{
	array_for_each (b, s->backends, s->n_backends)
		if (!b->backup)
			return;
	if (s->n_backends)
		conf_warning(job, list, "every backend is a backup, so none has one");
}

void conf_backends_verify(struct conf_job *job, const struct conf_node *list,
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
	verify_ids(job, list, s);
	warn_of_backups_alone(job, list, s);
}
