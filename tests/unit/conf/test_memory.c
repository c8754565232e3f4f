/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that runs out, at every single allocation in turn: -ENOMEM, no crash,
 * no config, nothing lost. The C library's allocator is stood in for here, for
 * the whole runner, and hands everything on until a test opens the ledger.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "full.h"
#include "rows.h"

#ifndef __SANITIZE_ADDRESS__

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

/**
 * struct ledger - what is allocated while a test looks
 * @countdown: allocations until one fails; negative: none does
 * @alive: allocated less released
 */
static struct {
	bool is_open;
	long countdown;
	long alive;
} ledger;

/* Enter what takes the place of @old; true if it is to fail. */
static bool enter(const void *old)
{
	if (!ledger.is_open)
		return false;
	if (ledger.countdown-- == 0)
		return true;
	ledger.alive += !old;
	return false;
}

void *malloc(size_t size)
{
	return enter(NULL) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return enter(NULL) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return enter(p) ? NULL : __libc_realloc(p, size);
}

void free(void *p)
{
	ledger.alive -= ledger.is_open && p;
	__libc_free(p);
}

/* Fail the @nth allocation of a parse. Return: whether there were so many. */
static bool fails_at(const char *text, long nth)
{
	struct buf said = { 0 };
	struct conf *conf = NULL;
	bool was_reached, was_made;
	int err;

	ledger.countdown = nth;
	ledger.alive = 0;
	ledger.is_open = true;
	err = conf_parse("t.yaml", text, strlen(text), &said, &conf);
	was_made = conf;
	conf_free(conf);
	buf_free(&said);
	ledger.is_open = false;

	was_reached = ledger.countdown < 0;
	cr_assert(!was_reached || err == -ENOMEM, "allocation %ld: %d", nth, err);
	cr_assert_eq(!err, was_made);
	cr_assert_eq(ledger.alive, 0, "allocation %ld: %ld are lost", nth, ledger.alive);
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
