/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a file of prefixes: somebody else's, more often than not. Each line that says
 * something is a prefix, which is written and read again the same, or a mistake that is told.
 */
#include <string.h>

#include "base/array.h"
#include "conf/conf_prefixes.h"
#include "fuzz.h"

static void check_prefix(const struct conf_prefix *p)
{
	struct buf flaw = { 0 };
	struct conf_prefix again;
	char text[CONF_PREFIX_TEXT];

	require(!conf_prefix_parse(conf_prefix_format(p, text), &again, &flaw));
	require(conf_prefix_is_equal(p, &again));
	require(conf_prefix_has(p, &p->addr));
}

/* Lines on which stands more than blanks and a comment. */
static size_t count_lines(const char *text, size_t size)
{
	const char *p = text, *end = text + size;
	size_t n = 0;

	if (size >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (p < end) {
		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		n += p < end && *p != '\n' && *p != '#' && *p != ';';
		p = memchr(p, '\n', end - p) ?: end;
		p += p < end;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena kept = { 0 };
	struct conf_job job = { .name = "f", .text = "", .keep = &kept };
	struct conf_prefix_rule rule = { .name = "list" };
	struct buf text = { 0 }, said = { 0 };
	uint32_t line = 0;

	buf_add(&text, (const char *)data, size);
	conf_prefixes_read(&job, &(struct conf_input){ "list", buf_str(&text), size }, &rule);
	conf_job_print(&job, &said);
	require(!job.failed);
	require(!job.errors.n == !strstr(buf_str(&said), ": error: "));
	if (!job.errors.n)
		require(rule.n == count_lines(buf_str(&text), size));
	array_for_each (p, rule.prefixes, rule.n) {
		check_prefix(p);
		require(p->line > line);
		line = p->line;
	}
	conf_job_end(&job);
	arena_free(&kept);
	buf_free(&said);
	buf_free(&text);
	return 0;
}
