/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/pcap.h"

#include <errno.h>

#define PCAP_MAGIC_NS 0xa1b23c4d
#define PCAP_ETHERNET 1

#define NS_PER_S 1000000000ULL

/* In the order of bytes of whoever writes it. */
struct pcap_file {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy;
	uint32_t snap_bytes;
	uint32_t link;
};

struct pcap_packet {
	uint32_t seconds, ns;
	uint32_t bytes;
	uint32_t frame_bytes;
};

static int put(FILE *f, const void *data, size_t bytes)
{
	return fwrite(data, 1, bytes, f) == bytes ? 0 : -EIO;
}

int pcap_begin(FILE *f)
{
	const struct pcap_file head = {
		.magic = PCAP_MAGIC_NS,
		.major = 2,
		.minor = 4,
		.snap_bytes = SHUNT_CAPTURE_BYTES,
		.link = PCAP_ETHERNET,
	};

	return put(f, &head, sizeof(head)) ?: fflush(f) ? -errno : 0;
}

int pcap_add(FILE *f, const struct shunt_captured *packet, uint64_t wall_ns)
{
	const struct pcap_packet head = {
		.seconds = wall_ns / NS_PER_S,
		.ns = wall_ns % NS_PER_S,
		.bytes = packet->bytes,
		.frame_bytes = packet->frame_bytes,
	};

	return put(f, &head, sizeof(head)) ?: put(f, packet->data, packet->bytes)
	       ?: fflush(f) ? -errno : 0;
}
