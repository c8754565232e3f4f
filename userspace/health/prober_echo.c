/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "health/prober_echo.h"
#include "net/addr.h"

/* Both families have the same header (RFC 792, RFC 4443 section 4). */
struct echo {
	uint8_t type;
	uint8_t code;
	uint16_t sum;
	uint16_t id;
	uint16_t sequence;
	uint32_t place;
	uint64_t key;
	uint64_t serial;
} __attribute__((packed));

/* An IPv4 header with options before it. */
#define REPLY_ROOM (60 + sizeof(struct echo))

static const uint8_t request_type[] = { [ECHO_V4] = ICMP_ECHO, [ECHO_V6] = ICMP6_ECHO_REQUEST };
static const uint8_t reply_type[] = { [ECHO_V4] = ICMP_ECHOREPLY, [ECHO_V6] = ICMP6_ECHO_REPLY };

/* --- the sockets -------------------------------------------------------------- */

/* Drop all that is not a reply with our identifier, and let nobody change that. */
static int filter_replies(int fd, enum echo_family family, uint16_t id)
{
	/* X: where the ICMP header starts; of IPv6 the kernel gives nothing before it. */
	const struct sock_filter start =
		family == ECHO_V4 ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
				  : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 0);
	struct sock_filter code[] = {
		start,
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, reply_type[family], 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, offsetof(struct echo, id)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohs(id), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { array_len(code), code };
	static const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)))
		return -errno;
	return 0;
}

/* Return: a descriptor, or -1. */
static int open_one(enum echo_family family, uint16_t id)
{
	const int type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
	_cleanup_close_ int fd = family == ECHO_V4 ? socket(AF_INET, type, IPPROTO_ICMP)
						   : socket(AF_INET6, type, IPPROTO_ICMPV6);

	return fd < 0 || filter_replies(fd, family, id) ? -1 : take_fd(&fd);
}

void prober_echo_open(struct prober_echo *e)
{
	/* The pool is filled long before a daemon starts; and it need not be a secret. */
	if (getrandom(&e->key, sizeof(e->key), GRND_NONBLOCK) < 0)
		e->key = getpid();
	e->id = e->key ^ e->key >> 16;
	for (size_t i = 0; i < ECHO_FAMILIES; i++)
		e->fd[i] = open_one(i, e->id);
}

void prober_echo_close(struct prober_echo *e)
{
	for (size_t i = 0; i < ECHO_FAMILIES; i++)
		cleanup_closep(&e->fd[i]);
}

/* --- requests ----------------------------------------------------------------- */

/* RFC 1071. @len is even. */
static uint16_t sum_of(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

int prober_echo_send(const struct prober_echo *e, const struct prober_request *r, uint32_t place)
{
	const enum echo_family family = addr_is_v4(&r->addr) ? ECHO_V4 : ECHO_V6;
	struct echo echo = {
		.type = request_type[family],
		.id = e->id,
		.sequence = htons(r->serial),
		.place = place,
		.key = e->key,
		.serial = r->serial,
	};
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&r->addr, 0, &ss);

	if (e->fd[family] < 0)
		return -EBADF;
	/* That of IPv6 has addresses in it, so the kernel makes it. */
	if (family == ECHO_V4)
		echo.sum = sum_of(&echo, sizeof(echo));
	if (sendto(e->fd[family], &echo, sizeof(echo), MSG_NOSIGNAL, (struct sockaddr *)&ss, len) <
	    0)
		return errno == EAGAIN ? -ENOBUFS : -errno;
	return 0;
}

/* --- replies ------------------------------------------------------------------ */

/* Bytes before the ICMP header. */
static size_t header_bytes(enum echo_family family, const void *data, size_t len)
{
	const struct iphdr *ip = data;

	return family == ECHO_V4 && len >= sizeof(*ip) ? ip->ihl * 4 : 0;
}

bool prober_echo_read(const struct prober_echo *e, enum echo_family family, const void *data,
		      size_t len, struct prober_reply *reply)
{
	size_t skip = header_bytes(family, data, len);
	struct echo echo;

	if (len < skip + sizeof(echo))
		return false;
	memcpy(&echo, (const char *)data + skip, sizeof(echo));
	if (echo.type != reply_type[family] || echo.code || echo.id != e->id || echo.key != e->key)
		return false;
	reply->serial = echo.serial;
	reply->place = echo.place;
	return true;
}

static struct shunt_addr addr_of(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

	return ss->ss_family == AF_INET6 ? addr_from_bytes(AF_INET6, &in6->sin6_addr)
					 : addr_from_bytes(AF_INET, &in->sin_addr);
}

size_t prober_echo_receive(const struct prober_echo *e, enum echo_family family,
			   struct prober_reply *replies)
{
	struct sockaddr_storage from;
	socklen_t from_len;
	char data[REPLY_ROOM];
	size_t n = 0;
	ssize_t len;

	for (size_t i = 0; i < PROBER_BATCH; i++) {
		from_len = sizeof(from);
		len = recvfrom(e->fd[family], data, sizeof(data), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &from_len);
		if (len < 0)
			break;
		if (!prober_echo_read(e, family, data, len, &replies[n]))
			continue;
		replies[n++].from = addr_of(&from);
	}
	return n;
}
