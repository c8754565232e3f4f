/* SPDX-License-Identifier: BSD-2-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_unique.h"
#include "conf/conf_value.h"
#include "net/addr.h"

/* "[::1]:9924" or "127.0.0.1:9924" */
static bool is_endpoint(const char *text)
{
	const char *colon = strrchr(text, ':');
	bool is_bracketed = *text == '[';
	char host[ADDR_TEXT] = "";
	struct shunt_addr addr;
	uint32_t port;
	size_t len;

	if (!colon || !conf_read_number(colon + 1, &port) || port < 1 || port > 65535)
		return false;
	len = colon - text;
	if (is_bracketed && (len < 2 || text[len - 1] != ']'))
		return false;
	text += is_bracketed;
	len -= 2 * is_bracketed;
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	return !addr_parse(host, &addr) && (strchr(host, ':') != NULL) == is_bracketed;
}

CONF_SETTER(conf_set_listen)
{
	const char **text = conf_field_at(base, f->off);

	if (!strcmp(node->text, "none"))
		*text = NULL;
	else if (is_endpoint(node->text))
		*text = conf_job_keep_text(job, node->text);
	else
		conf_error(job, node,
			   "%s is not ADDRESS:PORT, such as 127.0.0.1:9924 or "
			   "[::1]:9924, nor none",
			   conf_quoted(job, node));
}

/* Why nothing can be sent to @a, or NULL. */
static const char *unusable_reason(const struct shunt_addr *a)
{
	bool v4 = addr_is_v4(a);

	if (addr_is_unspecified(a))
		return "the unspecified address";
	if (v4 ? a->b[12] == 127 : IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)a->b))
		return "a loopback address";
	if (v4 ? a->b[12] >= 224 && a->b[12] < 240 : a->b[0] == 0xff)
		return "a multicast address";
	if (v4 && a->w[3] == (__be32)INADDR_BROADCAST)
		return "the broadcast address";
	if (!v4 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)a->b))
		return "a link-local address, which would need an interface";
	return NULL;
}

static bool read_addr(struct conf_job *job, const struct conf_node *node, struct shunt_addr *out)
{
	struct shunt_addr a;
	const char *reason;

	if (addr_parse(node->text, &a)) {
		conf_error(job, node, "%s is not an IP address", conf_quoted(job, node));
		return false;
	}
	reason = unusable_reason(&a);
	if (reason)
		conf_error(job, node, "%s is %s", conf_quoted(job, node), reason);
	else
		*out = a;
	return !reason;
}

static void set_addr(struct conf_job *job, const struct conf_field *f, const struct conf_node *node,
		     void *base)
{
	bool want_v4 = f->kind == CONF_IPV4;
	struct shunt_addr a;

	if (!read_addr(job, node, &a))
		return;
	if (addr_is_v4(&a) != want_v4) {
		conf_error(job, node,
			   want_v4 ? "%s is IPv6: it belongs under \"address6\""
				   : "%s is IPv4: it belongs under \"address\"",
			   conf_quoted(job, node));
		return;
	}
	*(struct shunt_addr *)conf_field_at(base, f->off) = a;
	*(bool *)conf_field_at(base, f->off_also) = true;
}

CONF_SETTER(conf_set_ipv4)
{
	set_addr(job, f, node, base);
}

CONF_SETTER(conf_set_ipv6)
{
	set_addr(job, f, node, base);
}

static void note_repeated(struct conf_job *job, const struct conf_entry *first,
			  const struct conf_entry *again)
{
	conf_error(job, again->node, "%s is there twice (first on %s)",
		   conf_quoted(job, again->node), conf_line_of_node(job, again->node, first->node));
}

/**
 * struct item_kind - what a list holds
 * @size: of an element
 * @read: one item to one element, or a complaint; padding is left zeroed
 */
struct item_kind {
	size_t size;
	bool (*read)(struct conf_job *job, const struct conf_node *item, void *elem);
};

/*
 * An element for each item of @list, zeroed where the item is wrong; none
 * twice.
 */
static void set_items(struct conf_job *job, const struct conf_node *list,
		      const struct item_kind *kind, void **array, size_t *n)
{
	struct conf_unique seen = conf_unique_make(job, conf_item_count(list));
	char *elem = conf_job_keep(job, conf_item_count(list) * kind->size);
	const struct conf_node *item;

	if (!elem)
		return;
	*array = elem;
	*n = conf_item_count(list);
	for (item = conf_item_first(list); item; item = conf_item_next(list, item)) {
		if (conf_item_is_value(job, item) && kind->read(job, item, elem))
			conf_unique_add(&seen, (struct conf_entry){ elem, kind->size, item, NULL });
		elem += kind->size;
	}
	conf_unique_report(job, &seen, note_repeated);
}

static bool read_vip(struct conf_job *job, const struct conf_node *item, void *elem)
{
	return read_addr(job, item, elem);
}

