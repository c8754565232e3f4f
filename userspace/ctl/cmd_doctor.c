/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shunt doctor: is this host fit? What only the daemon knows comes over the socket; the
 * host is looked at here, by whoever asks and with that one's privileges, so that the
 * daemon need not wait for hosts that are slow to refuse.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/cli.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/firewall_describe.h"
#include "ctl/view.h"
#include "doctor/doctor.h"
#include "net/addr.h"

/* As long as a round trip and a kernel's ICMP rate limit may take. */
#define PATIENCE_MS 300

enum ctl_exit cmd_doctor(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);

	if (!s)
		return CTL_FAILED;
	return describe_put(call, "pid", json_integer(s->pid))
		       ?: describe_put(call, "interfaces", describe_interfaces(s))
		       ?: describe_put(call, "services", describe_services_deep(s))
		       ?: describe_put(call, "hops", describe_hops(s))
		       ?: describe_put(call, "config", describe_conf(s->conf))
		       ?: describe_put(call, "rules", firewall_describe_rules(s))
		       ?: describe_put(call, "watch", json_boolean(s->conf->watch))
		       ?: describe_put(call, "last_reload_ok",
				       json_boolean(s->conf_last_reload_ok));
}

/* --- facts from the answer ---------------------------------------------------- */

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

static int add_links(struct doctor_host *h, const json_t *interfaces)
{
	for (size_t i = 0; i < json_array_size(interfaces); i++) {
		const json_t *from = json_array_get(interfaces, i);
		struct doctor_link *l = array_add(&h->links, &h->n_links);

		if (!l)
			return -1;
		copy_text(l->name, sizeof(l->name), view_text(from, "name"));
		l->attached = view_bool(from, "attached");
		l->generic = !strcmp(view_text(from, "mode"), "generic");
		l->beside = view_bool(from, "dispatcher");
	}
	return 0;
}

/* Next hops by the address they lead to; released with json_decref(). */
static json_t *index_hops(const json_t *hops)
{
	json_t *index = json_object();

	for (size_t i = 0; i < json_array_size(hops); i++) {
		json_t *hop = json_array_get(hops, i);

		json_object_set(index, view_text(hop, "address"), hop);
	}
	return index;
}

static void fill_hop(struct doctor_leg *l, const json_t *hop)
{
	const char *state = view_text(hop, "state");

	l->has_route = strcmp(state, hop_state_name(HOP_NO_ROUTE)) && *state;
	l->resolved = !strcmp(state, hop_state_name(HOP_RESOLVED));
	l->mtu = view_int(hop, "mtu");
	copy_text(l->ifname, sizeof(l->ifname), view_text(hop, "interface"));
	addr_parse(view_text(hop, "via"), &l->via);
}

static enum shunt_forward forward_of(const char *name)
{
	for (int f = SHUNT_FORWARD_NONE; f < SHUNT_FORWARD_COUNT; f++)
		if (!strcmp(conf_forward_name(f), name))
			return f;
	return SHUNT_FORWARD_NONE;
}

/* The first VIP of the family; NULL: the service has none. */
static const char *vip_of(const json_t *service, bool v6)
{
	const json_t *vips = json_object_get(service, "vip");

	for (size_t i = 0; i < json_array_size(vips); i++) {
		const char *vip = json_string_value(json_array_get(vips, i)) ?: "";

		if (!!strchr(vip, ':') == v6)
			return vip;
	}
	return NULL;
}

