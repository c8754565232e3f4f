/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/describe.h"

json_t *describe_daemon(const struct snapshot *s)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:I, s:I, s:b, s:I, s:f}", "version", s->version,
			 "abi", SHUNT_ABI_VERSION, "pid", s->pid, "prober_pid", s->prober_pid,
			 "now", (json_int_t)s->now_wall_s, "started", (json_int_t)s->start_wall_s,
			 "adopted", s->adopted, "rss_bytes", (json_int_t)s->rss_bytes,
			 "cpu_seconds", s->cpu_seconds);
}

json_t *describe_reloads(const struct snapshot *s)
{
	return json_pack("{s:o, s:I, s:b, s:I, s:I, s:i}", "path", describe_text(s->conf->path),
			 "loaded", (json_int_t)s->conf_loaded_wall_s, "last_reload_ok",
			 s->conf_last_reload_ok, "reloads_applied", (json_int_t)s->conf_reloads[1],
			 "reloads_refused", (json_int_t)s->conf_reloads[0], "confirm_left_s",
			 (int)s->confirm_left_s);
}

json_t *describe_rest(const struct snapshot *s)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
			 CTL_SCHEMA, "daemon", describe_daemon(s), "config", describe_reloads(s),
			 "interfaces", describe_interfaces(s), "reasons", describe_reasons(s),
			 "flows", describe_flows(s), "conntrack", describe_conntrack(s), "slots",
			 describe_slots(s), "overrides", describe_overrides(s), "edits",
			 describe_edits(s), "events", describe_latest_events(), "announcements",
			 describe_announcements(s));
}
