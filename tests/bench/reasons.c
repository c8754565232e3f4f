/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "reasons.h"

void reasons_read(int fd, __u64 out[SHUNT_MAX_REASONS])
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct shunt_reasons *by_cpu = calloc(cpus > 0 ? cpus : 1, sizeof(*by_cpu));

	if (!by_cpu || bpf_map_lookup_elem(fd, &(__u32){ 0 }, by_cpu))
		err(EXIT_FAILURE, "read the reasons");
	memset(out, 0, SHUNT_MAX_REASONS * sizeof(out[0]));
	for (int cpu = 0; cpu < cpus; cpu++)
		for (int r = 0; r < SHUNT_MAX_REASONS; r++)
			out[r] += by_cpu[cpu].packets[r];
}
