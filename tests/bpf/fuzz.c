/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static __u64 now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* A seed that nobody has seen. */
static __u64 draw(void)
{
	__u64 seed;

	cr_assert_eq(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	return seed;
}

struct fuzz fuzz_open(const char *name, __u64 seed)
{
	const char *text = getenv("SHUNT_TEST_SEED"), *seconds = getenv("SHUNT_FUZZ_S");
	struct fuzz fuzz = { .name = name, .seed = seed };

	if (seconds)
		fuzz.end_s = now_s() + strtoull(seconds, NULL, 10);
	if (text)
		fuzz.seed = strtoull(text, NULL, 0);
	else if (seconds)
		fuzz.seed = draw();
	return fuzz;
}

bool fuzz_next(struct fuzz *fuzz)
{
	if (fuzz->rounds && now_s() >= fuzz->end_s) {
		fprintf(stderr, "%s: %llu rounds, %llu frames, nothing found\n", fuzz->name,
			fuzz->rounds, fuzz->frames);
		return false;
	}
	if (fuzz->rounds)
		fuzz->seed = draw();
	fuzz->rounds++;
	fuzz->state = fuzz->seed;
	fprintf(stderr, "%s: SHUNT_TEST_SEED=0x%llx\n", fuzz->name, fuzz->seed);
	return true;
}