static const char *text_or_null(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* By which address clients of a family reach @backend; as the plan has it. */
static const char *address_for(const json_t *backend, bool v6)
{
	const char *v4_text = text_or_null(backend, "address");
	const char *v6_text = text_or_null(backend, "address6");

	return v6 ? v6_text ?: v4_text : v4_text ?: v6_text;
}

static int add_leg(struct doctor_host *h, const json_t *service, const json_t *backend,
		   const json_t *hops, bool v6)
{
	const char *vip = vip_of(service, v6), *addr = address_for(backend, v6);
	struct doctor_leg leg = {
		.service = view_text(service, "name"),
		.backend = view_text(backend, "name"),
		.forward = forward_of(view_text(service, "forward")),
		.gue_port = view_int(service, "gue_port"),
		.v6 = v6,
		.mss = view_int(service, "mss"),
	};
	struct doctor_leg *place;

	if (!vip || !addr || addr_parse(vip, &leg.vip) || addr_parse(addr, &leg.addr))
		return 0;
	fill_hop(&leg, json_object_get(hops, addr));
	place = array_add(&h->legs, &h->n_legs);
	if (!place)
		return -1;
	*place = leg;
	return 0;
}

static int add_service(struct doctor_host *h, const json_t *service, const json_t *hops)
{
	const json_t *backends = json_object_get(service, "backends");

	for (size_t i = 0; i < json_array_size(backends); i++) {
		const json_t *b = json_array_get(backends, i);

		if (add_leg(h, service, b, hops, false) || add_leg(h, service, b, hops, true))
			return -1;
	}
	return 0;
}

static int add_legs(struct doctor_host *h, const json_t *data)
{
	const json_t *services = json_object_get(json_object_get(data, "config"), "services");
	_cleanup_(json_decrefp) json_t *hops = index_hops(json_object_get(data, "hops"));

	for (size_t i = 0; i < json_array_size(services); i++)
		if (add_service(h, json_array_get(services, i), hops))
			return -1;
	return 0;
}

static int add_pool(struct doctor_host *h, const json_t *nat)
{
	const json_t *pool = json_object_get(nat, "pool"), *ports = json_object_get(nat, "ports");

	h->first_pool_port = json_integer_value(json_array_get(ports, 0));
	h->last_pool_port = json_integer_value(json_array_get(ports, 1));
	for (size_t i = 0; i < json_array_size(pool); i++) {
		struct shunt_addr *addr = array_add(&h->pool, &h->n_pool);

		if (!addr)
			return -1;
		addr_parse(json_string_value(json_array_get(pool, i)) ?: "", addr);
	}
	return 0;
}

static bool allows_all(const json_t *rule)
{
	const char *name = view_text(rule, "name");

	return !strcmp(view_text(rule, "kind"), firewall_kind_name(FIREWALL_ALLOW)) &&
	       (!strcmp(name, "0.0.0.0/0") || !strcmp(name, "::/0"));
}

static void add_rules(struct doctor_firewall *f, const json_t *rules)
{
	const char *monitor = conf_firewall_mode_name(CONF_FIREWALL_MONITOR);

	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);

		f->files += view_bool(rule, "file");
		f->tried_out += !strcmp(view_text(rule, "mode"), monitor);
		f->allows_all |= allows_all(rule);
	}
}

static void host_free(struct doctor_host *h)
{
	free(h->pool);
	free(h->is_pool_local);
	free(h->links);
	free(h->legs);
	free(h->is_vip_local);
}

/* What the daemon says; names point into @data. */
static int fill_host(struct doctor_host *h, const json_t *data)
{
	if (add_links(h, json_object_get(data, "interfaces")) || add_legs(h, data) ||
	    add_pool(h, json_object_get(json_object_get(data, "config"), "nat")))
		return -1;
	h->reload_refused = !view_bool(data, "last_reload_ok");
	h->firewall.is_watched = view_bool(data, "watch");
	add_rules(&h->firewall, json_object_get(data, "rules"));
	h->is_pool_local = calloc(h->n_pool ?: 1, sizeof(*h->is_pool_local));
	h->is_vip_local = calloc(h->n_legs ?: 1, sizeof(*h->is_vip_local));
	return h->is_pool_local && h->is_vip_local ? 0 : -1;
}

/* --- what was found ------------------------------------------------------------ */

static json_t *describe_findings(const struct doctor_findings *f)
{
	json_t *list = json_array();

	array_for_each (finding, f->list, f->n)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "grade",
						      doctor_grade_name(finding->grade), "about",
						      finding->about, "what", finding->what,
						      "advice", finding->advice));
	return list;
}

