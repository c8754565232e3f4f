/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Load-time constants. `const` so that the kernel freezes them and the verifier
 * drops the code behind a zero; `volatile` so that clang does not take the zeroes
 * it sees here for granted.
 */
#ifndef BPF_RODATA_H
#define BPF_RODATA_H

#include <bpf/bpf_helpers.h>

#include "shunt/abi.h"

const volatile struct shunt_rodata shunt_rodata = {};

/*
 * Whether any of nat, capture, rich and guard is set: one load for them all, because even
 * what is switched off costs the load of its switch.
 */
static __always_inline __u32 rodata_aside(void)
{
	_Static_assert(__builtin_offsetof(struct shunt_rodata, nat) % sizeof(__u32) == 0, "word");
	_Static_assert(__builtin_offsetof(struct shunt_rodata, guard) ==
			       __builtin_offsetof(struct shunt_rodata, nat) + 3,
		       "of one word");
	return *(const volatile __u32 *)&shunt_rodata.nat;
}

#endif /* BPF_RODATA_H */
