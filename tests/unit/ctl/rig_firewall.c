/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "../../lib/snapshot_fixture.h"
#include "base/cleanup.h"
#include "rig.h"

/* Services of the fixture, with a firewall. */
#define TEXT                                                                                       \
	"version: 1\n"                                                                             \
	"interfaces: { eth0: }\n"                                                                  \
	"firewall:\n"                                                                              \
	"  deny: [198.51.100.0/24, 2001:db8:bad::/48]\n"                                           \
	"  allow: [198.51.100.8]\n"                                                                \
	"  rate_limit: [{ name: syns, match: tcp_syn, rate: 200/s }]\n"                            \
	"services:\n"                                                                              \
	"  web:\n"                                                                                 \
	"    vip: 203.0.113.10\n"                                                                  \
	"    ports: 80/tcp\n"                                                                      \
	"    check: { type: none }\n"                                                              \
	"    firewall: { mode: monitor, deny: [203.0.113.0/24] }\n"                                \
	"    backends: [{ name: nginx1, address: 192.0.2.11 }]\n"                                  \
	"  dns:\n"                                                                                 \
	"    vip: 203.0.113.53\n"                                                                  \
	"    ports: 53/udp\n"                                                                      \
	"    check: { type: none }\n"                                                              \
	"    backends: [{ name: ns1, address: 192.0.2.53 }]\n"

void rig_guard(struct fake_daemon *d)
{
	_cleanup_(buf_free) struct buf said = { 0 };

	cr_assert_eq(conf_parse("t.yaml", TEXT, strlen(TEXT), &said, &d->guarded), 0, "%s",
		     buf_str(&said));
}

void rig_unguard(struct fake_daemon *d)
{
	conf_free(d->guarded);
	firewall_free(d->firewall);
	rules_free(&d->rules);
}

/* The later a rule is in the list, the more it has hit; the last one has not. */
void rig_firewall(struct fake_daemon *d, struct snapshot *s)
{
	firewall_free(d->firewall);
	cr_assert_eq(firewall_build(d->guarded, &d->admin, &d->rules, &d->firewall), 0);
	s->conf = d->guarded;
	for (size_t i = 0; i < s->n_services; i++)
		((struct conf_service *)s->services[i].conf)->firewall =
			d->guarded->services[i].firewall;
	s->n_rules = d->firewall->n_rules;
	s->rules = calloc(s->n_rules, sizeof(*s->rules));
	for (size_t i = 0; i < s->n_rules; i++)
		s->rules[i] = (struct snapshot_rule){ .rule = &d->firewall->rules[i],
						      .hits = i + 1 < s->n_rules ? 10 * i : 0 };
}

int rig_prefix_say(void *app, const struct admin_prefix *said, bool is_added)
{
	struct fake_daemon *d = app;
	int err = d->prefix_err;

	/* Whatever else goes wrong does so in the maps. */
	if (err == -ENOSPC || err == -ENOMEM)
		return err;
	return (is_added ? admin_put_prefix(&d->admin, said) : admin_del_prefix(&d->admin, said))
		       ?: err;
}
