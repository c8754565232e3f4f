/* SPDX-License-Identifier: BSD-2-Clause */
/* What is remembered of datagrams in fragments, by its age. */
#include <criterion/criterion.h>
#include <time.h>

#include <bpf/bpf.h>

#include "dp.h"

/* The clock that the program reads. */
static __u32 now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

void dp_put_fragment(struct dp *dp, const struct shunt_fragment_key *key,
		     const struct shunt_fragment *first, __u32 age_s)
{
	struct shunt_fragment value = *first;

	value.seen_s = now_s() - age_s;
	cr_assert_eq(bpf_map_update_elem(dp_fragments_fd(dp), key, &value, BPF_ANY), 0);
}

bool dp_read_fragment(const struct dp *dp, const struct shunt_fragment_key *key,
		      struct shunt_fragment *first)
{
	if (bpf_map_lookup_elem(dp_fragments_fd(dp), key, first))
		return false;
	first->seen_s = now_s() - first->seen_s;
	return true;
}
