/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which virtual service a packet is for: its own port first, then any port.
 *
 * Considered: BPF_MAP_TYPE_HASH, of whose lookup jhash of 24 bytes and a walk of a
 * bucket's list were half the time of a packet; cuckoo hashing, which always
 * reads two lines for a packet that is for no service. This reads one.
 */
#ifndef BPF_SERVICE_H
#define BPF_SERVICE_H

#include "maps.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/hash.h"
#include "table.h"

/* What is compared: for IPv4 the compiler knows all but the address. */
struct service_key {
	__u64 vip0;
	__u64 vip1;
	__u32 match;
};

static __always_inline bool service_is(const struct shunt_listing *listing,
				       const struct service_key *key)
{
	return *(const volatile __u32 *)&listing->match == key->match &&
	       listing->vip.d[1] == key->vip1 && listing->vip.d[0] == key->vip0;
}

/* The service of @key in one line; NULL if it is not there. */
static __always_inline const struct shunt_listing *service_in(const struct shunt_service_line *line,
							      const struct service_key *key)
{
	if (service_is(&line->listing[0], key))
		return &line->listing[0];
	if (service_is(&line->listing[1], key))
		return &line->listing[1];
	return NULL;
}

static __always_inline const struct shunt_listing *service_find(const struct service_key *key,
								const bool v6)
{
	__u32 index = shunt_service_hash(key->vip0, key->vip1, key->match, v6);
	const struct shunt_service_line *line;
	const struct shunt_listing *found;

	for (int i = 0; i < SHUNT_SERVICE_LINES_TRIED; i++, index++) {
		index &= shunt_rodata.service_mask;
		line = bpf_map_lookup_elem(&shunt_services, &index);
		if (!line)
			return NULL;
		found = service_in(line, key);
		if (found || !(line->listing[0].flags & SHUNT_LISTING_MORE))
			return found;
	}
	return NULL;
}

/* Read once: user space may store another table, or another block, meanwhile. */
static __always_inline struct shunt_service service_read(const struct shunt_listing *listing)
{
	const __u64 word = *(const volatile __u64 *)&listing->service;

	return table_unpack(word);
}

static __always_inline __u32 service_match_of(const struct pkt *pkt)
{
	if (pkt->odd & PKT_NO_PORTS)
		return SHUNT_SERVICE_MATCH_FRAGMENT(pkt->proto);
	return SHUNT_SERVICE_MATCH(pkt_dst_port(pkt), pkt->proto);
}

static __always_inline enum shunt_reason service_match(struct pkt *pkt, const bool v6)
{
	struct service_key key = {
		.vip0 = v6 ? pkt->dst.d[0] : 0,
		.vip1 = v6 ? pkt->dst.d[1] : (__u64)pkt->dst.w[3] << 32 | bpf_htonl(0xffff),
		.match = service_match_of(pkt),
	};
	const struct shunt_listing *listing = service_find(&key, v6);

	if (!listing && shunt_rodata.any_port && !(pkt->odd & PKT_NO_PORTS)) {
		key.match = SHUNT_SERVICE_MATCH(0, pkt->proto);
		listing = service_find(&key, v6);
	}
	if (!listing)
		return SHUNT_NOT_SERVICE;
	pkt->service = service_read(listing);
	pkt->service_flags = listing->flags;
	return SHUNT_CONTINUE;
}

#endif /* BPF_SERVICE_H */
