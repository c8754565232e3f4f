/* SPDX-License-Identifier: BSD-2-Clause */
/* Prefixes of the firewall for the worlds of the benchmark. */
#ifndef TESTS_BENCH_GUARDS_H
#define TESTS_BENCH_GUARDS_H

#include <linux/types.h>

struct bpf_object;

/*
 * @n of each family all over where clients are that are spread, always the same, in the maps
 * of @obj. Whom they hit is counted, and passes.
 */
void guards_put(const struct bpf_object *obj, __u32 n);

#endif /* TESTS_BENCH_GUARDS_H */
