/* SPDX-License-Identifier: BSD-2-Clause */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "net/addr.h"
#include "net/netlink.h"

struct nlmsghdr *netlink_format_blackhole(void *buf, const struct netlink_route *r, bool gone)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	nlh->nlmsg_type = gone ? RTM_DELROUTE : RTM_NEWROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (gone ? 0 : NLM_F_CREATE | NLM_F_EXCL);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = r->family;
	rtm->rtm_dst_len = r->dst_bits;
	rtm->rtm_table = r->table < 256 ? r->table : RT_TABLE_COMPAT;
	rtm->rtm_protocol = r->protocol;
	rtm->rtm_type = RTN_BLACKHOLE;
	/* Of what the kernel finds any scope will do; what it makes has the widest. */
	rtm->rtm_scope = gone ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
	if (r->family == AF_INET)
		mnl_attr_put(nlh, RTA_DST, 4, &r->dst.b[12]);
	else
		mnl_attr_put(nlh, RTA_DST, 16, r->dst.b);
	mnl_attr_put_u32(nlh, RTA_TABLE, r->table);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, r->metric);
	return nlh;
}
