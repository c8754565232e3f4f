/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP segments from random sources in 198.18.0.0/15 (RFC 2544), or from one, as fast as
 * one core sends them, until SIGTERM.
 *
 *	flood syn|ack INTERFACE MAC VIP PORT [SOURCE]
 *
 * The frames are whole and right, checksums too: whoever drops them does so for
 * what they are.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define BATCH 64
#define SOURCE_NET 0xc6120000 /* 198.18.0.0 */
#define SOURCE_MASK 0x0001ffff

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* What the TCP checksum covers beside the segment. */
struct pseudo {
	uint32_t saddr, daddr;
	uint16_t proto, len;
};

static volatile sig_atomic_t is_over;

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void end(int number)
{
	(void)number;
	is_over = 1;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The ones' complement sum of @len bytes, an even number, added to @sum. */
static uint32_t sum_words(const void *data, size_t len, uint32_t sum)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t csum_finish(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static void frame_fill_csums(struct frame *f)
{
	struct iphdr ip = f->ip;
	struct tcphdr tcp = f->tcp;
	const struct pseudo pseudo = { ip.saddr, ip.daddr, htons(IPPROTO_TCP), htons(sizeof(tcp)) };

	ip.check = 0;
	tcp.check = 0;
	f->ip.check = csum_finish(sum_words(&ip, sizeof(ip), 0));
	f->tcp.check =
		csum_finish(sum_words(&tcp, sizeof(tcp), sum_words(&pseudo, sizeof(pseudo), 0)));
}

/* Another source, unless there is but one, and another sequence number. */
static void frame_change(struct frame *f, uint64_t random, bool one_source)
{
	if (!one_source)
		f->ip.saddr = htonl(SOURCE_NET | (random & SOURCE_MASK));
	f->tcp.source = htons(random >> 17 | 1024);
	f->tcp.seq = (uint32_t)(random >> 32);
	frame_fill_csums(f);
}

static void parse_mac(const char *text, unsigned char mac[ETH_ALEN])
{
	const struct ether_addr *parsed = ether_aton(text);

	if (!parsed) {
		fprintf(stderr, "not a MAC address: %s\n", text);
		exit(2);
	}
	memcpy(mac, parsed, ETH_ALEN);
}

static uint32_t parse_addr(const char *text)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, text, &addr) != 1) {
		fprintf(stderr, "not an IPv4 address: %s\n", text);
		exit(2);
	}
	return addr.s_addr;
}

static struct frame frame_make(char **argv)
{
	struct frame f = {
		.eth.h_source = { 2, 0, 0, 0, 0, 0x0f },
		.eth.h_proto = htons(ETH_P_IP),
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP },
		.ip.tot_len = htons(sizeof(struct iphdr) + sizeof(struct tcphdr)),
		.tcp = { .doff = 5, .window = htons(65535) },
	};

	parse_mac(argv[3], f.eth.h_dest);
	f.ip.daddr = parse_addr(argv[4]);
	if (argv[6])
		f.ip.saddr = parse_addr(argv[6]);
	f.tcp.dest = htons(atoi(argv[5]));
	f.tcp.syn = !strcmp(argv[1], "syn");
	f.tcp.ack = !f.tcp.syn;
	return f;
}

static int open_interface(const char *name)
{
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
					.sll_ifindex = (int)if_nametoindex(name) };
	const int on = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || !at.sll_ifindex || bind(fd, (const struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		die(name);
	return fd;
}

static void flood(int fd, const struct frame *pattern)
{
	struct mmsghdr headers[BATCH] = { 0 };
	uint64_t sent = 0, random = clock_now_us() | 1;
	const uint64_t start_us = clock_now_us();
	const bool one_source = pattern->ip.saddr;
	struct frame frames[BATCH];
	struct iovec parts[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		frames[i] = *pattern;
		parts[i] = (struct iovec){ &frames[i], sizeof(frames[i]) };
		headers[i].msg_hdr.msg_iov = &parts[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	printf("under way\n");
	while (!is_over) {
		for (int i = 0; i < BATCH; i++)
			frame_change(&frames[i], next_random(&random), one_source);
		n = sendmmsg(fd, headers, BATCH, 0);
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			die("sendmmsg");
		sent += n > 0 ? n : 0;
	}
	printf("sent %" PRIu64 " rate %.0f\n", sent,
	       (double)sent * 1e6 / (double)(clock_now_us() - start_us));
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = end };
	struct frame pattern;

	if ((argc != 6 && argc != 7) || (strcmp(argv[1], "syn") && strcmp(argv[1], "ack"))) {
		fprintf(stderr, "usage: flood syn|ack INTERFACE MAC VIP PORT [SOURCE]\n");
		return 2;
	}
	setlinebuf(stdout);
	sigaction(SIGTERM, &action, NULL);
	pattern = frame_make(argv);
	flood(open_interface(argv[2]), &pattern);
	return 0;
}
