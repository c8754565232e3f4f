/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a backend take packets out of tunnels? It is sent one, with an echo request to
 * the VIP in it, from connected sockets: what the host says by ICMP of such packets is
 * then an error of the socket (ip(7), icmp(7); RFC 792, RFC 4443). Linux refuses the
 * protocol (ipip, without a tunnel) or the port (gue).
 *
 * The alternative, to have the program send it, would need a packet of a client.
 */
#include <arpa/inet.h>
#include <asm/byteorder.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "doctor/doctor.h"
#include "net/addr.h"

/* The longest packet that is made here. */
#define PACKET (sizeof(struct ip6_hdr) + sizeof(struct icmp6_hdr))

/* Descriptors in use at once. */
#define AT_ONCE 256

/* RFC 1071, over what lies at @data, on top of @sum. */
static uint32_t add_up(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | (i + 1 < len ? bytes[i + 1] : 0);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static size_t make_echo4(const struct shunt_addr *from, const struct shunt_addr *to, void *out)
{
	struct {
		struct ip ip;
		struct icmphdr icmp;
	} p = {
		.ip = { .ip_v = 4,
			.ip_hl = 5,
			.ip_len = htons(sizeof(p)),
			.ip_ttl = 64,
			.ip_p = IPPROTO_ICMP },
		.icmp = { .type = ICMP_ECHO },
	};

	memcpy(&p.ip.ip_src, &from->w[3], 4);
	memcpy(&p.ip.ip_dst, &to->w[3], 4);
	p.ip.ip_sum = fold(add_up(&p.ip, sizeof(p.ip), 0));
	p.icmp.checksum = fold(add_up(&p.icmp, sizeof(p.icmp), 0));
	memcpy(out, &p, sizeof(p));
	return sizeof(p);
}

static size_t make_echo6(const struct shunt_addr *from, const struct shunt_addr *to, void *out)
{
	struct {
		struct ip6_hdr ip;
		struct icmp6_hdr icmp;
	} p = {
		.ip = { .ip6_flow = htonl(6U << 28),
			.ip6_plen = htons(sizeof(p.icmp)),
			.ip6_nxt = IPPROTO_ICMPV6,
			.ip6_hlim = 64 },
		.icmp = { .icmp6_type = ICMP6_ECHO_REQUEST },
	};
	uint32_t sum;

	memcpy(&p.ip.ip6_src, from->b, 16);
	memcpy(&p.ip.ip6_dst, to->b, 16);
	sum = add_up(&p.ip.ip6_src, 32, sizeof(p.icmp) + IPPROTO_ICMPV6);
	p.icmp.icmp6_cksum = fold(add_up(&p.icmp, sizeof(p.icmp), sum));
	memcpy(out, &p, sizeof(p));
	return sizeof(p);
}

/*
 * No answer is waited for, so it comes from addresses that lead nowhere: 192.0.0.8, for
 * whoever has none (RFC 7600), and 100::1, whose prefix is discarded (RFC 6666).
 */
static size_t make_packet(const struct doctor_leg *l, void *out)
{
	static const struct in_addr nobody4 = { .s_addr = __constant_htonl(0xc0000008) };
	static const struct in6_addr nobody6 = { .s6_addr = { 1, [15] = 1 } };
	const struct shunt_addr from =
		l->v6 ? addr_from_bytes(AF_INET6, &nobody6) : addr_from_bytes(AF_INET, &nobody4);

	return l->v6 ? make_echo6(&from, &l->vip, out) : make_echo4(&from, &l->vip, out);
}

static int open_tunnel(const struct doctor_leg *l)
{
	const bool is_gue = l->forward == SHUNT_FORWARD_GUE;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&l->addr, is_gue ? l->gue_port : 0, &ss);
	const int proto = is_gue ? IPPROTO_UDP : l->v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	_cleanup_close_ int fd =
		socket(ss.ss_family,
		       (is_gue ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	static const int on = 1;

	if (fd < 0)
		return -errno;
	/* Without it an IPv4 socket is told of some ICMP errors only. */
	if (setsockopt(fd, ss.ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		       ss.ss_family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &on, sizeof(on)) ||
	    connect(fd, (struct sockaddr *)&ss, len))
		return -errno;
	return take_fd(&fd);
}

/* Return: a socket to listen on, or a negative errno. */
static int ask(const struct doctor_leg *l)
{
	uint8_t packet[PACKET];
	const size_t len = make_packet(l, packet);
	_cleanup_close_ int fd = open_tunnel(l);

	if (fd < 0)
		return fd;
	if (send(fd, packet, len, 0) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Of the errors of a host that does not answer at all nothing is concluded. */
static bool is_refusal(int err)
{
	return err == ENOPROTOOPT || err == ECONNREFUSED || err == EPROTO;
}

static enum doctor_tunnel read_verdict(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return DOCTOR_TUNNEL_SILENT;
	return is_refusal(err) ? DOCTOR_TUNNEL_REFUSED : DOCTOR_TUNNEL_SILENT;
}

static void listen_to(struct pollfd *fds, struct doctor_leg **asked, size_t n, uint64_t until_ms)
{
	for (size_t left = n; left;) {
		const uint64_t now_ms = clock_now_ms();

		if (now_ms >= until_ms || poll(fds, n, until_ms - now_ms) <= 0)
			return;
		for (size_t i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !(fds[i].revents & POLLERR))
				continue;
			asked[i]->tunnel = read_verdict(fds[i].fd);
			cleanup_closep(&fds[i].fd);
			left--;
		}
	}
}

/* @legs: of one turn, at most AT_ONCE. */
static void ask_some(struct doctor_leg **legs, size_t n, uint32_t patience_ms)
{
	struct pollfd fds[AT_ONCE];

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){ .fd = ask(legs[i]) };
		if (fds[i].fd >= 0)
			legs[i]->tunnel = DOCTOR_TUNNEL_SILENT;
	}
	listen_to(fds, legs, n, clock_now_ms() + patience_ms);
	for (size_t i = 0; i < n; i++)
		if (fds[i].fd >= 0)
			close(fds[i].fd);
}

static bool may_send_raw(void)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_IPIP);

	return fd >= 0;
}

void doctor_ask_tunnels(struct doctor_host *h, uint32_t patience_ms)
{
	struct doctor_leg *turn[AT_ONCE];
	size_t n = 0;

	h->may_send_raw = may_send_raw();
	if (!h->may_send_raw)
		return;
	for (size_t i = 0; i < h->n_legs; i++) {
		if (!doctor_overhead(h->legs[i].forward, &h->legs[i].addr))
			continue;
		turn[n++] = &h->legs[i];
		if (n < AT_ONCE)
			continue;
		ask_some(turn, n, patience_ms);
		n = 0;
	}
	ask_some(turn, n, patience_ms);
}
