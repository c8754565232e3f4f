/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/array.h"
#include "net/addr.h"
#include "net/netlink.h"

/* Attributes of one message by type; NULL where there is none. */
#define ATTRS 64

struct attrs {
	const struct nlattr *a[ATTRS];
};

static int attrs_collect(const struct nlattr *a, void *data)
{
	struct attrs *attrs = data;
	uint16_t type = mnl_attr_get_type(a);

	if (type < ATTRS)
		attrs->a[type] = a;
	return MNL_CB_OK;
}

static bool attrs_get(const struct attrs *attrs, uint16_t type, void *out, size_t len)
{
	const struct nlattr *a = attrs->a[type];

	if (!a || mnl_attr_get_payload_len(a) < len)
		return false;
	memcpy(out, mnl_attr_get_payload(a), len);
	return true;
}

static bool attrs_get_addr(const struct attrs *attrs, uint16_t type, int family,
			   struct shunt_addr *out)
{
	uint8_t bytes[16];

	if (!attrs_get(attrs, type, bytes, family == AF_INET ? 4 : 16))
		return false;
	*out = addr_from_bytes(family, bytes);
	return true;
}

static bool is_inet(int family)
{
	return family == AF_INET || family == AF_INET6;
}

static struct attrs attrs_nested(const struct attrs *attrs, uint16_t type)
{
	struct attrs inside = { 0 };

	if (attrs->a[type])
		mnl_attr_parse_nested(attrs->a[type], attrs_collect, &inside);
	return inside;
}

static bool attrs_is_text(const struct attrs *attrs, uint16_t type, const char *text)
{
	const struct nlattr *a = attrs->a[type];
	const size_t len = strlen(text);

	/* Some kernels send the zero behind it, too. */
	return a && mnl_attr_get_payload_len(a) >= len && mnl_attr_get_payload_len(a) <= len + 1 &&
	       !memcmp(mnl_attr_get_payload(a), text, len);
}

static void link_vlan(const struct attrs *attrs, struct netlink_link *link)
{
	const struct attrs info = attrs_nested(attrs, IFLA_LINKINFO);
	const struct attrs vlan = attrs_nested(&info, IFLA_INFO_DATA);
	uint16_t tpid = htons(ETH_P_8021Q);
	int32_t below;

	if (!attrs_is_text(&info, IFLA_INFO_KIND, "vlan") ||
	    !attrs_get(&vlan, IFLA_VLAN_ID, &link->vlan_id, sizeof(link->vlan_id)))
		return;
	attrs_get(&vlan, IFLA_VLAN_PROTOCOL, &tpid, sizeof(tpid));
	link->tpid = ntohs(tpid);
	if (!attrs->a[IFLA_LINK_NETNSID] && attrs_get(attrs, IFLA_LINK, &below, sizeof(below)))
		link->below = below;
}

static int parse_link(const struct nlmsghdr *nlh, const struct attrs *attrs,
		      struct netlink_event *ev)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct netlink_link *link = &ev->link;
	const struct nlattr *name = attrs->a[IFLA_IFNAME];

	/* A bridge tells of its ports in messages of its own family. */
	if (ifi->ifi_family != AF_UNSPEC) {
		ev->kind = NETLINK_OTHER;
		return 0;
	}
	if (!name || !attrs_get(attrs, IFLA_MTU, &link->mtu, sizeof(link->mtu)))
		return -EINVAL;
	link->ifindex = ifi->ifi_index;
	link->up = ifi->ifi_flags & IFF_UP;
	link->has_mac = ifi->ifi_type == ARPHRD_ETHER && !(ifi->ifi_flags & IFF_NOARP) &&
			attrs_get(attrs, IFLA_ADDRESS, link->mac, sizeof(link->mac));
	strncpy(link->name, mnl_attr_get_payload(name),
		mnl_attr_get_payload_len(name) < IF_NAMESIZE ? mnl_attr_get_payload_len(name)
							     : IF_NAMESIZE - 1);
	link_vlan(attrs, link);
	return 0;
}

static int parse_addr(const struct nlmsghdr *nlh, const struct attrs *attrs,
		      struct netlink_event *ev)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	uint32_t flags = ifa->ifa_flags;

	if (!is_inet(ifa->ifa_family)) {
		ev->kind = NETLINK_OTHER;
		return 0;
	}
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	if (!attrs_get_addr(attrs, IFA_LOCAL, ifa->ifa_family, &ev->addr.addr) &&
	    !attrs_get_addr(attrs, IFA_ADDRESS, ifa->ifa_family, &ev->addr.addr))
		return -EINVAL;
	attrs_get(attrs, IFA_FLAGS, &flags, sizeof(flags));
	ev->addr.ifindex = ifa->ifa_index;
	ev->addr.usable =
		ifa->ifa_scope == RT_SCOPE_UNIVERSE &&
		!(flags & (IFA_F_SECONDARY | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED));
	return 0;
}

