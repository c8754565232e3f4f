/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * An XDP program that may make frames longer, as one that puts packets into tunnels
 * does. Newer kernels let such a program behind a dispatcher only if the dispatcher
 * says that its programs may; pass.bpf.c goes behind any.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int grow(struct xdp_md *xdp)
{
	return bpf_xdp_adjust_head(xdp, 0) ? XDP_ABORTED : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
