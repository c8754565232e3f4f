/* SPDX-License-Identifier: BSD-2-Clause */
/* The firewall and packets of every kind. */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include "sentry.h"

static const char *const shop[] = { SHOP4, SHOP6 };
static const char *const open_vip[] = { OPEN4, OPEN6 };

#define ROUTER4 "203.0.113.77"
#define ROUTER6 "2001:db8:77::1"

static const char *const clients[] = { CLIENT4, CLIENT6 };
static const char *const routers[] = { ROUTER4, ROUTER6 };
static const char *const strangers[] = { STRANGER4, STRANGER6 };

static void check_packet(struct sentry *g, const struct packet *p, bool denied)
{
	sentry_expect(g, p, denied);
	if (denied)
		g->hits[1]++;
}

/* Packets of a client to services, plain ones and odd ones. */
static void check_flow(struct sentry *g, bool v6, bool denied)
{
	struct packet p = { .src = clients[v6], .dst = shop[v6], .sport = 40003 };

	p.dport = PORT_DIRECT;
	p.proto = IPPROTO_TCP;
	check_packet(g, &p, denied);
	p.proto = IPPROTO_UDP;
	check_packet(g, &p, denied);
	p.tags = 2;
	check_packet(g, &p, denied);
	p.tags = 0;
	p.dport = PORT_NAT_NO_BACKEND;
	check_packet(g, &p, denied);
	if (v6)
		p.extension[0] = FRAME_EXTENSION(IPPROTO_DSTOPTS);
	else
		p.options = 8;
	p.dport = PORT_DIRECT;
	check_packet(g, &p, denied);
}

/* The first one, then those that follow it, if it was let through. */
static void check_fragments(struct sentry *g, bool v6, bool denied)
{
	struct packet p = { .src = clients[v6], .dst = open_vip[v6], .sport = 40003 };

	p.dport = 443;
	p.proto = IPPROTO_UDP;
	p.id = 0x4000 + denied;
	p.payload = 64;
	p.fragment = 0x2000;
	if (v6)
		p.extension[0] = FRAME_EXTENSION(IPPROTO_FRAGMENT);
	check_packet(g, &p, denied);
	/* Known from before, so it is not lost for another reason. */
	p.id = 0x4000;
	p.fragment = 8;
	check_packet(g, &p, denied);
}

static void check_ping(struct sentry *g, bool v6, bool denied)
{
	struct packet p = { .src = clients[v6], .dst = shop[v6], .payload = 32 };

	p.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	p.icmp_type = v6 ? 128 : 8;
	check_packet(g, &p, denied);
}

/* An error about a flow of the client's, said by a router. */
static void check_error(struct sentry *g, bool v6, bool denied)
{
	struct packet sent = { .src = shop[v6], .dst = clients[v6], .dport = 40003 };
	struct packet p = { .src = routers[v6], .dst = shop[v6], .quoted = &sent };

	sent.sport = PORT_DIRECT;
	sent.proto = IPPROTO_TCP;
	p.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	p.icmp_type = v6 ? 1 : 3;
	p.icmp_code = v6 ? 4 : 1;
	check_packet(g, &p, denied);
}

static void check_all(struct sentry *g, bool denied)
{
	for (int v6 = 0; v6 < 2; v6++) {
		check_flow(g, v6, denied);
		check_fragments(g, v6, denied);
		check_ping(g, v6, denied);
		check_error(g, v6, denied);
	}
}

Test(guard_odd, packets_of_every_kind)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();

	check_all(g, false);
	sentry_add(g, 0, sentry_prefix(CLIENT4, 32, DENY(1)));
	sentry_add(g, 0, sentry_prefix(CLIENT6, 128, DENY(1)));
	sentry_publish(g);
	check_all(g, true);
	g->lists[0].n = 0;
	sentry_publish(g);
	check_all(g, false);
	sentry_expect_totals(g);
}

/* Who may not send may not say either what becomes of the packets of others. */
Test(guard_odd, errors_by_who_is_denied)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();

	sentry_add(g, 0, sentry_prefix(ROUTER4, 32, DENY(1)));
	sentry_add(g, 0, sentry_prefix(ROUTER6, 128, DENY(1)));
	sentry_publish(g);
	for (int v6 = 0; v6 < 2; v6++) {
		check_error(g, v6, true);
		check_ping(g, v6, false);
	}
	sentry_expect_totals(g);
}

/* What is for no service is the host's own, whatever lists say. */
Test(guard_odd, what_is_for_no_service_is_not_looked_at)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();

	sentry_add(g, 0, sentry_prefix("0.0.0.0", 0, DENY(1)));
	sentry_add(g, 0, sentry_prefix("::", 0, DENY(1)));
	sentry_publish(g);
	for (int v6 = 0; v6 < 2; v6++) {
		struct packet p = { .src = clients[v6], .dst = strangers[v6], .sport = 40003 };
		struct frame in;

		for (int i = 0; i < 3; i++) {
			p.proto = i ? IPPROTO_UDP : IPPROTO_TCP;
			p.dport = i == 1 ? PORT_DIRECT : 22;
			p.dst = i == 2 ? shop[v6] : strangers[v6];
			p.dport = i == 2 ? PORT_NOBODY : p.dport;
			frame_build(&p, &in);
			cr_expect(rig_check(g->rig, &in));
			cr_expect_eq(g->rig->verdict.reason, SHUNT_NOT_SERVICE);
		}
		p = (struct packet){ .src = clients[v6], .dst = strangers[v6] };
		p.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		p.icmp_type = v6 ? 128 : 8;
		frame_build(&p, &in);
		cr_expect(rig_check(g->rig, &in));
	}
	sentry_expect_totals(g);
}
