/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * An XDP program that lets everything pass. A veth takes frames that its peer
 * sends by XDP_TX or by a redirect only while it has NAPI, and it has NAPI for
 * sure while a program is attached to it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *xdp __attribute__((unused)))
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