CONF_SETTER(conf_set_vips)
{
	static const struct item_kind vip = { sizeof(struct shunt_addr), read_vip };

	set_items(job, node, &vip, conf_field_at(base, f->off), conf_field_at(base, f->off_also));
}

static bool read_endpoint(struct conf_job *job, const struct conf_node *item, void *elem)
{
	struct conf_endpoint *e = elem;
	struct shunt_addr addr;
	const char *reason;
	__u16 port;

	if (addr_parse_with_port(item->text, &addr, &port)) {
		conf_error(job, item,
			   "%s is not ADDRESS:PORT, such as 192.0.2.2:7946 or [2001:db8::2]:7946",
			   conf_quoted(job, item));
		return false;
	}
	reason = unusable_reason(&addr);
	if (reason) {
		conf_error(job, item, "%s has %s", conf_quoted(job, item), reason);
		return false;
	}
	e->addr = addr;
	e->port = port;
	return true;
}

CONF_SETTER(conf_set_endpoints)
{
	static const struct item_kind end = { sizeof(struct conf_endpoint), read_endpoint };

	set_items(job, node, &end, conf_field_at(base, f->off), conf_field_at(base, f->off_also));
}

/* The protocol behind the slash, or 0. */
static uint8_t read_proto(const char *text)
{
	if (!strcmp(text, "tcp"))
		return IPPROTO_TCP;
	return strcmp(text, "udp") ? 0 : IPPROTO_UDP;
}

/* "443/tcp", "any/udp" */
static bool read_port(struct conf_job *job, const struct conf_node *item, void *elem)
{
	bool is_any = !strncmp(item->text, "any", 3);
	struct conf_port *p = elem;
	uint32_t port = 0;
	const char *rest = is_any ? item->text + 3 : conf_read_digits(item->text, &port);

	if (rest && !*rest) {
		conf_error(job, item, "%s needs a protocol: %s/tcp or %s/udp",
			   conf_quoted(job, item), item->text, item->text);
		return false;
	}
	if (!rest || *rest != '/' || !read_proto(rest + 1)) {
		conf_error(job, item, "%s is not a port such as 443/tcp, 53/udp or any/tcp",
			   conf_quoted(job, item));
		return false;
	}
	if (!is_any && (port < 1 || port > 65535)) {
		conf_error(job, item, "%s is out of range: ports are 1 to 65535",
			   conf_quoted(job, item));
		return false;
	}
	p->port = port;
	p->proto = read_proto(rest + 1);
	return true;
}

CONF_SETTER(conf_set_ports)
{
	static const struct item_kind port = { sizeof(struct conf_port), read_port };

	set_items(job, node, &port, conf_field_at(base, f->off), conf_field_at(base, f->off_also));
}

/* "200" or "200-299"; NULL if it is neither, @last is @first without one. */
static const char *read_range(const char *text, uint32_t *first, uint32_t *last)
{
	const char *rest = conf_read_digits(text, first);

	*last = *first;
	return rest && *rest == '-' ? conf_read_digits(rest + 1, last) : rest;
}

CONF_SETTER(conf_set_port_range)
{
	uint32_t first = 0, last = 0;
	const char *end = read_range(node->text, &first, &last);

	if (!end || *end || !strchr(node->text, '-')) {
		conf_error(job, node, "%s is not a range of ports such as 10000-32767",
			   conf_quoted(job, node));
		return;
	}
	if (first < f->min || last > f->max || first > last) {
		conf_error(job, node, "%s is out of range: %u to %u, the lower one first",
			   conf_quoted(job, node), f->min, f->max);
		return;
	}
	*(uint16_t *)conf_field_at(base, f->off) = first;
	*(uint16_t *)conf_field_at(base, f->off_also) = last;
}

static bool read_status(struct conf_job *job, const struct conf_node *item,
			struct conf_status_range *range)
{
	uint32_t first = 0, last = 0;
	const char *end = read_range(item->text, &first, &last);

	if (!end || *end) {
		conf_error(job, item, "%s is not a status such as 200 or 200-299",
			   conf_quoted(job, item));
		return false;
	}
	if (first < 100 || last > 599 || first > last) {
		conf_error(job, item, "%s is out of range: 100 to 599, the lower one first",
			   conf_quoted(job, item));
		return false;
	}
	*range = (struct conf_status_range){ first, last };
	return true;
}

CONF_SETTER(conf_set_status)
{
	struct conf_status_range *ranges = conf_field_at(base, f->off);
	size_t *n = conf_field_at(base, f->off_also), used = 0;
	const struct conf_node *item;

	if (conf_item_count(node) > CONF_STATUS_RANGES) {
		conf_error(job, node, "more than %d ranges", CONF_STATUS_RANGES);
		return;
	}
	for (item = conf_item_first(node); item; item = conf_item_next(node, item))
		used += conf_item_is_value(job, item) && read_status(job, item, &ranges[used]);
	*n = used;
}
