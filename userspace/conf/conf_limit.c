/* SPDX-License-Identifier: BSD-2-Clause */
/* firewall.rate_limit, of all services and of one: how many packets may come. */
#include <stdio.h>
#include <string.h>

#include "conf/conf_limit.h"
#include "conf/conf_tables.h"
#include "conf/conf_unique.h"
#include "conf/conf_value.h"

#define OFF(member) offsetof(struct conf_limit, member)

/* The clock of the program may take as long from one tick to the next: 10 ms. */
#define TICKS_PER_S 100
/* Until a bucket that was full is empty: what the program keeps is no longer. */
#define MAX_DEPTH_S 3600

static const struct conf_field limit_rows[] = {
	{
		.key = "name",
		.kind = CONF_NAME,
		.effect = CONF_LIVE,
		.required = true,
		.off = OFF(name),
		.doc = "Name of the limit in commands and metrics.",
	},
	{
		.key = "match",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.required = true,
		.off = OFF(match),
		.words = conf_limit_match_words,
		.doc = "What is counted: tcp_syn is the first packet of each TCP connection, and "
		       "not an answer to one; udp is every packet of UDP; packets is every packet; "
		       "icmp is pings to a VIP and errors, which are of no service, so that only "
		       "the limits for all services can have it.",
	},
	{
		.key = "by",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(by),
		.words = conf_limit_by_words,
		.preset = "source",
		.doc = "Whom the limit is for: source is each source for itself, for all services "
		       "together that the limit is of; service is all sources together, for each "
		       "service by itself.",
	},
	{
		.key = "prefix4",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(prefix4),
		.min = 1,
		.max = 32,
		.preset = "32",
		.doc = "IPv4 sources with so many leading bits in common are one.",
	},
	{
		.key = "prefix6",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(prefix6),
		.min = 1,
		.max = 128,
		.preset = "64",
		.doc = "IPv6 sources with so many leading bits in common are one: who has a "
		       "network of 64 bits has all addresses in it.",
	},
	{
		.key = "rate",
		.kind = CONF_RATE,
		.effect = CONF_LIVE,
		.required = true,
		.off = OFF(rate),
		.min = 1,
		.max = CONF_MAX_RATE,
		.doc = "So many may come in that time, again and again.",
	},
	{
		.key = "burst",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(burst),
		.min = 1,
		.max = CONF_MAX_RATE,
		.doc = "And so many at once, if none came before. Without it as many as the number "
		       "in rate.",
	},
};

static void verify_burst(struct conf_job *job, const struct conf_node *node,
			 const struct conf_limit *l)
{
	const uint64_t least = (l->rate.count + (uint64_t)l->rate.per_s * TICKS_PER_S - 1) /
			       ((uint64_t)l->rate.per_s * TICKS_PER_S);

	if (l->burst < least)
		conf_error(job, node,
			   "%u is less than what comes in 10 ms at this rate, which is how exactly "
			   "time is looked at: at least %u",
			   l->burst, (unsigned int)least);
	else if ((uint64_t)l->burst * l->rate.per_s > (uint64_t)l->rate.count * MAX_DEPTH_S)
		conf_error(job, node,
			   "%u at this rate take longer than an hour, which is the longest that is "
			   "remembered: at most %u",
			   l->burst,
			   (unsigned int)((uint64_t)l->rate.count * MAX_DEPTH_S / l->rate.per_s));
}

static void verify_limit(struct conf_job *job, const struct conf_node *node, void *base)
{
	const struct conf_node *burst = conf_node_get(node, "burst");
	static const char *const prefixes[] = { "prefix4", "prefix6" };
	struct conf_limit *l = base;

	array_for_each (p, prefixes, array_len(prefixes)) {
		const struct conf_node *prefix = conf_node_get(node, *p);

		if (prefix && l->by == CONF_LIMIT_BY_SERVICE)
			conf_error(job, prefix, "by: service does not look at sources");
	}
	/* What was wrong in itself has been noted. */
	if (!l->rate.count || (burst && !l->burst))
		return;
	if (!l->burst)
		l->burst = l->rate.count;
	verify_burst(job, burst ? burst : node, l);
}

static const struct conf_fields limit_fields = {
	CONF_FIELDS(limit_rows),
	.verify = verify_limit,
};

const struct conf_elem conf_limit_elem = {
	.size = sizeof(struct conf_limit),
	.fields = &limit_fields,
	.off_name = OFF(name),
};

static void note_repeated_name(struct conf_job *job, const struct conf_entry *first,
			       const struct conf_entry *again)
{
	conf_error(job, again->node, "another limit is called %s (%s)",
		   conf_quoted(job, again->node), conf_line_of_node(job, again->node, first->node));
}

void conf_limits_verify(struct conf_job *job, const struct conf_node *list,
			const struct conf_limits *limits, bool of_service)
{
	struct conf_unique names = conf_unique_make(job, limits->n);
	const struct conf_node *node = limits->n ? list->first : NULL;

	if (limits->n > CONF_MAX_LIMITS)
		conf_error(job, list, "%zu limits, at most %d are possible", limits->n,
			   CONF_MAX_LIMITS);
	array_for_each (l, limits->limits, limits->n) {
		if (l->name)
			conf_unique_add(&names,
					(struct conf_entry){ l->name, strlen(l->name),
							     conf_node_get(node, "name"), l });
		if (of_service && l->match == CONF_LIMIT_ICMP)
			conf_error(
				job, conf_node_get(node, "match"),
				"icmp is of no service: limit it for all, in firewall.rate_limit");
		node = node->next;
	}
	conf_unique_report(job, &names, note_repeated_name);
}

const char *conf_rate_format(const struct conf_rate *r, char out[CONF_RATE_TEXT])
{
	snprintf(out, CONF_RATE_TEXT, "%u/%s", r->count,
		 r->per_s == 1	  ? "s"
		 : r->per_s == 60 ? "m"
				  : "h");
	return out;
}
