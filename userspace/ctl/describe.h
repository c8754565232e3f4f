/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The snapshot as JSON: the words of the protocol. Keys are only ever added;
 * numbers are raw, in the unit that the key names.
 */
#ifndef CTL_DESCRIBE_H
#define CTL_DESCRIBE_H

#include <jansson.h>

#include "ctl/command.h"
#include "dataplane/snapshot.h"

/* As many of its backends are usable as it needs. */
bool describe_is_healthy(const struct snapshot_service *s);

/* "drain", "maint", else the health: "up", "down", "unknown". */
const char *describe_backend_state(const struct snapshot_backend *b);

/* What it has left that is drained: flows, connections, slots that know of it, or null. */
json_t *describe_drain(const struct snapshot_backend *b);

/* A moment on the clock of clock_now_ms() in seconds since 1970; 0 for 0. */
uint64_t describe_wall(const struct snapshot *s, uint64_t ms);

/* @text as JSON; what is not UTF-8 in it becomes '?'. */
json_t *describe_text(const char *text);
json_t *describe_addr(const struct shunt_addr *a);

/* New references, or NULL if out of memory. _deep: with the backends. */
json_t *describe_daemon(const struct snapshot *s);
json_t *describe_reloads(const struct snapshot *s); /* the config file, and how reloads ended */
json_t *describe_service_deep(const struct snapshot_service *s);
json_t *describe_service_alone(const struct snapshot_service *s); /* without its backends */
json_t *describe_backend_of(const struct snapshot_service *s, size_t i);
json_t *describe_services(const struct snapshot *s);
json_t *describe_services_deep(const struct snapshot *s);
json_t *describe_interfaces(const struct snapshot *s);
json_t *describe_hops(const struct snapshot *s);
json_t *describe_hop(const struct snapshot_hop *h);
json_t *describe_reasons(const struct snapshot *s);
json_t *describe_maps(const struct snapshot *s);
json_t *describe_flows(const struct snapshot *s); /* the flow cache */
json_t *describe_conntrack(const struct snapshot *s); /* connections of nat */
json_t *describe_peers(const struct snapshot *s); /* other balancers, or null */
json_t *describe_tables(const struct snapshot *s); /* where slots lie */
json_t *describe_slots(const struct snapshot *s); /* number by state */
json_t *describe_announcements(const struct snapshot *s);
json_t *describe_conf(const struct conf *conf);
json_t *describe_check(const struct conf_check *check);
json_t *describe_overrides(const struct snapshot *s); /* drains, weights and the like */
json_t *describe_edits(const struct snapshot *s); /* backends that came and went at runtime */

/* What was logged after serial @after, as far as it is known, the newest last. */
json_t *describe_events(uint64_t after);

/*
 * For everybody to read: the newest first, DESCRIBE_EVENTS at most, without those for
 * debugging, and of each the first line, as more of them quote the config.
 */
#define DESCRIBE_EVENTS 40
json_t *describe_latest_events(void);

/*
 * What /status.json has beside services and neighbors, which are many: nothing that is
 * secret.
 */
json_t *describe_rest(const struct snapshot *s);

/*
 * Put @value (stolen; NULL: out of memory) into the answer. Return: CTL_OK, or
 * CTL_FAILED with the error said.
 */
enum ctl_exit describe_put(struct ctl_call *call, const char *key, json_t *value);

/* The daemon now, or NULL with the error said. Released with snapshot_free(). */
struct snapshot *describe_snapshot(struct ctl_call *call);

#endif /* CTL_DESCRIBE_H */
