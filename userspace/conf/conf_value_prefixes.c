/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of prefixes and of files that hold some. */
#include <errno.h>
#include <glob.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf.h"
#include "conf/conf_include.h"
#include "conf/conf_prefixes.h"
#include "conf/conf_text.h"
#include "conf/conf_unique.h"
#include "conf/conf_value.h"

/**
 * struct filler - a list that is set
 * @rules, @patterns: so far; not in memory of the result yet
 * @n_prefixes: of all rules
 * @item: of the list
 */
struct filler {
	struct conf_job *job;
	struct conf_prefix_rule *rules;
	size_t n_rules;
	const char **patterns;
	size_t n_patterns;
	const struct conf_node *item;
};

/* NULL, and the job has failed: there is no memory. */
static struct conf_prefix_rule *add_rule(struct filler *l, const char *name)
{
	struct conf_prefix_rule *rule = array_add(&l->rules, &l->n_rules);

	l->job->failed |= !rule;
	if (rule)
		rule->name = conf_job_keep_text(l->job, name);
	return rule;
}

static void note_too_many(struct filler *l, size_t more)
{
	if (l->job->n_prefixes <= CONF_MAX_PREFIXES &&
	    more > CONF_MAX_PREFIXES - l->job->n_prefixes)
		conf_error(l->job, l->item, "more than %d prefixes", CONF_MAX_PREFIXES);
	l->job->n_prefixes += more;
}

/* --- one that stands in the list -------------------------------------------------- */

static const struct conf_prefix *take_inline(struct filler *l)
{
	_cleanup_(buf_free) struct buf flaw = { 0 };
	struct conf_prefix_rule *rule;
	struct conf_prefix prefix;
	char name[CONF_PREFIX_TEXT];

	if (conf_prefix_parse(l->item->text, &prefix, &flaw)) {
		conf_error(l->job, l->item, "%s %s", conf_quoted(l->job, l->item), buf_str(&flaw));
		return NULL;
	}
	prefix.line = l->item->pos.line;
	rule = add_rule(l, conf_prefix_format(&prefix, name));
	if (!rule)
		return NULL;
	rule->prefixes = conf_job_keep(l->job, sizeof(prefix));
	if (!rule->prefixes)
		return NULL;
	*rule->prefixes = prefix;
	rule->n = 1;
	note_too_many(l, 1);
	return rule->prefixes;
}

/* --- a file, or several ------------------------------------------------------------ */

static bool has_file(const struct filler *l, const char *path)
{
	array_for_each (r, l->rules, l->n_rules)
		if (r->is_file && !strcmp(r->name, path))
			return true;
	return false;
}

/* It is the name of a rule, in JSON and in metrics, which know nothing else. */
static bool is_utf8(const char *text)
{
	struct conf_pos pos;

	return !conf_text_flaw(text, strlen(text), &pos);
}

static void take_file(struct filler *l, const char *path)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	struct conf_prefix_rule *rule;
	int err;

	if (has_file(l, path))
		return;
	if (!is_utf8(path)) {
		conf_text_print(&text, path);
		conf_error(l->job, l->item, "\"%s\": the name of the file is no plain UTF-8",
			   buf_str(&text));
		return;
	}
	err = conf_file_read_regular(path, CONF_MAX_PREFIX_BYTES, &text);
	if (err) {
		conf_error(l->job, l->item, "cannot read %s: %s", path, strerror(-err));
		return;
	}
	rule = add_rule(l, path);
	if (!rule)
		return;
	rule->is_file = true;
	conf_prefixes_read(l->job, &(struct conf_input){ path, buf_str(&text), text.len }, rule);
	note_too_many(l, rule->n);
}

