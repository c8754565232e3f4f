/* SPDX-License-Identifier: BSD-2-Clause */
/* The firewall as JSON, and pieces of it as text. */
#ifndef CTL_FIREWALL_DESCRIBE_H
#define CTL_FIREWALL_DESCRIBE_H

#include <jansson.h>

#include "dataplane/snapshot.h"
#include "plan/firewall_look.h"

/* The rules with their hits; what was added at runtime, one by one. */
json_t *firewall_describe_rule(const struct snapshot_rule *r);
json_t *firewall_describe_rules(const struct snapshot *s);
json_t *firewall_describe_runtime(const struct snapshot *s);
/* As the config has it. */
json_t *firewall_describe_conf(const struct conf_firewall *f);
json_t *firewall_describe_match(const struct firewall_match *m);

/* "deny 192.0.2.0/24", "deny /etc/shunt/bad.cidr, line 7: 192.0.2.0/24", of JSON. */
void firewall_render_match(const json_t *match, struct buf *out);

/* "198.51.100.0/24 denied, of service web, 59m left", of JSON. */
void firewall_render_runtime(const json_t *prefix, uint64_t now, struct buf *out);

#endif /* CTL_FIREWALL_DESCRIBE_H */
