/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt capture, in the daemon: what is asked for becomes a filter. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/nearest.h"
#include "conf/conf.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/find.h"
#include "net/addr.h"

/* --- words of a filter ------------------------------------------------------------ */

/* What a word and the one behind it do to the filter. */
struct ask {
	struct ctl_call *call;
	const struct snapshot *snapshot;
	struct shunt_capture *filter;
};

static enum ctl_exit ask_host(struct ask *a, const char *value)
{
	if (addr_parse(value, &a->filter->host)) {
		buf_printf(&a->call->error, "\"%s\" is no address", value);
		return CTL_USAGE;
	}
	a->filter->has_host = 1;
	return CTL_OK;
}

static enum ctl_exit ask_port(struct ask *a, const char *value)
{
	char text[32];
	struct shunt_addr any;
	__u16 port;

	snprintf(text, sizeof(text), "0.0.0.0:%s", value);
	if (addr_parse_with_port(text, &any, &port)) {
		buf_printf(&a->call->error, "\"%s\" is no port", value);
		return CTL_USAGE;
	}
	a->filter->port = htons(port);
	return CTL_OK;
}

/* Each of its virtual services; those behind the last that there is room for are not seen. */
static enum ctl_exit ask_service(struct ask *a, const char *value)
{
	const struct snapshot_service *s = find_service(a->call, a->snapshot, value);

	if (!s)
		return CTL_NOT_FOUND;
	if (s->conf->n_vips * s->conf->n_ports > SHUNT_CAPTURE_ENDS) {
		buf_printf(&a->call->error, "%s has more than %d addresses with ports", value,
			   SHUNT_CAPTURE_ENDS);
		return CTL_FAILED;
	}
	a->filter->n_ends = 0;
	array_for_each (vip, s->conf->vips, s->conf->n_vips)
		array_for_each (port, s->conf->ports, s->conf->n_ports)
			a->filter->ends[a->filter->n_ends++] = (struct shunt_capture_end){
				.addr = *vip, .port = htons(port->port), .proto = port->proto
			};
	return CTL_OK;
}

/* By its label, in letters of any size; "drop" is every reason that drops. */
static enum ctl_exit ask_reason(struct ask *a, const char *value)
{
	struct nearest near = { .typed = value };
	uint64_t reasons = 0;

	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++) {
		if (!strcasecmp(reason_label(r), value) || !strcmp(reason_action(r), value))
			reasons |= 1ULL << r;
		nearest_offer(&near, reason_label(r));
	}
	if (!reasons) {
		buf_printf(&a->call->error, "no reason \"%s\"", value);
		if (near.best)
			buf_printf(&a->call->error, " (did you mean \"%s\"?)", near.best);
		return CTL_NOT_FOUND;
	}
	a->filter->reasons = reasons;
	return CTL_OK;
}

static enum ctl_exit ask_one(struct ask *a, const char *word, const char *value)
{
	static const struct {
		const char *word;
		enum ctl_exit (*ask)(struct ask *a, const char *value);
	} words[] = {
		{ "host", ask_host },
		{ "port", ask_port },
		{ "service", ask_service },
		{ "reason", ask_reason },
	};

	array_for_each (w, words, array_len(words))
		if (!strcmp(w->word, word))
			return w->ask(a, value);
	buf_printf(&a->call->error, "\"%s\" is none of host, port, service, reason", word);
	return CTL_USAGE;
}

static enum ctl_exit read_filter(struct ask *a)
{
	const struct ctl_call *call = a->call;
	enum ctl_exit err = CTL_OK;

	*a->filter = (struct shunt_capture){ .reasons = UINT64_MAX };
	if (call->n_args % 2) {
		buf_printf(&a->call->error, "\"%s\" needs a value", call->args[call->n_args - 1]);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < call->n_args && !err; i += 2)
		err = ask_one(a, call->args[i], call->args[i + 1]);
	return err;
}

/* --- the answer --------------------------------------------------------------------- */

enum ctl_exit cmd_capture(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	struct shunt_capture filter;
	struct ask ask = { .call = call, .snapshot = s, .filter = &filter };
	enum ctl_exit code;
	int err, ring_fd;

	if (!s)
		return CTL_FAILED;
	code = read_filter(&ask);
	if (code)
		return code;
	code = describe_put(call, "interfaces", describe_interfaces(s));
	if (code)
		return code;
	err = call->ops->begin_capture(call->app, &filter, &ring_fd);
	if (!err) {
		call->ring_fd = ring_fd;
		return CTL_OK;
	}
	buf_puts(&call->error, err == -EBUSY ? "somebody else captures: one can at a time"
					     : "packets cannot be captured: see the log of shuntd");
	return CTL_FAILED;
}