/* RTAX_MTU inside RTA_METRICS. */
static uint32_t route_mtu(const struct attrs *attrs)
{
	const struct attrs metrics = attrs_nested(attrs, RTA_METRICS);
	uint32_t mtu = 0;

	attrs_get(&metrics, RTAX_MTU, &mtu, sizeof(mtu));
	return mtu;
}

/* RTA_VIA: a gateway of another family than the route (RFC 5549). */
static bool route_via(const struct attrs *attrs, struct shunt_addr *out)
{
	struct {
		uint16_t family;
		uint8_t addr[16];
	} via;
	uint16_t family;

	if (!attrs_get(attrs, RTA_VIA, &family, sizeof(family)) || !is_inet(family) ||
	    !attrs_get(attrs, RTA_VIA, &via, sizeof(family) + (family == AF_INET ? 4 : 16)))
		return false;
	*out = addr_from_bytes(family, via.addr);
	return true;
}

static int parse_route(const struct nlmsghdr *nlh, const struct attrs *attrs,
		       struct netlink_event *ev)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct netlink_route *r = &ev->route;
	const uint8_t any[16] = { 0 };
	uint32_t oif = 0;

	if (!is_inet(rtm->rtm_family)) {
		ev->kind = NETLINK_OTHER;
		return 0;
	}
	/* None in the event of a multipath route; then it is 0. */
	attrs_get(attrs, RTA_OIF, &oif, sizeof(oif));
	r->family = rtm->rtm_family;
	if (!attrs_get_addr(attrs, RTA_DST, rtm->rtm_family, &r->dst)) {
		if (rtm->rtm_dst_len)
			return -EINVAL;
		r->dst = addr_from_bytes(rtm->rtm_family, any);
	}
	r->dst_bits = rtm->rtm_dst_len;
	r->protocol = rtm->rtm_protocol;
	r->type = rtm->rtm_type;
	/* Of a table whose number does not fit there, rtm_table is not the number. */
	r->table = rtm->rtm_table;
	attrs_get(attrs, RTA_TABLE, &r->table, sizeof(r->table));
	attrs_get(attrs, RTA_PRIORITY, &r->metric, sizeof(r->metric));
	r->ifindex = oif;
	r->has_gateway = attrs_get_addr(attrs, RTA_GATEWAY, rtm->rtm_family, &r->gateway) ||
			 route_via(attrs, &r->gateway);
	r->has_source = attrs_get_addr(attrs, RTA_PREFSRC, rtm->rtm_family, &r->source);
	r->mtu = route_mtu(attrs);
	return 0;
}

static int parse_neigh(const struct nlmsghdr *nlh, const struct attrs *attrs,
		       struct netlink_event *ev)
{
	const uint16_t valid = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct netlink_neigh *n = &ev->neigh;

	/* The entries of a bridge's forwarding table come as AF_BRIDGE. */
	if (!is_inet(ndm->ndm_family)) {
		ev->kind = NETLINK_OTHER;
		return 0;
	}
	if (!attrs_get_addr(attrs, NDA_DST, ndm->ndm_family, &n->addr))
		return -EINVAL;
	n->ifindex = ndm->ndm_ifindex;
	n->state = ev->gone ? 0 : ndm->ndm_state;
	n->has_mac = n->state & valid && attrs_get(attrs, NDA_LLADDR, n->mac, sizeof(n->mac));
	return 0;
}

static const struct message {
	uint16_t new, del;
	enum netlink_kind kind;
	size_t header;
	int (*parse)(const struct nlmsghdr *nlh, const struct attrs *attrs,
		     struct netlink_event *ev);
} messages[] = {
	{ RTM_NEWLINK, RTM_DELLINK, NETLINK_LINK, sizeof(struct ifinfomsg), parse_link },
	{ RTM_NEWADDR, RTM_DELADDR, NETLINK_ADDR, sizeof(struct ifaddrmsg), parse_addr },
	{ RTM_NEWROUTE, RTM_DELROUTE, NETLINK_PATH, sizeof(struct rtmsg), parse_route },
	{ RTM_NEWNEIGH, RTM_DELNEIGH, NETLINK_NEIGH, sizeof(struct ndmsg), parse_neigh },
};

int netlink_parse(const struct nlmsghdr *nlh, struct netlink_event *out)
{
	struct netlink_event ev = { .kind = NETLINK_OTHER };
	struct attrs attrs = { 0 };
	int err;

	array_for_each (m, messages, array_len(messages)) {
		if (nlh->nlmsg_type != m->new && nlh->nlmsg_type != m->del)
			continue;
		/* Attributes are padded: at another length one was cut, and libmnl,
		 * which rounds up, would read beyond. */
		if (nlh->nlmsg_len < MNL_NLMSG_HDRLEN + m->header || nlh->nlmsg_len % MNL_ALIGNTO)
			return -EINVAL;
		mnl_attr_parse(nlh, m->header, attrs_collect, &attrs);
		ev.kind = m->kind;
		ev.gone = nlh->nlmsg_type == m->del;
		err = m->parse(nlh, &attrs, &ev);
		if (err)
			return err;
	}
	*out = ev;
	return 0;
}
