/* SPDX-License-Identifier: BSD-2-Clause */
/* What of dp.h needs nothing of the skeleton. */
#include "dp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

__u32 dp_run_program(int fd, const struct frame *in, struct frame *out)
{
	struct frame result;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->data, .data_size_in = in->len,
		    .data_out = result.data, .data_size_out = sizeof(result.data), .repeat = 1);

	cr_assert(!bpf_prog_test_run_opts(fd, &opts), "run the program: %s", strerror(errno));
	memcpy(out->data, result.data, opts.data_size_out);
	out->len = opts.data_size_out;
	return opts.retval;
}

__u32 dp_run(const struct dp *dp, const struct frame *in, struct frame *out)
{
	return dp_run_program(dp_program_fd(dp), in, out);
}

struct shunt_counter dp_read_counter(const struct dp *dp, __u32 backend)
{
	return dp_read_counters(dp, backend / SHUNT_COUNTERS_PER_BLOCK)
		.counter[backend % SHUNT_COUNTERS_PER_BLOCK];
}
