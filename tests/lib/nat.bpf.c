/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Rewrites a frame for a connection that the test has written down, without anybody
 * having looked for that connection: what nat_translate() and nat_icmp() do alone.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "nat_icmp.h"
#include "nat_translate.h"

/* Set by the test. */
struct shunt_conn nat_conn;
__u32 nat_way;
__u8 nat_v6;

/* Return: not an action, but the reason. */
SEC("xdp")
int translate_alone(struct xdp_md *xdp)
{
	const struct nat_packet p = { .v6 = nat_v6 };

	return nat_translate(xdp, &p, &nat_conn, nat_way);
}

SEC("xdp")
int icmp_alone(struct xdp_md *xdp)
{
	const struct nat_packet p = { .v6 = nat_v6 };

	return nat_icmp(xdp, &p, &nat_conn, nat_way);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
