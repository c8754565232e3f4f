/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Moves a frame towards the front of its buffer, so that the program called
 * next finds as little headroom as a poor driver leaves.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "squeeze.h"

/* Bytes to take away from the headroom; set by the test. */
__u32 squeeze_bytes;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} squeeze_next SEC(".maps");

SEC("xdp")
int squeeze(struct xdp_md *xdp)
{
	const int bytes = squeeze_bytes;
	__u8 frame[SQUEEZE_FRAME];

	if (bpf_xdp_load_bytes(xdp, 0, frame, sizeof(frame)) || bpf_xdp_adjust_head(xdp, -bytes) ||
	    bpf_xdp_store_bytes(xdp, 0, frame, sizeof(frame)) || bpf_xdp_adjust_tail(xdp, -bytes))
		return XDP_ABORTED;
	bpf_tail_call(xdp, &squeeze_next, 0);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
