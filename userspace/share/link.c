/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/link.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "net/addr.h"

/* What may wait for us to come round, and to be sent: a burst of one that tells all it has. */
#define BURST_BYTES (4 << 20)

static int parse(const char *text, struct shunt_addr *addr, struct link_end *out)
{
	__u16 port;
	int err = addr_parse_with_port(text, addr, &port);

	if (!err)
		out->len = addr_to_sockaddr(addr, port, &out->addr);
	return err;
}

/* As much as the kernel allows. */
static void make_room(int fd, int force, int ask)
{
	const int bytes = BURST_BYTES;

	if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, ask, &bytes, sizeof(bytes));
}

/*
 * Bound to @end; -errno. A group is everybody's; but an address that is shared belongs to
 * whoever has bound to it last, be it another user.
 */
static int open_socket(const struct link_end *end, bool is_group)
{
	const int fd = socket(end->addr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int is_shared = is_group;
	int err;

	if (fd < 0)
		return -errno;
	make_room(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	make_room(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &is_shared, sizeof(is_shared)) ||
	    bind(fd, (const struct sockaddr *)&end->addr, end->len)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* @fd sends to groups by the interface, and not further than the next router. */
static int send_by(int fd, int family, int ifindex)
{
	const struct ip_mreqn mreq = { .imr_ifindex = ifindex };
	const int no = 0, hops = 1;

	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq)) ||
				       setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &no,
						  sizeof(no)) ||
				       setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops,
						  sizeof(hops))
			       ? -errno
			       : 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex, sizeof(ifindex)) ||
			       setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &no, sizeof(no)) ||
			       setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
					  sizeof(hops))
		       ? -errno
		       : 0;
}

static int join(int fd, const struct shunt_addr *group, int ifindex)
{
	struct ip_mreqn m4 = { .imr_ifindex = ifindex };
	struct ipv6_mreq m6 = { .ipv6mr_interface = ifindex };

	memcpy(&m4.imr_multiaddr, &group->b[12], sizeof(m4.imr_multiaddr));
	memcpy(&m6.ipv6mr_multiaddr, group->b, sizeof(m6.ipv6mr_multiaddr));
	if (addr_is_v4(group))
		return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m4, sizeof(m4)) ? -errno : 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof(m6)) ? -errno : 0;
}

static int open_group(const struct conf_peers *conf, struct link *l)
{
	const int ifindex = conf->interface ? if_nametoindex(conf->interface) : 0;
	struct link_end *end = &l->to[l->n_to];
	struct shunt_addr group;
	int err = parse(conf->group, &group, end);

	if (err)
		return err;
	if (!ifindex)
		return -ENODEV;
	/* A group of the link is one of that link. */
	if (end->addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&end->addr)->sin6_scope_id = ifindex;
	l->fds[1] = open_socket(end, true);
	if (l->fds[1] < 0)
		return l->fds[1];
	l->n_to++;
	return send_by(l->fds[0], end->addr.ss_family, ifindex) ?: join(l->fds[1], &group, ifindex);
}

int link_open(const struct conf_peers *conf, struct link *out)
{
	struct link l = LINK_CLOSED;
	struct shunt_addr addr;
	struct link_end end;
	int err = parse(conf->listen, &addr, &end);

	if (err)
		return err;
	l.fds[0] = open_socket(&end, false);
	if (l.fds[0] < 0)
		return l.fds[0];
	array_for_each (e, conf->send_to, conf->n_send_to) {
		struct link_end *to = &l.to[l.n_to++];

		to->len = addr_to_sockaddr(&e->addr, e->port, &to->addr);
	}
	err = conf->group ? open_group(conf, &l) : 0;
	if (err)
		link_close(&l);
	else
		*out = l;
	return err;
}

void link_close(struct link *l)
{
	array_for_each (fd, l->fds, array_len(l->fds))
		if (*fd >= 0)
			close(*fd);
	*l = LINK_CLOSED;
}

size_t link_send(const struct link *l, const uint8_t *bytes, size_t n)
{
	size_t failed = 0;

	array_for_each (to, l->to, l->n_to)
		failed += sendto(l->fds[0], bytes, n, 0, (const struct sockaddr *)&to->addr,
				 to->len) < 0;
	return failed;
}

int link_receive(int fd, uint8_t *out, size_t max)
{
	const ssize_t n = recv(fd, out, max, MSG_TRUNC);

	/* What was sent to nobody comes back as an error, and means nothing here. */
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : -EINTR;
	return (size_t)n > max ? 0 : n;
}
