/* SPDX-License-Identifier: BSD-2-Clause */
/* services: what is balanced, and to whom. */
#include "conf/conf_tables.h"
#include "conf/conf_value.h"

#define OFF(member) offsetof(struct conf_service, member)

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
		.key = "gue_port",
		.kind = CONF_PORT_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(gue_port),
		.min = 1,
		.max = 65535,
		.base = "defaults.gue_port",
		.doc = "UDP port that its backends take packets of forward gue at.",
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
		.key = "failback",
		.kind = CONF_SWITCH,
		.effect = CONF_LIVE,
		.off = OFF(failback),
		.words = conf_failback_words,
		.preset = "yes",
		.doc = "What new flows do with scheduler first when an earlier backend is usable "
		       "again: yes returns them to it; no leaves them where they are for as long "
		       "as that one is usable, which is remembered over a restart.",
	},
	{
		.key = "when_all_down",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(when_all_down),
		.words = conf_all_down_words,
		.preset = "drop",
		.doc = "Who gets flows while no backend is usable: drop is nobody; last is whoever "
		       "had them before, so that nothing moves when the last one fails; all is "
		       "every backend that is down, as if it were up. One that is drained or of "
		       "weight 0 gets none.",
	},
	{
		.key = "on_down",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(on_down),
		.words = conf_on_down_words,
		.base = "defaults.on_down",
		.doc = "What becomes of the flows that a backend has when its check fails.",
	},
	{
		.key = "slow_start",
		.kind = CONF_OFF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(slow_start_ms),
		.min = 1000,
		.max = CONF_MAX_SLOW_START_MS,
		.base = "defaults.slow_start",
		.doc = "In this time a backend that has come up gets ever more flows.",
	},
	{
		.key = "min_healthy",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(min_healthy),
		.max = SHUNT_MAX_MEMBERS - 1,
		.preset = "1",
		.doc = "With fewer usable backends the service is unhealthy: status, health and "
		       "metrics say so, and its VIPs are not announced (ha.announce). Those that "
		       "there are go on getting flows. 0: it is unhealthy without any, as with 1, "
		       "but its VIPs are announced all the same.",
	},
	{
		.key = "drain",
		.kind = CONF_GROUP,
		.fields = &conf_drain_fields,
		.off = OFF(drain),
		.base = "defaults.drain",
		.doc = "How its backends are drained.",
	},
	{
		.key = "udp",
		.kind = CONF_SWITCH,
		.effect = CONF_LIVE,
		.off = OFF(udp_moves),
		.words = conf_udp_words,
		.preset = "keep",
		.doc = "What UDP flows do when their slot moves: keep leaves them where they are, "
		       "and for flow_early and flow_idle new ones too, which cannot be told from "
		       "them; move sends all to the new backend at once, which suits protocols of "
		       "one question and one answer, such as DNS.",
	},
	{
		.key = "track",
		.kind = CONF_BOOL,
		.effect = CONF_LIVE,
		.off = OFF(track),
		.preset = "false",
		.doc = "Whether every flow is kept in the flow cache from its first packet on, not "
		       "only those of slots that move: a lookup for every packet, and room for "
		       "every flow.",
	},
	{
		.key = "affinity",
		.kind = CONF_OFF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(affinity_ms),
		.min = 1000,
		.max = 8 * 3600 * 1000,
		.preset = "off",
		.doc = "For so long after its last packet all flows of a client go to the backend "
		       "that "
		       "it had, as long as that is up. The client is its address, and is kept in "
		       "the flow cache.",
	},
	{
		.key = "fragments",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(fragments),
		.words = conf_fragments_words,
		.preset = "track",
		.doc = "What becomes of IP fragments, of which only the first one has ports. "
		       "track: "
		       "the others follow the first one, which this host must have seen. l3hash: "
		       "no packet of the service is spread by its ports, only by its addresses, so "
		       "all balancers of a fleet agree on fragments; but all clients behind one "
		       "address, such as a resolver or a NAT gateway, have one server, which is "
		       "why it is no preset. drop: they are dropped.",
	},
	{
		.key = "mss",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(mss),
		.min = 536,
		.max = 65495,
		.doc = "TCP SYNs that announce larger segments are made to announce this, with "
		       "nat and fullnat in both directions. For paths to clients that are smaller "
		       "than the clients know. With the other ways of forwarding it makes no room "
		       "for outer headers, because what clients send follows what the server "
		       "announces, behind the balancer's back. Without it nothing is changed.",
	},
	{
		.key = "max_connections",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(max_connections),
		.max = CONF_MAX_CONNECTIONS,
		.base = "defaults.max_connections",
		.doc = "What a backend of the service has at most at a time, unless it says "
		       "otherwise. "
		       "0: no limit.",
	},
	{
		.key = "timeouts",
		.kind = CONF_GROUP,
		.fields = &conf_timeouts_fields,
		.off = OFF(timeouts),
		.base = "defaults.timeouts",
		.doc = "For how long its silent connections are kept, of forward nat and fullnat.",
	},
	{
		.key = "slots",
		.kind = CONF_POWER,
		.effect = CONF_LIVE,
		.off = OFF(slots),
		.min = SHUNT_MIN_SLOTS,
		.max = SHUNT_MAX_SLOTS,
		.base = "dataplane.slots",
		.doc = "Slots of its table. Fewer than before break flows, more do not.",
	},
	{
		.key = "firewall",
		.kind = CONF_GROUP,
		.fields = &conf_service_firewall_fields,
		.off = OFF(firewall),
		.doc = "Who may send to this service, beside what is said for all services.",
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
		.elem = &conf_backend_elem,
		.off = OFF(backends),
		.off_also = OFF(n_backends),
		.doc = "The servers.",
	},
};

