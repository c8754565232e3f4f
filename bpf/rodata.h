/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Load-time constants. `const` so that the kernel freezes them and the verifier
 * drops the code behind a zero; `volatile` so that clang does not take the zeroes
 * it sees here for granted.
 */
#ifndef BPF_RODATA_H
#define BPF_RODATA_H

#include "shunt/abi.h"

const volatile struct shunt_rodata shunt_rodata = {};

#endif /* BPF_RODATA_H */
