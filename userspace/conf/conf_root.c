/* SPDX-License-Identifier: BSD-2-Clause */
/* The top of the file. */
#include "conf/conf_tables.h"

#define OFF(member) offsetof(struct conf_draft, member)

static const struct conf_field root_rows[] = {
	{
		.key = "version",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(version),
		.min = 1,
		.max = 1,
		.required = true,
		.doc = "Version of this format.",
	},
	{
		.key = "daemon",
		.kind = CONF_GROUP,
		.fields = &conf_daemon_fields,
		.off = OFF(conf),
		.doc = "The daemon itself.",
	},
	{
		.key = "dataplane",
		.kind = CONF_GROUP,
		.fields = &conf_dataplane_fields,
		.off = OFF(conf),
		.doc = "Sizes of the tables in the kernel, and how long flows stay in them.",
	},
	{
		.key = "nat",
		.kind = CONF_GROUP,
		.fields = &conf_nat_fields,
		.off = OFF(conf),
		.doc = "What services with forward nat and fullnat share.",
	},
	{
		.key = "ha",
		.kind = CONF_GROUP,
		.fields = &conf_ha_fields,
		.off = OFF(conf),
		.doc = "Beside other balancers.",
	},
	{
		.key = "firewall",
		.kind = CONF_GROUP,
		.fields = &conf_firewall_fields,
		.off = OFF(conf.firewall),
		.doc = "Who may send to the services. What is for no service is not looked at, so "
		       "it shuts nobody out of this host.",
	},
	{
		.key = "interfaces",
		.kind = CONF_NAMED,
		.effect = CONF_LIVE,
		.required = true,
		.elem = &conf_interface_elem,
		.off = OFF(conf.interfaces),
		.off_also = OFF(conf.n_interfaces),
		.doc = "Interfaces that packets for the services arrive on, by name.",
	},
	{
		.key = "defaults",
		.kind = CONF_GROUP,
		.fields = &conf_defaults_fields,
		.off = OFF(defaults),
		.doc = "What services have that do not say otherwise.",
	},
	{
		.key = "services",
		.kind = CONF_NAMED,
		.effect = CONF_LIVE,
		.elem = &conf_service_elem,
		.off = OFF(conf.services),
		.off_also = OFF(conf.n_services),
		.doc = "Virtual services, by name.",
	},
	{
		.key = "include",
		.kind = CONF_PATTERNS,
		.effect = CONF_LIVE,
		.off = OFF(conf.includes),
		.off_also = OFF(conf.n_includes),
		.doc = "Files that are read as if they stood here: their services and interfaces "
		       "come beside those of this file, any other key is in one file only. What "
		       "matches a wildcard is read in the order of the names. They include no "
		       "others.",
	},
};

static void verify_presence(struct conf_job *job, const struct conf_node *root)
{
	const struct conf_node *interfaces = conf_node_get(root, "interfaces");
	const struct conf_node *services = conf_node_get(root, "services");

	if (root->is_open)
		return;
	if (interfaces && conf_node_is_empty(interfaces))
		conf_error(job, interfaces, "at least one interface is needed");
	if (!services)
		conf_warning(job, root, "no services: nothing is balanced");
	else if (conf_node_is_empty(services))
		conf_warning(job, services, "empty: nothing is balanced");
}

/**
 * struct limit - how much of something fits
 * @own: what the file says; 0 if nothing
 * @hard: what is possible at all
 */
struct limit {
	const char *key;
	const char *what;
	size_t own;
	size_t hard;
	size_t used;
};

static bool verify_limit(struct conf_job *job, const struct conf_node *root, const struct limit *l)
{
	const struct conf_node *dataplane = conf_node_get(root, "dataplane");

	if (l->used > l->hard)
		conf_error(job, conf_node_get(root, "services"), "%zu %s, at most %zu are possible",
			   l->used, l->what, l->hard);
	else if (l->own && l->used > l->own)
		conf_error(job, conf_node_get(dataplane, l->key), "too small: there are %zu %s",
			   l->used, l->what);
	return l->used <= l->hard;
}

static bool verify_limits(struct conf_job *job, const struct conf_node *root,
			  const struct conf *conf)
{
	struct limit services = { "max_services", "combinations of address, protocol and port",
				  conf->max_services, SHUNT_MAX_SERVICES, 0 };
	/* Their blocks of ids are up to twice as long, which must fit as well. */
	struct limit backends = { "max_backends", "backends", conf->max_backends,
				  SHUNT_MAX_MEMBERS - 1, 0 };

	array_for_each (s, conf->services, conf->n_services) {
		services.used += s->n_vips * (s->n_ports + conf_fragment_protos(s));
		backends.used += s->n_backends;
	}
	return verify_limit(job, root, &services) & verify_limit(job, root, &backends);
}

static void verify_root(struct conf_job *job, const struct conf_node *root, void *base)
{
	const struct conf *conf = &((struct conf_draft *)base)->conf;

	verify_presence(job, root);
	if (verify_limits(job, root, conf))
		conf_vips_verify(job, root, conf);
	conf_nat_verify(job, root, conf);
	conf_peers_verify(job, root, conf);
	conf_firewall_verify(job, root, conf);
}

const struct conf_fields conf_root_fields = {
	CONF_FIELDS(root_rows),
	.verify = verify_root,
};
