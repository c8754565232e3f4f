/* SPDX-License-Identifier: BSD-2-Clause */
/* defaults: what services share. */
#include "conf/conf_tables.h"

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
