/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which virtual service a packet is for: its own port first, then any port. */
#ifndef BPF_SERVICE_H
#define BPF_SERVICE_H

#include "maps.h"
#include "pkt.h"
#include "rodata.h"

static __always_inline enum shunt_reason service_match(struct pkt *pkt)
{
	struct shunt_service_key key = {
		.vip = pkt->dst,
		.port = pkt_dst_port(pkt),
		.proto = pkt->proto,
	};
	const struct shunt_service *service;

	service = bpf_map_lookup_elem(&shunt_services, &key);
	if (!service && shunt_rodata.any_port) {
		key.port = 0;
		service = bpf_map_lookup_elem(&shunt_services, &key);
	}
	if (!service)
		return SHUNT_NOT_SERVICE;
	pkt->table = service->table;
	pkt->service_flags = service->flags;
	return SHUNT_CONTINUE;
}

#endif /* BPF_SERVICE_H */