static void take_files(struct filler *l, const char *pattern)
{
	glob_t found;
	int err;

	if (!conf_pattern_has_wildcards(pattern)) {
		take_file(l, pattern);
		return;
	}
	err = glob(pattern, GLOB_ERR, NULL, &found);
	if (err && err != GLOB_NOMATCH)
		conf_error(l->job, l->item, "cannot list %s: %s", pattern, strerror(errno));
	for (size_t i = 0; !err && i < found.gl_pathc; i++)
		take_file(l, found.gl_pathv[i]);
	if (!err)
		globfree(&found);
}

static bool names_pattern(const struct conf_prefix_list *list, const char *pattern)
{
	for (size_t i = 0; i < list->n_patterns; i++)
		if (!strcmp(list->patterns[i], pattern))
			return true;
	return false;
}

/* May this run read them? See struct conf_request. */
static bool may_read(const struct filler *l, const char *pattern)
{
	const struct conf *known = l->job->files_of;

	if (!known || names_pattern(&known->firewall.deny, pattern) ||
	    names_pattern(&known->firewall.allow, pattern))
		return true;
	array_for_each (s, known->services, known->n_services)
		if (names_pattern(&s->firewall.deny, pattern) ||
		    names_pattern(&s->firewall.allow, pattern))
			return true;
	return false;
}

static void take_pattern(struct filler *l, const struct conf_node *value)
{
	const char *flaw, **pattern;

	if (!conf_item_is_value(l->job, value))
		return;
	flaw = conf_pattern_flaw(value->text);
	if (flaw) {
		conf_error(l->job, value, "%s is %s", conf_quoted(l->job, value), flaw);
		return;
	}
	if (!may_read(l, value->text)) {
		conf_error(l->job, value,
			   "only root may let the daemon use other files than it does");
		return;
	}
	pattern = array_add(&l->patterns, &l->n_patterns);
	l->job->failed |= !pattern;
	if (pattern)
		*pattern = conf_job_keep_text(l->job, value->text);
	if (!l->job->reads_no_files)
		take_files(l, value->text);
}

/* --- the list ------------------------------------------------------------------------ */

static void take_map(struct filler *l)
{
	const struct conf_node *file = conf_node_get(l->item, "file");

	if (file && l->item->n_children == 1)
		take_pattern(l, file);
	else
		conf_error(l->job, l->item, "expected a prefix, or { file: /path/*.cidr }");
}

static void note_repeated(struct conf_job *job, const struct conf_entry *first,
			  const struct conf_entry *again)
{
	conf_error(job, again->node, "%s is there twice (first on %s)",
		   conf_quoted(job, again->node), conf_line_of_node(job, again->node, first->node));
}

static void take_items(struct filler *l, const struct conf_node *list)
{
	struct conf_unique seen = conf_unique_make(l->job, conf_item_count(list));

	for (l->item = conf_item_first(list); l->item; l->item = conf_item_next(list, l->item)) {
		const struct conf_prefix *p = NULL;

		if (l->item->kind == CONF_NODE_MAP)
			take_map(l);
		else if (conf_item_is_value(l->job, l->item))
			p = take_inline(l);
		if (p)
			conf_unique_add(&seen, (struct conf_entry){ p, CONF_PREFIX_KEY_BYTES,
								    l->item, NULL });
	}
	conf_unique_report(l->job, &seen, note_repeated);
}

static void *keep(struct conf_job *job, const void *array, size_t bytes)
{
	void *kept = bytes ? conf_job_keep(job, bytes) : NULL;

	return kept ? memcpy(kept, array, bytes) : NULL;
}

CONF_SETTER(conf_set_prefixes)
{
	struct conf_prefix_list *list = conf_field_at(base, f->off);
	struct filler l = { .job = job };

	take_items(&l, node);
	*list = (struct conf_prefix_list){
		.rules = keep(job, l.rules, l.n_rules * sizeof(*l.rules)),
		.patterns = keep(job, l.patterns, l.n_patterns * sizeof(*l.patterns)),
	};
	list->n = list->rules ? l.n_rules : 0;
	list->n_patterns = list->patterns ? l.n_patterns : 0;
	free(l.rules);
	free(l.patterns);
}
