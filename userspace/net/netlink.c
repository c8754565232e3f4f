/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "net/netlink.h"

/* As large as the kernel makes them for a dump. */
#define BUFFER_BYTES 32768
/* Room for events of some thousand neighbours that change at once. */
#define RECEIVE_BYTES (4 << 20)
/* A dump that was interrupted by a change is repeated, but not for ever. */
#define DUMP_TRIES 5

struct netlink {
	struct mnl_socket *request;
	struct mnl_socket *watch;
	unsigned int seq;
	char buf[BUFFER_BYTES] __attribute__((aligned(8)));
};

/* What mnl_cb_run() hands to on_message(). */
struct sink {
	netlink_event_fn *fn;
	void *arg;
};

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	const struct sink *sink = data;
	struct netlink_event ev;

	/* One that cannot be understood says nothing; the others still do. */
	if (!netlink_parse(nlh, &ev) && ev.kind != NETLINK_OTHER)
		sink->fn(sink->arg, &ev);
	return MNL_CB_OK;
}

static int socket_open(int flags, struct mnl_socket **out)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;

		mnl_socket_close(s);
		return err;
	}
	*out = s;
	return 0;
}

static int subscribe(struct mnl_socket *s, const int *groups, size_t n)
{
	const int bytes = RECEIVE_BYTES;

	array_for_each (g, groups, n) {
		int group = *g;

		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			return -errno;
	}
	/* Not vital: where it is refused, events are lost earlier, and that is noticed. */
	setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return 0;
}

static void netlink_closep(struct netlink **nl)
{
	netlink_close(*nl);
}

/* Without @groups there is no socket for events. */
static int open_sockets(const int *groups, size_t n, struct netlink **out)
{
	_cleanup_(netlink_closep) struct netlink *nl = calloc(1, sizeof(*nl));
	int err;

	if (!nl)
		return -ENOMEM;
	err = socket_open(0, &nl->request);
	if (!err && n)
		err = socket_open(SOCK_NONBLOCK, &nl->watch) ?: subscribe(nl->watch, groups, n);
	if (err)
		return err;
	*out = take_ptr(&nl);
	return 0;
}

int netlink_open(struct netlink **out)
{
	static const int groups[] = {
		RTNLGRP_LINK,	     RTNLGRP_NEIGH,	 RTNLGRP_IPV4_IFADDR,
		RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
	};

	return open_sockets(groups, array_len(groups), out);
}

int netlink_open_routes(struct netlink **out)
{
	static const int groups[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };

	return open_sockets(groups, array_len(groups), out);
}

int netlink_open_quiet(struct netlink **out)
{
	return open_sockets(NULL, 0, out);
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->request)
		mnl_socket_close(nl->request);
	if (nl->watch)
		mnl_socket_close(nl->watch);
	free(nl);
}

int netlink_fd(const struct netlink *nl)
{
	return mnl_socket_get_fd(nl->watch);
}

int netlink_read(struct netlink *nl, netlink_event_fn *fn, void *arg)
{
	struct sink sink = { fn, arg };
	bool lost = false;
	ssize_t n;

	for (;;) {
		n = mnl_socket_recvfrom(nl->watch, nl->buf, sizeof(nl->buf));
		if (n > 0)
			mnl_cb_run(nl->buf, n, 0, 0, on_message, &sink);
		else if (n < 0 && errno == ENOBUFS)
			lost = true;
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return lost ? -ENOBUFS : 0;
		else if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* Start a request in the buffer; @extra is the header behind nlmsghdr, zeroed. */
static void *request_begin(struct netlink *nl, uint16_t type, uint16_t flags, size_t extra)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	return mnl_nlmsg_put_extra_header(nlh, extra);
}

static void request_put_addr(struct netlink *nl, uint16_t type, const struct shunt_addr *a)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)nl->buf;

	if (addr_is_v4(a))
		mnl_attr_put(nlh, type, 4, &a->b[12]);
	else
		mnl_attr_put(nlh, type, 16, a->b);
}

/* The last of what answers request @seq is among these: an error, or the end of a dump. */
static bool holds_end(const struct nlmsghdr *nlh, int n, unsigned int seq)
{
	for (; mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n))
		if (nlh->nlmsg_seq == seq &&
		    (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR))
			return true;
	return false;
}