static bool has_faults(const struct doctor_findings *f)
{
	return f->n && f->list[0].grade == DOCTOR_FAULT;
}

static void print_finding(const struct cli *cli, const struct doctor_finding *f)
{
	static const enum table_color colors[DOCTOR_GRADES] = {
		[DOCTOR_FAULT] = TABLE_RED,
		[DOCTOR_WARNING] = TABLE_YELLOW,
		[DOCTOR_NOTE] = TABLE_PLAIN,
	};

	table_paint(cli->out, cli->color, colors[f->grade], doctor_grade_name(f->grade));
	buf_printf(cli->out, ": %s: %s\n\t-> %s\n", f->about, f->what, f->advice);
}

static void print_findings(const struct cli *cli, const struct doctor_host *h,
			   const struct doctor_findings *f)
{
	size_t n[DOCTOR_GRADES] = { 0 };

	array_for_each (finding, f->list, f->n) {
		print_finding(cli, finding);
		n[finding->grade]++;
	}
	if (!h->may_send_raw)
		buf_puts(cli->out, "without CAP_NET_RAW backends were not asked whether they take "
				   "packets out of tunnels: ask as root\n");
	buf_printf(cli->out,
		   "%zu interfaces and %zu ways to backends: %zu faults, %zu warnings, "
		   "%zu notes\n",
		   h->n_links, h->n_legs, n[DOCTOR_FAULT], n[DOCTOR_WARNING], n[DOCTOR_NOTE]);
}

static enum ctl_exit examine(struct cli *cli, const json_t *data)
{
	_cleanup_(doctor_findings_free) struct doctor_findings found = { 0 };
	_cleanup_(host_free) struct doctor_host host = { 0 };
	_cleanup_(json_decrefp) json_t *json = NULL;

	if (fill_host(&host, data)) {
		buf_puts(cli->err, "shunt: out of memory\n");
		return CTL_FAILED;
	}
	doctor_look_at_host(&host);
	array_for_each (l, host.links, host.n_links)
		doctor_look_at_link(l);
	doctor_ask_tunnels(&host, PATIENCE_MS);
	doctor_judge(&host, &found);
	if (found.failed) {
		buf_puts(cli->err, "shunt: out of memory\n");
		return CTL_FAILED;
	}
	if (cli->json) {
		json = json_pack("{s:i, s:b, s:{s:o, s:b}}", "schema", CTL_SCHEMA, "ok", true,
				 "data", "findings", describe_findings(&found), "tunnels_asked",
				 host.may_send_raw);
		client_dump(json, cli->out);
	} else {
		print_findings(cli, &host, &found);
	}
	return has_faults(&found) ? CTL_NOT_FOUND : CTL_OK;
}

/* Where it is not allowed to look, it is taken for the same. */
static bool is_elsewhere(uint64_t pid)
{
	char path[64];
	struct stat daemons, ours;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/ns/net", pid);
	return !stat(path, &daemons) && !stat("/proc/self/ns/net", &ours) &&
	       daemons.st_ino != ours.st_ino;
}

enum ctl_exit local_doctor(struct cli *cli, const char *const *args, size_t n)
{
	_cleanup_(json_decrefp) json_t *answer = NULL;
	_cleanup_(buf_free) struct buf why = { 0 };
	const struct client_request request = { .command = "doctor", .args = args, .n_args = n };
	enum ctl_exit err = client_ask_ok(cli->socket, &request, &answer, &why);
	const json_t *data;

	if (err)
		return cli_fail(cli, err, &why);
	data = json_object_get(answer, "data");
	if (is_elsewhere(view_int(data, "pid"))) {
		buf_printf(cli->err,
			   "shunt: shuntd is in another network namespace: nsenter -t "
			   "%" PRIu64 " -n shunt doctor\n",
			   view_int(data, "pid"));
		return CTL_FAILED;
	}
	return examine(cli, data);
}
