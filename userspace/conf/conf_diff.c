/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is different between two configs: both are walked by the tables, elements are
 * matched by name, and values are compared as text. A value that follows another one
 * (a service's check that is that of the defaults) is not mentioned as long as it does.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_diff.h"
#include "conf/conf_print.h"
#include "conf/conf_tables.h"

/**
 * struct side - one of the two
 * @at: what a table's offsets start from
 * @above: the same for the table whose values these follow
 */
struct side {
	const void *at;
	const void *above;
};

/**
 * struct place - where one walks
 * @set: the table
 * @above: the one whose values these follow where the rows have a base; NULL: none
 * @elem: what @set is the table of; NULL: of no element
 */
struct place {
	const struct conf_fields *set;
	const struct conf_fields *above;
	const struct conf_elem *elem;
	struct side old;
	struct side new;
};

/**
 * struct differ - the walk
 * @is_new: the old side holds presets, of an element that only the new one has
 */
struct differ {
	struct buf path;
	conf_change_fn *fn;
	void *arg;
	bool is_new;
	bool failed;
};

static const void *member(const void *base, size_t off)
{
	return (const char *)base + off;
}

static const struct conf_field *find_row(const struct conf_fields *set, const char *key)
{
	array_for_each (f, set->rows, set->n)
		if (!strcmp(f->key, key))
			return f;
	return NULL;
}

/* Arguments of a program do: of a shell they are what is run. */
static bool names_file(const struct conf_field *f)
{
	return f->kind == CONF_FILE || f->kind == CONF_PATTERNS || f->kind == CONF_TEXTS;
}

static void report(struct differ *d, enum conf_change_kind kind, const char *before,
		   const char *after, const struct conf_field *f)
{
	/* Whoever may look at a difference need not know a key. */
	const bool is_secret = f->kind == CONF_HEX;
	const struct conf_change c = {
		.kind = kind,
		.path = buf_str(&d->path),
		.before = is_secret && *before ? "(secret)" : before,
		.after = is_secret && *after ? "(secret)" : after,
		.needs_restart = f->effect == CONF_RESTART,
		.names_file = names_file(f),
	};

	d->fn(d->arg, &c);
}

/* The row whose value that of @f follows; NULL: none. */
static const struct conf_field *find_base(const struct place *p, const struct conf_field *f)
{
	const struct conf_field *base;

	if (!p->above || !(f->base || p->above == p->set))
		return NULL;
	base = find_row(p->above, f->key);
	return base && base->kind == f->kind ? base : NULL;
}

/* Whether the value of @f in both sides is that of the row it follows. */
static bool is_inherited(const struct differ *d, const struct place *p, const struct conf_field *f,
			 const char *before, const char *after)
{
	const struct conf_field *base = find_base(p, f);
	_cleanup_(buf_free) struct buf old = { 0 }, new = { 0 };

	if (!base)
		return false;
	conf_value_print(base, p->old.above, &old);
	conf_value_print(base, p->new.above, &new);
	return !strcmp(buf_str(&new), after) && (d->is_new || !strcmp(buf_str(&old), before));
}

static void diff_value(struct differ *d, const struct place *p, const struct conf_field *f)
{
	_cleanup_(buf_free) struct buf old = { 0 }, new = { 0 };

	conf_value_print(f, p->old.at, &old);
	conf_value_print(f, p->new.at, &new);
	d->failed |= old.failed || new.failed;
	if (!strcmp(buf_str(&old), buf_str(&new)))
		return;
	if (!is_inherited(d, p, f, buf_str(&old), buf_str(&new)))
		report(d, CONF_CHANGED, buf_str(&old), buf_str(&new), f);
}

static void diff_fields(struct differ *d, const struct place *p);

static void diff_group(struct differ *d, const struct place *p, const struct conf_field *f)
{
	const struct conf_field *base = find_base(p, f);
	struct place inner = {
		.set = f->fields,
		.old.at = member(p->old.at, f->off),
		.new.at = member(p->new.at, f->off),
	};

	if (base && base->fields == f->fields) {
		inner.above = f->fields;
		inner.old.above = member(p->old.above, base->off);
		inner.new.above = member(p->new.above, base->off);
	}
	diff_fields(d, &inner);
}

/* --- elements ---------------------------------------------------------------- */

/* The elements of one side. */
struct elems {
	const char *at;
	size_t n;
};

static struct elems elems_of(const struct conf_field *f, const void *base)
{
	return (struct elems){
		.at = *(const char *const *)member(base, f->off),
		.n = *(const size_t *)member(base, f->off_also),
	};
}

static const char *name_of(const struct conf_elem *elem, const void *item)
{
	return *(const char *const *)member(item, elem->off_name);
}

/* The element of that name, which mostly stands at the same place; NULL: there is none. */
static const void *find_elem(const struct conf_elem *elem, const struct elems *in, const char *name,
			     size_t place)
{
	if (place < in->n && !strcmp(name_of(elem, in->at + place * elem->size), name))
		return in->at + place * elem->size;
	for (size_t i = 0; i < in->n; i++)
		if (!strcmp(name_of(elem, in->at + i * elem->size), name))
			return in->at + i * elem->size;
	return NULL;
}

/* Elements follow a group beside their list, or what their list is in. */
static struct place elem_place(const struct place *p, const struct conf_elem *elem, const void *old,
			       const void *new)
{
	return (struct place){
		.set = elem->fields,
		.above = elem->above ? elem->above : p->set,
		.elem = elem,
		.old = { .at = old, .above = member(p->old.at, elem->off_above) },
		.new = { .at = new, .above = member(p->new.at, elem->off_above) },
	};
}

/* One that is new, beside presets. */
static void diff_new(struct differ *d, const struct place *p, const struct conf_field *f,
		     const void *item)
{
	struct arena arena = { 0 };
	struct conf_job job = { .name = "", .text = "", .keep = &arena };
	const bool was_new = d->is_new;
	void *blank = conf_job_keep(&job, f->elem->size);

	report(d, CONF_ADDED, "", "", f);
	if (blank) {
		const struct place inner = elem_place(p, f->elem, blank, item);

		conf_fields_preset(&job, f->elem->fields, blank);
		d->is_new = true;
		diff_fields(d, &inner);
		d->is_new = was_new;
	}
	d->failed |= job.failed;
	conf_job_end(&job);
	arena_free(&arena);
}

static void diff_elem(struct differ *d, const struct place *p, const struct conf_field *f,
		      const void *old, const void *new)
{
	const struct place inner = elem_place(p, f->elem, old, new);

	if (!old)
		diff_new(d, p, f, new);
	else if (!new)
		report(d, CONF_REMOVED, "", "", f);
	else
		diff_fields(d, &inner);
}

/* The names in @of that are in @among, too, in their order. */
static void list_common(const struct conf_elem *elem, const struct elems *of,
			const struct elems *among, struct buf *out)
{
	for (size_t i = 0; i < of->n; i++) {
		const char *name = name_of(elem, of->at + i * elem->size);

		if (find_elem(elem, among, name, i))
			buf_printf(out, "%s%s", out->len ? ", " : "", name);
	}
}

/* Who stands first may have all flows. */
static void diff_order(struct differ *d, const struct conf_field *f, const struct elems *old,
		       const struct elems *new)
{
	_cleanup_(buf_free) struct buf before = { 0 }, after = { 0 };

	list_common(f->elem, old, new, &before);
	list_common(f->elem, new, old, &after);
	d->failed |= before.failed || after.failed;
	if (strcmp(buf_str(&before), buf_str(&after)))
		report(d, CONF_CHANGED, buf_str(&before), buf_str(&after), f);
}

static void diff_elems(struct differ *d, const struct place *p, const struct conf_field *f)
{
	const struct elems old = elems_of(f, p->old.at), new = elems_of(f, p->new.at);
	const struct conf_elem *elem = f->elem;
	const size_t len = d->path.len;
	const char *name;

	if (f->kind == CONF_LIST)
		diff_order(d, f, &old, &new);
	for (size_t i = 0; i < old.n; i++) {
		name = name_of(elem, old.at + i * elem->size);
		buf_printf(&d->path, ".%s", name);
		diff_elem(d, p, f, old.at + i * elem->size, find_elem(elem, &new, name, i));
		buf_cut(&d->path, len);
	}
	for (size_t i = 0; i < new.n; i++) {
		name = name_of(elem, new.at + i * elem->size);
		buf_printf(&d->path, ".%s", name);
		if (!find_elem(elem, &old, name, i))
			diff_elem(d, p, f, NULL, new.at + i * elem->size);
		buf_cut(&d->path, len);
	}
}

/* --- all ------------------------------------------------------------------------ */

static bool is_name(const struct place *p, const struct conf_field *f)
{
	return p->elem && f->kind == CONF_NAME && f->off == p->elem->off_name;
}

static void diff_fields(struct differ *d, const struct place *p)
{
	const size_t len = d->path.len;

	array_for_each (f, p->set->rows, p->set->n) {
		buf_printf(&d->path, "%s%s", len ? "." : "", f->key);
		if (f->kind == CONF_GROUP)
			diff_group(d, p, f);
		else if (f->elem)
			diff_elems(d, p, f);
		else if (!is_name(p, f))
			diff_value(d, p, f);
		buf_cut(&d->path, len);
	}
}

int conf_diff(const struct conf *old, const struct conf *new, conf_change_fn *fn, void *arg)
{
	struct differ d = { .fn = fn, .arg = arg };
	const struct place root = {
		.set = &conf_root_fields,
		.old.at = old->draft,
		.new.at = new->draft,
	};

	diff_fields(&d, &root);
	d.failed |= d.path.failed;
	buf_free(&d.path);
	return d.failed ? -ENOMEM : 0;
}