static const struct conf_field drain_rows[] = {
	{
		.key = "timeout",
		.kind = CONF_OFF_MSEC,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_drain, timeout_ms),
		.min = 1000,
		.max = 240 * 3600 * 1000U,
		.preset = "off",
		.doc = "For how long flows stay with a backend that is drained, if the command "
		       "does not say: what there is then becomes what on_down says, but with "
		       "on_down: keep it stays. off: for as long as they live.",
	},
};

const struct conf_fields conf_drain_fields = { CONF_FIELDS(drain_rows) };

bool conf_service_is_limited(const struct conf_service *s)
{
	array_for_each (b, s->backends, s->n_backends)
		if (b->max_connections)
			return true;
	return false;
}

bool conf_service_needs_memory(const struct conf_service *s)
{
	return conf_scheduler_is_per_flow(s->scheduler) || s->affinity_ms ||
	       conf_service_is_limited(s);
}

static const struct conf_fields service_fields = {
	CONF_FIELDS(service_rows),
	.verify = conf_service_verify,
};

static void begin_service(struct conf_job *job, const struct conf_node *node, void *item,
			  const void *parent)
{
	const struct conf_draft *draft = parent;
	struct conf_service *s = item;

	s->name = conf_job_keep_text(job, node->key->text);
	s->file = conf_job_file(job, node->key->pos.file).name;
	s->line = node->key->pos.line;
	s->forward = draft->defaults.forward;
	s->gue_port = draft->defaults.gue_port;
	s->scheduler = draft->defaults.scheduler;
	s->max_connections = draft->defaults.max_connections;
	s->on_down = draft->defaults.on_down;
	s->drain = draft->defaults.drain;
	s->slow_start_ms = draft->defaults.slow_start_ms;
	s->timeouts = draft->defaults.timeouts;
	s->firewall.mode = draft->conf.firewall.mode;
	s->firewall.syn_cookies = draft->conf.firewall.syn_cookies;
	s->check = draft->defaults.check;
}

const struct conf_elem conf_service_elem = {
	.size = sizeof(struct conf_service),
	.fields = &service_fields,
	.begin = begin_service,
	.off_name = OFF(name),
	.above = &conf_defaults_fields,
	.off_above = offsetof(struct conf_draft, defaults),
	.is_name = conf_is_name,
	.name_rule = CONF_NAME_RULE,
	.name_pattern = CONF_NAME_PATTERN,
};
