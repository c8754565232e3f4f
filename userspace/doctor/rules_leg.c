/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules about the ways to backends. What is the same for all backends of a service is
 * said once, of the service.
 */
#include <stdio.h>

#include "base/array.h"
#include "doctor/rules.h"
#include "net/addr.h"

/* Headers of IP and TCP without options: what an MSS leaves out. */
#define HEADERS_V4 40
#define HEADERS_V6 60

#define ABOUT 256

static const char *about_backend(const struct doctor_leg *l, char out[ABOUT])
{
	snprintf(out, ABOUT, "%s/%s", l->service, l->backend);
	return out;
}

/* The largest packet that a client's router may hand over. */
static uint32_t client_mtu(const struct doctor_host *h)
{
	uint32_t mtu = 0;

	array_for_each (l, h->links, h->n_links)
		if (l->attached && l->mtu > mtu)
			mtu = l->mtu;
	return mtu;
}

static void judge_hop(const struct doctor_leg *l, struct doctor_findings *out)
{
	char about[ABOUT], addr[ADDR_TEXT], what[160], via[ADDR_TEXT];

	about_backend(l, about);
	addr_format(&l->addr, addr);
	addr_format(&l->via, via);
	if (!l->has_route) {
		snprintf(what, sizeof(what), "there is no route to %s", addr);
		find(out, FAULT(about, what), "ip route get %s", addr);
	} else if (!l->resolved) {
		snprintf(what, sizeof(what), "nobody says who %s is, on %s", via, l->ifname);
		find(out, FAULT(about, what),
		     "is that host up, and on this link? ping %s; ip neigh show %s", via, via);
	} else if (l->forward == SHUNT_FORWARD_DIRECT && !addr_is_equal(&l->addr, &l->via)) {
		snprintf(what, sizeof(what),
			 "`forward: direct` wants it on the same link, but it is behind %s", via);
		find(out, FAULT(about, what), "take `ipip`, `gue`, `nat` or `fullnat`");
	}
}

/* Clamped, a client's segments fit. */
static bool is_clamped(const struct doctor_leg *l, uint32_t overhead)
{
	return l->mss && l->mss + (l->v6 ? HEADERS_V6 : HEADERS_V4) + overhead <= l->mtu;
}

static void judge_mtu(const struct doctor_leg *l, uint32_t from_clients,
		      struct doctor_findings *out)
{
	const uint32_t overhead = doctor_overhead(l->forward, &l->addr);
	const uint32_t need = from_clients + overhead;
	char what[200];

	if (!overhead || !l->has_route || !l->mtu || need <= l->mtu || is_clamped(l, overhead))
		return;
	snprintf(what, sizeof(what),
		 "IPv%d packets of %u bytes are %u in the tunnel, and %s takes %u: clients have to "
		 "find "
		 "out by ICMP",
		 l->v6 ? 6 : 4, from_clients, need, l->ifname, l->mtu);
	find(out, WARNING(l->service, what),
	     "set the MTU of %s, and of what is behind it, to %u; or `mss: %u` for the service",
	     l->ifname, need, l->mtu - overhead - (l->v6 ? HEADERS_V6 : HEADERS_V4));
}

static void judge_tunnel(const struct doctor_leg *l, struct doctor_findings *out)
{
	char about[ABOUT], addr[ADDR_TEXT], what[160];
	const bool is_gue = l->forward == SHUNT_FORWARD_GUE;

	if (l->tunnel != DOCTOR_TUNNEL_REFUSED)
		return;
	addr_format(&l->addr, addr);
	snprintf(what, sizeof(what), "%s refuses packets in %s: nobody takes them out there", addr,
		 is_gue ? "gue" : "ipip");
	about_backend(l, about);
	if (is_gue)
		find(out, FAULT(about, what),
		     "on that host: shunt-decap, or a fou device for port %u", l->gue_port);
	else
		find(out, FAULT(about, what),
		     "on that host: shunt-decap, or an ipip or ip6tnl device");
}

static void judge_vip(const struct doctor_leg *l, bool is_local, struct doctor_findings *out)
{
	char vip[ADDR_TEXT], what[160];

	if (!is_local)
		return;
	addr_format(&l->vip, vip);
	snprintf(what, sizeof(what),
		 "VIP %s is an address of this host, which answers on other ports itself", vip);
	find(out, NOTE(l->service, what),
	     "shunt needs it on no interface: leave it to the router, if that knows the way");
}

void doctor_judge_legs(const struct doctor_host *h, struct doctor_findings *out)
{
	const uint32_t from_clients = client_mtu(h);

	for (size_t i = 0; i < h->n_legs; i++) {
		const struct doctor_leg *l = &h->legs[i];

		judge_hop(l, out);
		judge_mtu(l, from_clients, out);
		judge_tunnel(l, out);
		judge_vip(l, h->is_vip_local[i], out);
	}
}
