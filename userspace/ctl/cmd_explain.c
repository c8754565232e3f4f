/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt explain: what would become of a packet, and why. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/explain_describe.h"
#include "net/addr.h"

/* --- the question ----------------------------------------------------------------- */

static enum ctl_exit read_protocol(struct ctl_call *call, uint8_t *proto)
{
	if (!strcmp(call->args[0], "tcp"))
		*proto = IPPROTO_TCP;
	else if (!strcmp(call->args[0], "udp"))
		*proto = IPPROTO_UDP;
	else
		buf_printf(&call->error, "\"%s\" is neither tcp nor udp", call->args[0]);
	return call->error.len ? CTL_USAGE : CTL_OK;
}

static enum ctl_exit read_end(struct ctl_call *call, size_t arg, struct snapshot_endpoint *out)
{
	if (!addr_parse_with_port(call->args[arg], &out->addr, &out->port))
		return CTL_OK;
	buf_printf(&call->error, "\"%s\" is no ADDRESS:PORT; of IPv6 the address is in brackets",
		   call->args[arg]);
	return CTL_USAGE;
}

/* The one that was asked for, or the first that the program is on. */
static const struct snapshot_interface *find_interface(struct ctl_call *call,
						       const struct snapshot *s)
{
	const char *name = call->n_args > 3 ? call->args[3] : NULL;

	array_for_each (i, s->interfaces, s->n_interfaces)
		if (!name || !strcmp(i->name, name))
			return i;
	if (name)
		buf_printf(&call->error, "shunt is not on an interface \"%s\"", name);
	else
		buf_puts(&call->error, "shunt is on no interface");
	return NULL;
}

static enum ctl_exit read_question(struct ctl_call *call, struct explain_packet *p)
{
	enum ctl_exit err = read_protocol(call, &p->proto) ?: read_end(call, 1, &p->src)
			    ?: read_end(call, 2, &p->dst);

	if (err)
		return err;
	p->syn = call->options & CTL_SYN;
	if (addr_is_v4(&p->src.addr) != addr_is_v4(&p->dst.addr))
		buf_puts(&call->error, "source and destination are of different families");
	else if (p->syn && p->proto != IPPROTO_TCP)
		buf_puts(&call->error, "--syn: udp has none");
	return call->error.len ? CTL_USAGE : CTL_OK;
}

/* --- the answer --------------------------------------------------------------------- */

enum ctl_exit cmd_explain(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const struct snapshot_interface *in;
	struct explain_packet p = { 0 };
	enum ctl_exit err;
	struct explain x;
	json_t *json;

	if (!s)
		return CTL_FAILED;
	err = read_question(call, &p);
	if (err)
		return err;
	in = find_interface(call, s);
	if (!in)
		return CTL_NOT_FOUND;
	p.ifindex = in->ifindex;
	if (call->ops->explain(call->app, &p, &x)) {
		buf_puts(&call->error, "the packet could not be run: see the log of shuntd");
		return CTL_FAILED;
	}
	json = explain_describe(s, in, &x);
	if (!json || json_object_update(call->data, json)) {
		json_decref(json);
		buf_puts(&call->error, "out of memory");
		return CTL_FAILED;
	}
	json_decref(json);
	return CTL_OK;
}
