/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: what does not fit together in one, which keys mean something to which
 * type, and what a type cannot do without once every level has been merged.
 */
#include <netinet/in.h>
#include <string.h>

#include "conf/conf_tables.h"
#include "conf/conf_value.h"
#include "net/addr.h"

#define BIT(type) (1U << CONF_CHECK_##type)

/* --- in the mapping of one check -------------------------------------------- */

/* Where both values come from above, the complaint was made there. */
static void verify_timeout(struct conf_job *job, const struct conf_node *node,
			   const struct conf_check *check)
{
	char timeout[CONF_VALUE_TEXT], interval[CONF_VALUE_TEXT];
	const struct conf_node *at = conf_node_get(node, "timeout");

	at = at ? at : conf_node_get(node, "interval");
	if (!at || check->timeout_ms <= check->interval_ms)
		return;
	conf_error(job, at, "the timeout, %s, is longer than the interval, %s",
		   conf_format_msec(check->timeout_ms, timeout),
		   conf_format_msec(check->interval_ms, interval));
}

/**
 * struct use - to which types a key means something
 * @group: that the key is in; NULL: none
 */
struct use {
	const char *group;
	const char *key;
	unsigned int types;
};

static const struct use uses[] = {
	{ NULL, "path", BIT(HTTP) | BIT(HTTPS) },
	{ NULL, "host", BIT(HTTP) | BIT(HTTPS) },
	{ NULL, "expect", BIT(HTTP) | BIT(HTTPS) | BIT(DNS) | BIT(UDP) },
	{ "expect", "status", BIT(HTTP) | BIT(HTTPS) },
	{ "expect", "rcode", BIT(DNS) },
	{ "expect", "payload", BIT(UDP) },
	{ NULL, "sni", BIT(HTTPS) | BIT(TLS) },
	{ NULL, "verify", BIT(HTTPS) | BIT(TLS) },
	{ NULL, "ca_file", BIT(HTTPS) | BIT(TLS) },
	{ NULL, "expires", BIT(HTTPS) | BIT(TLS) },
	{ NULL, "name", BIT(DNS) },
	{ NULL, "qtype", BIT(DNS) },
	{ NULL, "send", BIT(UDP) },
	{ NULL, "user", BIT(MYSQL) },
	{ NULL, "password_file", BIT(MYSQL) },
	{ NULL, "role", BIT(MYSQL) },
	{ NULL, "command", BIT(EXEC) },
	{ NULL, "args", BIT(EXEC) },
};

static unsigned int types_of(const char *key)
{
	array_for_each (u, uses, array_len(uses))
		if (!u->group && !strcmp(u->key, key))
			return u->types;
	return ~0U;
}

/* Of a group that means nothing itself, no key is complained about. */
static const struct conf_node *idle_key(const struct conf_node *node, const struct use *u,
					enum conf_check_type type)
{
	if (u->types & 1U << type)
		return NULL;
	if (u->group && !(types_of(u->group) & 1U << type))
		return NULL;
	node = u->group ? conf_node_get(node, u->group) : node;
	return node && node->kind == CONF_NODE_MAP ? conf_node_get(node, u->key) : NULL;
}

static void warn_of_idle_keys(struct conf_job *job, const struct conf_node *node,
			      const struct conf_check *check)
{
	const struct conf_node *value;

	if (!conf_node_get(node, "type"))
		return;
	array_for_each (u, uses, array_len(uses)) {
		value = idle_key(node, u, check->type);
		if (value)
			conf_warning(job, value->key, "\"%s\" means nothing to a check of type %s",
				     u->key, conf_check_type_name(check->type));
	}
}

static void verify_command(struct conf_job *job, const struct conf_node *node,
			   const struct conf_check *check)
{
	const struct conf_node *command = conf_node_get(node, "command");
	size_t len = check->command ? strlen(check->command) + 1 : 0;

	for (size_t i = 0; i < check->n_args; i++)
		len += strlen(check->args[i]) + 1;
	if (len > CONF_MAX_COMMAND)
		conf_error(job, command ? command : conf_node_get(node, "args") ?: node,
			   "a command and its arguments are %d bytes at most, each with one more",
			   CONF_MAX_COMMAND);
}

static void verify_sni(struct conf_job *job, const struct conf_node *node,
		       const struct conf_check *check)
{
	const struct conf_node *sni = conf_node_get(node, "sni");
	struct shunt_addr unused;

	if (sni && check->sni && !addr_parse(check->sni, &unused))
		conf_error(job, sni,
			   "an address is no name to ask a server for; without sni the "
			   "certificate must be for the backend's address");
}

