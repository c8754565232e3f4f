/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of keys themselves: every row is whole and makes sense. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_print.h"
#include "conf/conf_reference.h"
#include "conf/conf_tables.h"

/* Call @fn for every row of @set and of the tables below, with its path. */
static void for_each_row(const struct conf_fields *set, const char *above,
			 void (*fn)(const struct conf_field *f, const char *path))
{
	array_for_each (f, set->rows, set->n) {
		_cleanup_(buf_free) struct buf path = { 0 };

		buf_printf(&path, "%s%s%s%s", above, *above ? "." : "", f->key,
			   f->kind == CONF_LIST ? "[]" : "");
		fn(f, buf_str(&path));
		if (f->kind == CONF_NAMED)
			buf_puts(&path, ".NAME");
		if (f->fields)
			for_each_row(f->fields, buf_str(&path), fn);
		if (f->elem)
			for_each_row(f->elem->fields, buf_str(&path), fn);
	}
}

/* A struct that no table's offsets go beyond. */
#define SCRATCH_BYTES 4096

static void expect_preset_fits(const struct conf_field *f, const char *path)
{
	struct arena keep = { 0 };
	struct conf_job job = { .name = "t", .text = "", .keep = &keep };
	struct conf_node node = {
		.kind = CONF_NODE_SCALAR,
		.plain = true,
		.text = f->preset,
		.pos = { 1, 1, 1 },
	};
	_Alignas(16) char before[SCRATCH_BYTES], after[SCRATCH_BYTES];

	if (!f->preset)
		return;
	memset(before, 0xa5, sizeof(before));
	memcpy(after, before, sizeof(after));
	conf_field_set(&job, f, &node, after);
	cr_expect_eq(job.errors.n, 0, "%s: %s", path, job.errors.n ? job.errors.at[0].text : "");
	cr_expect_not(job.failed);
	/* It went to its member, and to nothing before it. */
	cr_expect_neq(memcmp(before, after, sizeof(after)), 0, "%s is not stored", path);
	cr_expect_eq(memcmp(before, after, f->off), 0, "%s is stored elsewhere", path);
	conf_job_end(&job);
	arena_free(&keep);
}

Test(field, every_preset_fits_its_own_field)
{
	for_each_row(&conf_root_fields, "", expect_preset_fits);
}

/* Set @f to @text in @base, which no table's offsets go beyond. */
static void set_text(struct conf_job *job, const struct conf_field *f, const char *text, char *base)
{
	struct conf_node node = { .kind = CONF_NODE_SCALAR, .text = text, .pos = { 1, 1, 1 } };

	memset(base, 0, SCRATCH_BYTES);
	conf_field_set(job, f, &node, base);
	cr_expect_eq(job->errors.n, 0, "%s: %s", f->key, text);
}

/* What is printed sets the same value again. */
static void expect_printed(const struct conf_field *f, const char *path)
{
	const bool has_value = f->kind != CONF_GROUP && !f->elem;
	_cleanup_(buf_free) struct buf once = { 0 }, twice = { 0 };
	_Alignas(16) char base[SCRATCH_BYTES];
	struct arena keep = { 0 };
	struct conf_job job = { .name = "t", .text = "", .keep = &keep };

	cr_assert(!has_value || conf_kind_is_printed(f->kind), "%s", path);
	if (has_value && f->preset) {
		set_text(&job, f, f->preset, base);
		conf_value_print(f, base, &once);
		set_text(&job, f, buf_str(&once), base);
		conf_value_print(f, base, &twice);
		cr_expect_str_eq(buf_str(&once), buf_str(&twice), "%s", path);
		cr_expect_gt(once.len, 0, "%s", path);
	}
	conf_job_end(&job);
	arena_free(&keep);
}

Test(field, every_value_is_printed)
{
	for_each_row(&conf_root_fields, "", expect_printed);
}

static void expect_whole(const struct conf_field *f, const char *path)
{
	size_t doc_len = f->doc ? strlen(f->doc) : 0;

	cr_assert_gt(doc_len, 0, "%s has no doc", path);
	cr_expect_eq(f->doc[doc_len - 1], '.', "%s: not a sentence: %s", path, f->doc);
	cr_expect_leq(f->min, f->max, "%s", path);
	cr_expect_eq(f->kind == CONF_WORD || f->kind == CONF_WORDS || f->kind == CONF_SWITCH,
		     f->words != NULL, "%s", path);
	cr_expect_eq(f->kind == CONF_GROUP, f->fields != NULL, "%s", path);
	cr_expect_eq(f->kind == CONF_NAMED || f->kind == CONF_LIST, f->elem != NULL, "%s", path);
	cr_expect(!f->preset || !f->base, "%s has a preset, and inherits one", path);
	cr_expect(!f->preset || !f->required, "%s has a preset that is never used", path);
}

