/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "net/tc.h"

#define BUFFER_BYTES 32768

static int on_filter(const struct nlmsghdr *nlh, void *data)
{
	bool *found = data;

	if (nlh->nlmsg_type == RTM_NEWTFILTER)
		*found = true;
	return MNL_CB_OK;
}

/* A dump without end: the answer is cut short, or is none. */
static int dump(struct mnl_socket *s, int ifindex, uint32_t parent, bool *found)
{
	char buf[BUFFER_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;
	int done = MNL_CB_OK;
	ssize_t n;

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = parent;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = ifindex;
	tcm->tcm_parent = parent;
	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (done > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(s, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		done = mnl_cb_run(buf, n, parent, mnl_socket_get_portid(s), on_filter, found);
	}
	return done < 0 ? -errno : 0;
}

static void socket_closep(struct mnl_socket **s)
{
	if (*s)
		mnl_socket_close(*s);
}

bool tc_has_filters(int ifindex)
{
	_cleanup_(socket_closep) struct mnl_socket *s =
		mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	bool found = false;

	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0)
		return true;
	if (dump(s, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), &found) ||
	    dump(s, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), &found))
		return true;
	return found;
}
