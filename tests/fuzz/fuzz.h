/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What fuzz targets share. Each is one file fuzz_NAME.c with seeds in corpus/NAME, for
 * libFuzzer with the address and undefined behaviour sanitizers: beside what these see,
 * a target requires what its parser promises.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

#endif /* TESTS_FUZZ_FUZZ_H */
