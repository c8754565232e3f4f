/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.via: what cannot be probed the way that a client's packet takes. Known once every
 * level has been merged; said where it is written nearest.
 */
#include "conf/conf_tables.h"
#include "net/addr.h"

#define BIT(type) (1U << CONF_CHECK_##type)

/* What is done with a socket of TCP or UDP, at the port that clients use or beside it. */
#define TAKE_SOCKETS (BIT(TCP) | BIT(HTTP) | BIT(HTTPS) | BIT(TLS) | BIT(DNS) | BIT(UDP))

const struct shunt_addr *conf_via_vip(const struct conf_service *s, const struct conf_backend *b)
{
	array_for_each (vip, s->vips, s->n_vips)
		if (addr_is_v4(vip) ? b->has_address : b->has_address6)
			return vip;
	return NULL;
}

/* What the check of this service or backend says, or NULL. */
static const struct conf_node *via_in(const struct conf_node *node)
{
	const struct conf_node *check = node ? conf_node_get(node, "check") : NULL;

	return check && check->kind == CONF_NODE_MAP ? conf_node_get(check, "via") : NULL;
}

/* Note what is wrong with @b, whose check says vip. Return: whether anything is. */
static bool complain(struct conf_job *job, const struct conf_node *at, const struct conf_service *s,
		     const struct conf_backend *b)
{
	const struct conf_check *c = &b->check;

	if (conf_forward_is_nat(s->forward))
		conf_error(job, at,
			   "clients' packets reach a backend of nat or fullnat at its own address, "
			   "and so do checks: via: vip is for direct, ipip and gue");
	else if (!(TAKE_SOCKETS & 1U << c->type))
		conf_error(job, at, "a check of type %s cannot go via: vip",
			   conf_check_type_name(c->type));
	else if (c->type == CONF_CHECK_UDP && !c->n_payload)
		conf_error(job, at,
			   "via: vip nobody is told that a port is closed, so silence means "
			   "nothing: set expect.payload");
	else if (s->n_vips && (b->has_address || b->has_address6) && !conf_via_vip(s, b))
		conf_error(job, at,
			   "%s has no address of the family of a VIP, which a check by via: vip "
			   "needs",
			   b->name ? b->name : "a backend");
	else
		return false;
	return true;
}

void conf_via_verify(struct conf_job *job, const struct conf_node *node,
		     const struct conf_service *s)
{
	const struct conf_node *list = conf_node_get(node, "backends"), *own;
	const struct conf_node *at = s->n_backends ? list->first : NULL;
	bool said = false;

	/* What all backends have from the service is said once. */
	array_for_each (b, s->backends, s->n_backends) {
		own = via_in(at);
		if (b->check.via == CONF_VIA_VIP && b->check.type != CONF_CHECK_NONE &&
		    (own || !said))
			said |= complain(job, own ?: via_in(node) ?: node, s, b) && !own;
		at = at->next;
	}
}
