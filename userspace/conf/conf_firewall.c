/* SPDX-License-Identifier: BSD-2-Clause */
/* firewall: who may send, to all services and, written in a service, to that one. */
#include "conf/conf_tables.h"
#include "conf/conf_value.h"

#define OFF(member) offsetof(struct conf_firewall, member)

static const struct conf_field firewall_rows[] = {
	{
		.key = "mode",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(mode),
		.words = conf_firewall_mode_words,
		.preset = "enforce",
		.doc = "enforce: what rules refuse is dropped. monitor: it is counted by its rule, "
		       "and passes, to see what rules would do.",
	},
	{
		.key = "deny",
		.kind = CONF_PREFIXES,
		.effect = CONF_LIVE,
		.off = OFF(deny),
		.doc = "Who may not send: prefixes, and { file: /path/*.cidr } for files with one "
		       "a "
		       "line, with comments behind # or ;. Each prefix that stands here, and each "
		       "file, is a rule with a counter of its own.",
	},
	{
		.key = "allow",
		.kind = CONF_PREFIXES,
		.effect = CONF_LIVE,
		.off = OFF(allow),
		.doc = "Who may send whatever else the firewall says, written in the same way: a "
		       "prefix that is allowed wins over any that is denied, also over longer "
		       "ones, and those of a service and those of all services count alike.",
	},
	{
		.key = "rate_limit",
		.kind = CONF_LIST,
		.effect = CONF_LIVE,
		.elem = &conf_limit_elem,
		.off = OFF(limits.limits),
		.off_also = OFF(limits.n),
		.doc = "How many packets may come: limits that are asked in this order, for each "
		       "service before its own. Who is allowed is not limited.",
	},
	{
		.key = "rate_limit_memory",
		.kind = CONF_SIZE,
		.effect = CONF_LIVE,
		.off = OFF(limit_memory_bytes),
		.min = 64,
		.max = 1 << 20,
		.preset = "4MiB",
		.doc = "What limits by source may take in the kernel, 8 bytes a source, whoever "
		       "sends: when there are more, those are forgotten that sent least.",
	},
	{
		.key = "tcp_flags",
		.kind = CONF_SWITCH,
		.effect = CONF_LIVE,
		.off = OFF(tcp_flags_pass),
		.words = conf_tcp_flags_words,
		.preset = "drop",
		.doc = "TCP segments whose flags no connection has a use for, as scans have them: "
		       "without SYN, ACK and RST, SYN with FIN or RST, FIN with RST. Those of ECN "
		       "and fast open pass. Without a section firewall they all pass.",
	},
	{
		.key = "syn_cookies",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(syn_cookies),
		.words = conf_syn_cookies_words,
		.preset = "never",
		.doc = "Whether SYNs to services of forward nat and fullnat are answered by this "
		       "host itself, by SYN cookies: then nothing is kept of a connection before "
		       "its client has shown that its address is its own. auto: while there are "
		       "too many. Connections that begin so have no window scaling, no "
		       "selective acknowledgements and no timestamps. Of other ways of "
		       "forwarding servers answer themselves.",
	},
	{
		.key = "syn_cookies_above",
		.kind = CONF_RATE,
		.effect = CONF_LIVE,
		.off = OFF(syn_cookies_above),
		.min = 1,
		.max = CONF_MAX_RATE,
		.preset = "1000/s",
		.doc = "More SYNs are too many, of all services of nat and fullnat together. "
		       "Cookies go on until for 10 seconds there were no more than half of them.",
	},
};

static void verify_section(struct conf_job *job, const struct conf_node *node, void *base)
{
	struct conf_firewall *f = base;

	f->is_written = true;
	conf_limits_verify(job, conf_node_get(node, "rate_limit"), &f->limits, false);
}

const struct conf_fields conf_firewall_fields = {
	CONF_FIELDS(firewall_rows),
	.verify = verify_section,
};

static const struct conf_field service_firewall_rows[] = {
	{
		.key = "mode",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(mode),
		.words = conf_firewall_mode_words,
		.base = "firewall.mode",
		.doc = "Of the rules that stand here.",
	},
	{
		.key = "deny",
		.kind = CONF_PREFIXES,
		.effect = CONF_LIVE,
		.off = OFF(deny),
		.doc = "Who may not send to this service, beside those of firewall.deny.",
	},
	{
		.key = "allow",
		.kind = CONF_PREFIXES,
		.effect = CONF_LIVE,
		.off = OFF(allow),
		.doc = "Who may send to this service, whatever is denied to them here and in "
		       "firewall.deny.",
	},
	{
		.key = "rate_limit",
		.kind = CONF_LIST,
		.effect = CONF_LIVE,
		.elem = &conf_limit_elem,
		.off = OFF(limits.limits),
		.off_also = OFF(limits.n),
		.doc = "How many packets may come to this service, beside firewall.rate_limit.",
	},
	{
		.key = "syn_cookies",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(syn_cookies),
		.words = conf_syn_cookies_words,
		.base = "firewall.syn_cookies",
		.doc = "Whether SYNs to this service are answered by SYN cookies, where it is of "
		       "forward nat or fullnat.",
	},
};

static void verify_service_section(struct conf_job *job, const struct conf_node *node, void *base)
{
	struct conf_firewall *f = base;

	f->is_written = true;
	conf_limits_verify(job, conf_node_get(node, "rate_limit"), &f->limits, true);
}

const struct conf_fields conf_service_firewall_fields = {
	CONF_FIELDS(service_firewall_rows),
	.verify = verify_service_section,
};

static size_t count_rules(const struct conf_firewall *f)
{
	return f->deny.n + f->allow.n + f->limits.n;
}

/* It is the server that answers, and knows what it has answered. */
static void warn_of_idle_cookies(struct conf_job *job, const struct conf_node *firewall,
				 const struct conf *conf)
{
	const struct conf_node *own = conf_node_get(firewall, "syn_cookies");

	array_for_each (s, conf->services, conf->n_services)
		if (conf_forward_is_nat(s->forward))
			return;
	if (own && conf->firewall.syn_cookies != CONF_SYN_COOKIES_NEVER)
		conf_warning(job, own,
			     "no service is of forward nat or fullnat: the servers of others "
			     "answer SYNs themselves");
}

void conf_firewall_verify(struct conf_job *job, const struct conf_node *root,
			  const struct conf *conf)
{
	const struct conf_node *own = conf_node_get(root, "firewall");
	size_t n = count_rules(&conf->firewall);

	if (own && !root->is_open)
		warn_of_idle_cookies(job, own, conf);
	array_for_each (s, conf->services, conf->n_services)
		n += count_rules(&s->firewall);
	if (n > CONF_MAX_RULES)
		conf_error(job, own ?: conf_node_get(root, "services"),
			   "%zu rules of the firewall, at most %d are possible: put prefixes into "
			   "files, each of which is one rule",
			   n, CONF_MAX_RULES);
}
