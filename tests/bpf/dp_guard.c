/* SPDX-License-Identifier: BSD-2-Clause */
/* Prefixes of the firewall, published as the daemon does, and hits of rules. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "dp.h"
#include "tables/guard_sieve.h"

void dp_put_sieve(struct dp *dp, const struct guard_set *set)
{
	struct shunt_guard_sieve *sieve = mmap(NULL, sizeof(*sieve), PROT_READ | PROT_WRITE,
					       MAP_SHARED, dp_map_fd(dp, "shunt_guard_sieve"), 0);
	struct guard_sieved made = { 0 };

	cr_assert_neq(sieve, MAP_FAILED);
	if (set)
		made = guard_sieve_make(set, sieve);
	guard_sieve_switch(sieve, &made);
	munmap(sieve, sizeof(*sieve));
}

void dp_put_guard(struct dp *dp, const struct guard_set *set)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	_cleanup_free_ struct shunt_guard_line *lines = NULL;
	_cleanup_close_ int fd = -1;
	const __u32 zero = 0;
	size_t n;

	cr_assert_eq(guard_build(set, &lines, &n), 0);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "lists", sizeof(zero), sizeof(*lines), n, &opts);
	cr_assert_geq(fd, 0);
	for (__u32 i = 0; i < n; i++)
		cr_assert_eq(bpf_map_update_elem(fd, &i, &lines[i], BPF_ANY), 0);
	dp_put_sieve(dp, set);
	cr_assert_eq(bpf_map_update_elem(dp_map_fd(dp, "shunt_guard_lists"), &zero, &fd, BPF_ANY),
		     0);
}

__u64 dp_read_hits(const struct dp *dp, __u32 rule)
{
	_cleanup_free_ __u64 *by_cpu = calloc(dp_cpus(dp), sizeof(*by_cpu));
	__u64 sum = 0;

	cr_assert(by_cpu);
	cr_assert_eq(bpf_map_lookup_elem(dp_map_fd(dp, "shunt_guard_hits"), &rule, by_cpu), 0);
	for (int cpu = 0; cpu < dp_cpus(dp); cpu++)
		sum += by_cpu[cpu];
	return sum;
}
