/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

#define BYTES (1 << 20)

/* Slowly, so that the pipe is full again and again. */
static void *read_all(void *arg)
{
	const int fd = *(int *)arg;
	static char chunk[30000];
	static size_t sum;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum += chunk[i];
	return &sum;
}

Test(fd, writes_more_than_one_call_takes)
{
	char *data = calloc(1, BYTES);
	pthread_t reader;
	void *sum;
	int ends[2];

	for (size_t i = 0; i < BYTES; i += 16)
		data[i] = 1;
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(pthread_create(&reader, NULL, read_all, &ends[0]), 0);
	cr_expect_eq(fd_write_all(ends[1], data, BYTES), 0);
	close(ends[1]);
	pthread_join(reader, &sum);
	cr_expect_eq(*(size_t *)sum, BYTES / 16);
	close(ends[0]);
	free(data);
}

Test(fd, says_what_goes_wrong)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_expect_eq(fd_write_all(ends[0], "x", 1), -EBADF, "the end to read from");
	cr_expect_eq(fd_write_all(ends[0], NULL, 0), 0);
	close(ends[0]);
	close(ends[1]);
}
