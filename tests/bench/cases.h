/* SPDX-License-Identifier: BSD-2-Clause */
/* What is measured: programs on packets. */
#ifndef TESTS_BENCH_CASES_H
#define TESTS_BENCH_CASES_H

#include <stddef.h>

#include "refs_load.h"
#include "traffic.h"
#include "world.h"

#define CASES_MAX 256
#define CASE_NAME 56

/**
 * struct bench_case - one row of the report
 * @name: unique, and stays: saved runs are compared by it
 * @shunt: the balancer in @mode, else the reference @ref
 * @variant: of the program
 * @shape, @state: of the maps that it runs over
 */
struct bench_case {
	char name[CASE_NAME];
	bool shunt;
	enum mode mode;
	enum variant variant;
	enum world_state state;
	enum ref ref;
	struct world_shape shape;
	struct traffic traffic;
};

/**
 * cases_build() - all of them, or those of a short run
 * @match: only those whose name has this in it; NULL for all
 *
 * Return: their number.
 */
size_t cases_build(bool quick, const char *match, struct bench_case out[static CASES_MAX]);

#endif /* TESTS_BENCH_CASES_H */
