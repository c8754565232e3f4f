/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backends that come and go at runtime. What an operator says is an edit of the config's
 * text, kept in the state: the config that runs is read again with it, so that it is
 * checked as if it stood in the file, and takes effect as a reload does. It ends when the
 * file says the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/cleanup.h"

static bool is_of(const struct conf_edit *a, const struct conf_edit *b)
{
	return !strcmp(a->service, b->service) && !strcmp(a->backend, b->backend);
}

void daemon_drop_idle_edits(struct daemon *d)
{
	struct state *s = &d->state;
	size_t kept = 0;

	array_for_each (e, s->edits, s->n_edits) {
		struct conf_edit *last = &s->edits[kept];

		if (!e->is_idle) {
			const struct conf_edit edit = *e;

			*e = *last;
			*last = edit;
			kept++;
		} else {
			log_info("%s/%s: %s at runtime means nothing to the config any more",
				 e->service, e->backend, e->text ? "added" : "deleted");
		}
	}
	d->state_is_dirty |= kept < s->n_edits;
	while (s->n_edits > kept) {
		struct conf_edit *e = &s->edits[--s->n_edits];

		free((char *)e->service);
		free((char *)e->backend);
		free((char *)e->text);
	}
}

/* The edits of @s without those of @edit's backend, and with it, in @out. */
static int edits_with(const struct state *s, const struct conf_edit *edit, bool is_kept,
		      struct state *out)
{
	int err = 0;

	array_for_each (e, s->edits, s->n_edits)
		if (!is_of(e, edit))
			err = err ?: state_add_edit(out, e);
	return err ?: is_kept ? state_add_edit(out, edit) : 0;
}

static const struct conf_edit *find_edit(const struct state *s, const struct conf_edit *like)
{
	array_for_each (e, s->edits, s->n_edits)
		if (is_of(e, like))
			return e;
	return NULL;
}

static int refuse_idle(const struct daemon *d, const struct conf_edit *edit, struct buf *report)
{
	const struct conf_edit *now = find_edit(&d->state, edit);

	if (!now || !now->is_idle)
		return 0;
	buf_printf(report,
		   "the config has a backend %s/%s, which was deleted: add it without settings\n",
		   edit->service, edit->backend);
	return -EEXIST;
}

/*
 * Read what runs again with the edits of the state, and run that. What the config says of
 * a backend that comes back was said by who could.
 */
static int use_edits(struct daemon *d, const struct conf_edit *edit, bool is_new, bool by_root,
		     struct buf *report)
{
	_cleanup_(conf_freep) struct conf *conf = NULL, *former = NULL;
	int err = daemon_read_conf(d, d->conf->inputs, d->conf->n_inputs, report, &conf);

	if (!err && is_new)
		err = refuse_idle(d, edit, report);
	if (!err && edit->text && !by_root)
		err = daemon_refuse_shown(d, conf, report);
	return err ?: daemon_swap(d, take_ptr(&conf), report, &former);
}

static void swap_edits(struct state *a, struct state *b)
{
	struct conf_edit *const edits = a->edits;
	const size_t n = a->n_edits;

	a->edits = b->edits;
	a->n_edits = b->n_edits;
	b->edits = edits;
	b->n_edits = n;
}

int daemon_backend_edit(void *app, const struct conf_edit *edit, bool is_new, bool by_root,
			struct buf *report)
{
	const bool brings_back = is_new && !edit->text;
	struct daemon *d = app;
	struct state next = { 0 };
	int err;

	if (brings_back && !find_edit(&d->state, edit)) {
		buf_printf(report, "%s/%s: say where it is: address=...\n", edit->service,
			   edit->backend);
		return -EINVAL;
	}
	err = edits_with(&d->state, edit, !brings_back, &next);
	if (!err) {
		swap_edits(&d->state, &next);
		err = use_edits(d, edit, is_new, by_root, report);
		if (err)
			swap_edits(&d->state, &next);
	}
	edits_free(next.edits, next.n_edits);
	if (err)
		return err;
	/* The former config may return, and they mean something to it. */
	if (!d->former)
		daemon_drop_idle_edits(d);
	daemon_save(d);
	return 0;
}