/* Read the rest of a dump for nothing: until then the kernel begins no other one. */
static int skip_dump(struct netlink *nl, ssize_t n)
{
	while (!holds_end((struct nlmsghdr *)nl->buf, n, nl->seq)) {
		n = mnl_socket_recvfrom(nl->request, nl->buf, sizeof(nl->buf));
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	return -EINTR;
}

/*
 * Send what is in the buffer and read until it is answered: @once, by the one
 * message that comes; else by the end of a dump or an acknowledgement. -EINTR: what was
 * dumped has changed meanwhile.
 */
static int request_run(struct netlink *nl, struct sink *sink, bool once)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)nl->buf;
	const unsigned int port = mnl_socket_get_portid(nl->request);
	int done = MNL_CB_OK;
	ssize_t n;

	if (mnl_socket_sendto(nl->request, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(nl->request, nl->buf, sizeof(nl->buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done = mnl_cb_run(nl->buf, n, nl->seq, port, on_message, sink);
		/* An answer to an earlier request that was given up. */
		if (done < 0 && errno == ESRCH && nlh->nlmsg_seq != nl->seq)
			done = MNL_CB_OK;
		else if (done < 0 && errno == EINTR)
			return skip_dump(nl, n);
		else if (once)
			return done < 0 ? -errno : 0;
	} while (done > MNL_CB_STOP);
	return done < 0 ? -errno : 0;
}

static void keep_event(void *arg, const struct netlink_event *ev)
{
	*(struct netlink_event *)arg = *ev;
}

int netlink_route_to(struct netlink *nl, const struct shunt_addr *dst, struct netlink_route *out)
{
	struct netlink_event ev = { .kind = NETLINK_OTHER };
	struct sink sink = { keep_event, &ev };
	struct rtmsg *rtm = request_begin(nl, RTM_GETROUTE, 0, sizeof(*rtm));
	int err;

	rtm->rtm_family = addr_is_v4(dst) ? AF_INET : AF_INET6;
	rtm->rtm_dst_len = addr_is_v4(dst) ? 32 : 128;
	request_put_addr(nl, RTA_DST, dst);
	err = request_run(nl, &sink, true);
	/* A blackhole answers EINVAL, prohibit EACCES, throw EAGAIN (fib_props). */
	if (err == -EHOSTUNREACH || err == -EINVAL || err == -EACCES || err == -EAGAIN)
		err = -ENETUNREACH;
	if (err)
		return err;
	if (ev.kind != NETLINK_PATH)
		return -EPROTO;
	*out = ev.route;
	return 0;
}

int netlink_dump(struct netlink *nl, enum netlink_kind kind, netlink_event_fn *fn, void *arg)
{
	static const struct {
		uint16_t type;
		size_t header;
	} requests[] = {
		[NETLINK_LINK] = { RTM_GETLINK, sizeof(struct ifinfomsg) },
		[NETLINK_ADDR] = { RTM_GETADDR, sizeof(struct ifaddrmsg) },
		[NETLINK_PATH] = { RTM_GETROUTE, sizeof(struct rtmsg) },
		[NETLINK_NEIGH] = { RTM_GETNEIGH, sizeof(struct ndmsg) },
	};
	struct sink sink = { fn, arg };
	int err = -EINTR;

	for (int i = 0; i < DUMP_TRIES && err == -EINTR; i++) {
		request_begin(nl, requests[kind].type, NLM_F_DUMP, requests[kind].header);
		err = request_run(nl, &sink, false);
	}
	return err;
}

/* Only then does the kernel go by what a dump asks for, and want all else to be 0. */
static int set_strict(const struct netlink *nl, int strict)
{
	return mnl_socket_setsockopt(nl->request, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict))
		       ? -errno
		       : 0;
}

int netlink_dump_table(struct netlink *nl, int family, uint32_t table, netlink_event_fn *fn,
		       void *arg)
{
	struct sink sink = { fn, arg };
	struct rtmsg *rtm;
	int err = set_strict(nl, true) ?: -EINTR;

	for (int i = 0; i < DUMP_TRIES && err == -EINTR; i++) {
		rtm = request_begin(nl, RTM_GETROUTE, NLM_F_DUMP, sizeof(*rtm));
		rtm->rtm_family = family;
		mnl_attr_put_u32((struct nlmsghdr *)nl->buf, RTA_TABLE, table);
		err = request_run(nl, &sink, false);
	}
	set_strict(nl, false);
	/* A table is made with its first route; and a kernel may be without IPv6. */
	return err == -ENOENT || err == -EOPNOTSUPP ? 0 : err;
}

static int request_blackhole(struct netlink *nl, const struct netlink_route *r, bool gone)
{
	struct sink sink = { keep_event, &(struct netlink_event){ 0 } };

	netlink_format_blackhole(nl->buf, r, gone)->nlmsg_seq = ++nl->seq;
	return request_run(nl, &sink, false);
}

int netlink_add_blackhole(struct netlink *nl, const struct netlink_route *r)
{
	return request_blackhole(nl, r, false);
}

int netlink_del_blackhole(struct netlink *nl, const struct netlink_route *r)
{
	return request_blackhole(nl, r, true);
}

int netlink_probe(struct netlink *nl, int ifindex, const struct shunt_addr *addr)
{
	struct sink sink = { keep_event, &(struct netlink_event){ 0 } };
	struct ndmsg *ndm;

	ndm = request_begin(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK, sizeof(*ndm));
	ndm->ndm_family = addr_is_v4(addr) ? AF_INET : AF_INET6;
	ndm->ndm_ifindex = ifindex;
	ndm->ndm_flags = NTF_USE;
	request_put_addr(nl, NDA_DST, addr);
	return request_run(nl, &sink, false);
}
