/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Addresses of the border: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#ifndef BPF_ADDR_H
#define BPF_ADDR_H

#include <linux/bpf.h>
#include <linux/in6.h>
#include <bpf/bpf_endian.h>
#include <stdbool.h>

#include "shunt/abi.h"

static __always_inline struct shunt_addr addr_from_v4(__be32 v4)
{
	return (struct shunt_addr){ .w = { 0, 0, bpf_htonl(0xffff), v4 } };
}

static __always_inline struct shunt_addr addr_from_v6(const struct in6_addr *v6)
{
	struct shunt_addr a;

	__builtin_memcpy(&a, v6, sizeof(a));
	return a;
}

static __always_inline bool addr_is_v4(const struct shunt_addr *a)
{
	return !a->d[0] && a->w[2] == bpf_htonl(0xffff);
}

#endif /* BPF_ADDR_H */