void conf_check_verify(struct conf_job *job, const struct conf_node *node, void *base)
{
	verify_timeout(job, node, base);
	warn_of_idle_keys(job, node, base);
	verify_command(job, node, base);
	verify_sni(job, node, base);
}

/* --- in a service, with everything merged ----------------------------------- */

/* What the check connects with, or 0. */
static uint8_t proto_of(enum conf_check_type type)
{
	switch (type) {
	case CONF_CHECK_TCP:
	case CONF_CHECK_HTTP:
	case CONF_CHECK_HTTPS:
	case CONF_CHECK_TLS:
	case CONF_CHECK_MYSQL:
		return IPPROTO_TCP;
	case CONF_CHECK_DNS:
	case CONF_CHECK_UDP:
		return IPPROTO_UDP;
	default:
		return 0;
	}
}

/* 0: there is none. */
static uint16_t first_port(const struct conf_service *s, uint8_t proto)
{
	array_for_each (p, s->ports, s->n_ports)
		if (p->proto == proto && p->port)
			return p->port;
	return 0;
}

void conf_check_fill_in_port(struct conf_check *check, const struct conf_service *s, uint16_t own)
{
	uint16_t theirs = first_port(s, proto_of(check->type));

	/* It connects with nothing itself, but may want to know. */
	if (check->type == CONF_CHECK_EXEC)
		theirs = first_port(s, IPPROTO_TCP) ?: first_port(s, IPPROTO_UDP);
	if (!check->port)
		check->port = theirs && own ? own : theirs;
}

/**
 * struct lack - something that a check cannot do without
 * @key: that would give it
 */
struct lack {
	const char *key;
	const char *text;
};

static const struct lack lacks_tcp_port = {
	"port",
	"no TCP port that a check could go to: set check.port, or check.type: none",
};
static const struct lack lacks_udp_port = {
	"port",
	"no UDP port that a check could go to: set check.port, or check.type: none",
};
static const struct lack lacks_agent_port = {
	"port",
	"an agent has a port of its own: set check.port",
};
static const struct lack lacks_name = {
	"name",
	"a check of type dns needs a question: set check.name",
};
static const struct lack lacks_user = {
	"user",
	"a check of type mysql logs in: set check.user",
};
static const struct lack lacks_command = {
	"command",
	"a check of type exec runs something: set check.command",
};

/* The first thing that @c lacks, or NULL. */
static const struct lack *lack_of(const struct conf_check *c)
{
	switch (proto_of(c->type)) {
	case IPPROTO_TCP:
		if (!c->port)
			return &lacks_tcp_port;
		break;
	case IPPROTO_UDP:
		if (!c->port)
			return &lacks_udp_port;
		break;
	}
	if (c->type == CONF_CHECK_AGENT && !c->port)
		return &lacks_agent_port;
	if (c->type == CONF_CHECK_DNS && !c->name)
		return &lacks_name;
	if (c->type == CONF_CHECK_MYSQL && !c->user)
		return &lacks_user;
	return c->type == CONF_CHECK_EXEC && !c->command ? &lacks_command : NULL;
}

/* What the check of this very service or backend says, or NULL. */
static const struct conf_node *own_check_key(const struct conf_node *node, const char *key)
{
	const struct conf_node *check = conf_node_get(node, "check");

	return check ? conf_node_get(check, key) : NULL;
}

/*
 * Note backends whose own words leave their check without something.
 * Return: what others lack, which the service is to blame for, or NULL.
 */
static const struct lack *verify_backends(struct conf_job *job, const struct conf_node *backends,
					  const struct conf_service *s)
{
	const struct conf_node *node = s->n_backends ? backends->first : NULL, *type;
	const struct lack *inherited = s->n_backends ? NULL : lack_of(&s->check), *lack;

	array_for_each (b, s->backends, s->n_backends) {
		type = own_check_key(node, "type");
		lack = lack_of(&b->check);
		/* What is there and yet missing was wrong in itself. */
		if (lack && !own_check_key(node, lack->key)) {
			if (type)
				conf_error(job, type, "%s", lack->text);
			else
				inherited = lack;
		}
		node = node->next;
	}
	return inherited;
}

void conf_checks_verify(struct conf_job *job, const struct conf_node *node,
			const struct conf_service *s)
{
	const struct lack *lack = verify_backends(job, conf_node_get(node, "backends"), s);
	const struct conf_node *at = own_check_key(node, "type");

	if (!lack || own_check_key(node, lack->key))
		return;
	if (lack == &lacks_tcp_port || lack == &lacks_udp_port)
		at = conf_node_get(node, "ports");
	conf_error(job, at ? at : node, "%s", lack->text);
}