Test(field, every_row_is_whole)
{
	for_each_row(&conf_root_fields, "", expect_whole);
}

static void expect_explained(const struct conf_field *f, const char *path)
{
	_cleanup_(buf_free) struct buf all = { 0 }, one = { 0 };
	size_t len = strlen(path);

	conf_explain(path, &one);
	cr_expect_eq(strncmp(buf_str(&one), path, len), 0, "%s: %s", path, buf_str(&one));
	cr_expect_not_null(strstr(buf_str(&one), f->doc), "%s", path);
	if (f->preset && !strstr(path, "NAME.check") && !strstr(path, "[].check") &&
	    !strstr(path, "NAME.timeouts"))
		cr_expect_not_null(strstr(buf_str(&one), f->preset), "%s", path);
	conf_explain(NULL, &all);
	cr_expect_not_null(strstr(buf_str(&all), f->doc), "%s", path);
}

Test(field, every_row_is_explained)
{
	for_each_row(&conf_root_fields, "", expect_explained);
}

static void expect_first(const char *asked, const char *path)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	conf_explain(asked, &out);
	cr_expect_eq(strncmp(buf_str(&out), path, strlen(path)), 0, "%s: %.60s", asked,
		     buf_str(&out));
	cr_expect_eq(buf_str(&out)[strlen(path)], '\n', "%s: %.60s", asked, buf_str(&out));
}

Test(field, explain_takes_paths_as_people_write_them)
{
	expect_first("weight", "services.NAME.backends[].weight");
	expect_first("backends.weight", "services.NAME.backends[].weight");
	expect_first("services.web.backends[2].weight", "services.NAME.backends[].weight");
	expect_first("interfaces.eth0", "interfaces.NAME.mode");
	expect_first("interval", "defaults.check.interval");
	expect_first("services.web.check.interval", "services.NAME.check.interval");
	expect_first("services.web.timeouts.syn", "services.NAME.timeouts.syn");
	expect_first("daemon", "daemon");
}

Test(field, explain_is_silent_about_what_is_not_there)
{
	static const char *const unknown[] = { "wieght", "daemon.weight", "interfaces.eth0.speed",
					       "daemon.log.level.x", "1" };

	array_for_each (key, unknown, array_len(unknown)) {
		_cleanup_(buf_free) struct buf out = { 0 };

		conf_explain(*key, &out);
		cr_expect_str_empty(buf_str(&out), "%s: %s", *key, buf_str(&out));
	}
}

Test(field, explain_says_sizes_and_words_as_they_are_written)
{
	_cleanup_(buf_free) struct buf size = { 0 }, word = { 0 }, power = { 0 };
	_cleanup_(buf_free) struct buf off = { 0 }, range = { 0 };

	conf_explain("flow_cache", &size);
	cr_expect_not_null(strstr(buf_str(&size), "256KiB to 4GiB; preset 4MiB"), "%s",
			   buf_str(&size));
	conf_explain("dataplane.slots", &power);
	cr_expect_not_null(strstr(buf_str(&power), "auto or a power of two, 1024 to 1048576; "
						   "preset auto"),
			   "%s", buf_str(&power));
	conf_explain("services.dns.affinity", &off);
	cr_expect_not_null(
		strstr(buf_str(&off), "off or a duration (ms, s, m, h), 1s to 8h; preset off"),
		"%s", buf_str(&off));
	conf_explain("nat.ports", &range);
	cr_expect_not_null(strstr(buf_str(&range), "a range of ports, FIRST-LAST, 1024 to 65535; "
						   "preset 10000-32767"),
			   "%s", buf_str(&range));
	conf_explain("services.dns.udp", &word);
	cr_expect_not_null(strstr(buf_str(&word), "one of keep move; preset keep"), "%s",
			   buf_str(&word));
}

/* What an override inherits is not the preset. */
Test(field, explain_says_what_is_inherited)
{
	_cleanup_(buf_free) struct buf out = { 0 };

	conf_explain("services.web.check.rise", &out);
	cr_expect_not_null(strstr(buf_str(&out), "preset as in defaults.check"));
	cr_expect_null(strstr(buf_str(&out), "preset 2"));
}
