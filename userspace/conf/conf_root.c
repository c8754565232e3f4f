/* SPDX-License-Identifier: BSD-2-Clause */
/* The top of the file, and what services share. */
#include <arpa/inet.h>
#include <stdio.h>

#include "conf/conf_tables.h"
#include "conf/conf_unique.h"
#include "net/addr.h"

#define OFF(member) offsetof(struct conf_draft, member)

static const struct conf_field defaults_rows[] = {
	{
		.key = "forward",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_defaults, forward),
		.words = conf_forward_words,
		.preset = "direct",
		.doc = "How packets reach the backends: direct rewrites the MAC address, and the "
		       "backend is on the same link; ipip sends them through a tunnel, gue through "
		       "one of UDP; nat rewrites their destination, and answers come back through "
		       "this host, which must be the gateway of the backends; fullnat rewrites the "
		       "source, too, and needs nothing of them.",
	},
	{
		.key = "gue_port",
		.kind = CONF_PORT_NUMBER,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_defaults, gue_port),
		.min = 1,
		.max = 65535,
		.preset = "6080",
		.doc = "UDP port that backends take packets of forward gue at.",
	},
	{
		.key = "scheduler",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_defaults, scheduler),
		.words = conf_scheduler_words,
		.preset = "consistent",
		.doc = "How flows are spread: consistent is perfectly even and moves the fewest "
		       "flows; maglev needs nothing but the set of backends; first sends all to "
		       "the first usable backend in the order of the list; source goes by the "
		       "client's address alone; round_robin, random and least_conn choose for each "
		       "new flow, and keep every flow in the flow cache. Weights count for all. "
		       "Balancers of a fleet agree with maglev and first, and with consistent and "
		       "source where backends have an id; with the last three each has its own "
		       "mind.",
	},
	{
		.key = "max_connections",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_defaults, max_connections),
		.max = CONF_MAX_CONNECTIONS,
		.preset = "0",
		.doc = "A backend gets no new flow while it has so many; flows are kept in the "
		       "flow cache, to be counted. 0: no limit.",
	},
	{
		.key = "on_down",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_defaults, on_down),
		.words = conf_on_down_words,
		.preset = "move",
		.doc = "What becomes of the flows that a backend has when its check fails: move "
		       "sends them to the other backends, which do not know them and reset them; "
		       "connections of nat stay. keep leaves them where they are. drain does so "
		       "as long as a drain lasts (drain.timeout), and then moves them. reset "
		       "answers their next packet by a TCP reset, so that clients begin anew at "
		       "once, and so it does when the time of a drain is over. New flows, and UDP, "
		       "go to the others in any case.",
	},
	{
		.key = "drain",
		.kind = CONF_GROUP,
		.fields = &conf_drain_fields,
		.off = offsetof(struct conf_defaults, drain),
		.doc = "How backends are drained.",
	},
	{
		.key = "slow_start",
		.kind = CONF_OFF_MSEC,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_defaults, slow_start_ms),
		.min = 1000,
		.max = CONF_MAX_SLOW_START_MS,
		.preset = "off",
		.doc = "A backend that has come up, after a failure, after maintenance, or new by "
		       "a reload, has a tenth of its weight at first, and in nine steps all of "
		       "it in this time. Not when the daemon starts; and not with scheduler "
		       "maglev or where all backends have an id, whose tables must be the same on "
		       "all balancers, nor with first.",
	},
	{
		.key = "timeouts",
		.kind = CONF_GROUP,
		.fields = &conf_timeouts_fields,
		.off = offsetof(struct conf_defaults, timeouts),
		.doc = "For how long silent connections of forward nat and fullnat are kept.",
	},
	{
		.key = "check",
		.kind = CONF_GROUP,
		.fields = &conf_check_fields,
		.off = offsetof(struct conf_defaults, check),
		.doc = "Health checks of services that do not say otherwise.",
	},
};

const struct conf_fields conf_defaults_fields = { CONF_FIELDS(defaults_rows) };

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

static bool has_proto(const struct conf_service *s, uint8_t proto)
{
	array_for_each (p, s->ports, s->n_ports)
		if (p->proto == proto)
			return true;
	return false;
}

/* With l3hash an address takes one more entry for each protocol. */
static size_t count_fragment_protos(const struct conf_service *s)
{
	if (s->fragments != CONF_FRAGMENTS_L3HASH)
		return 0;
	return has_proto(s, IPPROTO_TCP) + has_proto(s, IPPROTO_UDP);
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
		services.used += s->n_vips * (s->n_ports + count_fragment_protos(s));
		backends.used += s->n_backends;
	}
	return verify_limit(job, root, &services) & verify_limit(job, root, &backends);
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

	if (!key || !count_fragment_protos(s))
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
		n += s->n_vips * count_fragment_protos(s);
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

static void verify_root(struct conf_job *job, const struct conf_node *root, void *base)
{
	const struct conf *conf = &((struct conf_draft *)base)->conf;

	verify_presence(job, root);
	if (verify_limits(job, root, conf)) {
		verify_vips(job, root, conf);
		verify_fragments(job, root, conf);
	}
	conf_nat_verify(job, root, conf);
}

const struct conf_fields conf_root_fields = {
	CONF_FIELDS(root_rows),
	.verify = verify_root,
};
