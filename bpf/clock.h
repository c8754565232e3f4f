/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Seconds, and what a CPU may do of something in each. */
#ifndef BPF_CLOCK_H
#define BPF_CLOCK_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

#include "shunt/abi.h"

#define NS_PER_S 1000000000ULL

/* Seconds of the monotonic clock, by the helper that reads no timer. */
static __always_inline __u32 clock_now_s(void)
{
	return bpf_ktime_get_coarse_ns() / NS_PER_S;
}

/* One more of @per_s? If so, it is taken. @budget: of this CPU, or NULL. */
static __always_inline bool clock_take(struct shunt_pin_budget *budget, __u32 per_s, __u32 now)
{
	if (!budget)
		return false;
	if (budget->second != now) {
		budget->second = now;
		budget->used = 0;
	}
	if (budget->used >= per_s)
		return false;
	budget->used++;
	return true;
}

#endif /* BPF_CLOCK_H */
