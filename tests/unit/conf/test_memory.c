/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that runs out, at every single allocation in turn: -ENOMEM, no crash, no
 * config. The C library's allocator is stood in for here, for the whole runner, and
 * hands everything on until a test starts counting.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf.h"
#include "full.h"
#include "rows.h"

#ifndef __SANITIZE_ADDRESS__

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

/* Allocations until one fails; negative: none does. */
static long countdown = -1;

static bool is_time(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *malloc(size_t size)
{
	return is_time() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return is_time() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return is_time() ? NULL : __libc_realloc(p, size);
}

/* Fail the @nth allocation of a parse. Return: whether there were so many. */
static bool fails_at(const char *text, long nth)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	_cleanup_(conf_freep) struct conf *conf = NULL;
	bool was_reached;
	int err;

	countdown = nth;
	err = conf_parse("t.yaml", text, strlen(text), &said, &conf);
	was_reached = countdown < 0;
	countdown = -1;
	cr_assert(!was_reached || err == -ENOMEM, "allocation %ld: %d", nth, err);
	cr_assert_eq(!err, conf != NULL);
	return was_reached;
}

static void expect_clean_failures(const char *text)
{
	long n = 0;

	while (fails_at(text, n))
		n++;
	cr_expect_gt(n, 10, "only %ld allocations", n);
}

Test(memory, runs_out_in_a_good_file)
{
	expect_clean_failures(full_text);
}

Test(memory, runs_out_while_mistakes_are_noted)
{
	expect_clean_failures(SERVICE "    forwrad: 1\n"
				      "    forward: nat\n"
				      "    check: { interval: 1, timeout: 9s, port: x, type: [] }\n"
				      "  db: { vip: [192.0.2.1, 192.0.2.1, x], ports: 80/tcp }\n");
	expect_clean_failures(HEAD "daemon: { log: &x [ \"\n");
}

#else

Test(memory, runs_out)
{
	cr_skip_test("the sanitizer owns the allocator: the build without it runs this");
}

#endif
