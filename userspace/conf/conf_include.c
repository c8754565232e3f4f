/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "conf/conf_include.h"
#include "conf/conf_tables.h"
#include "conf/conf_yaml.h"

#define WILDCARDS "*?["

const char *conf_pattern_flaw(const char *text)
{
	const char *wild = strpbrk(text, WILDCARDS);

	if (*text != '/')
		return "not an absolute path";
	if (wild && strchr(wild, '/'))
		return "not the path of files: wildcards stand behind the last slash";
	return NULL;
}

bool conf_pattern_has_wildcards(const char *text)
{
	return strpbrk(text, WILDCARDS);
}

/* Until the end, because a pipe cannot say how much it holds. */
int conf_file_read(int fd, size_t max, struct buf *text)
{
	char piece[16384];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf_add(text, piece, n);
		if (text->failed)
			return -ENOMEM;
		if (text->len > max)
			return -EFBIG;
	}
	return 0;
}

bool conf_files_add(struct conf_job *job, struct conf_files *files, const struct conf_input *in)
{
	struct conf_input *new = &files->at[files->n];
	char *text;

	if (files->n == CONF_MAX_FILES || files->bytes + in->len > CONF_MAX_BYTES)
		return false;
	text = arena_strndup(job->keep, in->len ? in->text : "", in->len);
	*new = (struct conf_input){ conf_job_keep_text(job, in->name), text, in->len };
	job->failed |= !text;
	if (job->failed)
		return false;
	files->n++;
	files->bytes += in->len;
	job->included = files->at + 1;
	job->n_included = files->n - 1;
	return true;
}

/* --- one tree of several ------------------------------------------------------- */

static struct conf_node *child_of(struct conf_node *map, const char *key)
{
	return (struct conf_node *)conf_node_get(map, key);
}

static void append(struct conf_node *parent, struct conf_node *node)
{
	node->parent = parent;
	node->index = parent->n_children++;
	node->next = NULL;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

/* The children of @from, a mapping or null, go to @to, likewise. */
static void move_children(struct conf_node *to, struct conf_node *from)
{
	struct conf_node *next;

	to->kind = CONF_NODE_MAP;
	to->is_open |= from->is_open;
	for (struct conf_node *c = from->first; c; c = next) {
		next = c->next;
		append(to, c);
	}
}

/* Its names may be in several files. */
static bool is_shared(const char *key)
{
	array_for_each (f, conf_root_fields.rows, conf_root_fields.n)
		if (!strcmp(f->key, key))
			return f->kind == CONF_NAMED;
	return false;
}

static bool is_map_or_null(const struct conf_node *node)
{
	return node->kind == CONF_NODE_MAP || conf_node_is_null(node);
}

static bool is_same_scalar(const struct conf_node *a, const struct conf_node *b)
{
	return a->kind == CONF_NODE_SCALAR && b->kind == CONF_NODE_SCALAR &&
	       !strcmp(a->text, b->text);
}

/* What is in two files and belongs in one is found by the walker: a repeated key. */
static void merge_key(struct conf_job *job, struct conf_node *root, struct conf_node *value)
{
	const char *key = value->key->text;
	struct conf_node *mine = child_of(root, key);

	if (!strcmp(key, "include"))
		conf_error(job, value->key, "a file that is included cannot include others");
	else if (mine && is_shared(key) && is_map_or_null(mine) && is_map_or_null(value))
		move_children(mine, value);
	else if (!mine || strcmp(key, "version") || !is_same_scalar(mine, value))
		append(root, value);
}

static void merge(struct conf_job *job, struct conf_node *root, struct conf_node *other)
{
	struct conf_node *next;

	root->is_open |= other->is_open;
	if (!is_map_or_null(other))
		conf_error(job, other, "expected a mapping (key: value)");
	for (struct conf_node *c = other->kind == CONF_NODE_MAP ? other->first : NULL; c;
	     c = next) {
		next = c->next;
		merge_key(job, root, c);
	}
}

/* --- finding files ------------------------------------------------------------- */

/* What includes are found by: one item of the list. */
struct finder {
	struct conf_job *job;
	struct conf_files *files;
	struct conf_node *root;
	const struct conf_node *item;
};

static bool is_there(const struct conf_files *files, const char *name)
{
	array_for_each (f, files->at, files->n)
		if (!strcmp(f->name, name))
			return true;
	return false;
}

static void take(struct finder *f, const struct conf_input *in)
{
	size_t errors = f->job->errors.n;
	struct conf_node *other;

	if (is_there(f->files, in->name)) {
		conf_error(f->job, f->item, "%s is read already", in->name);
		return;
	}
	if (!conf_files_add(f->job, f->files, in)) {
		conf_error(f->job, f->item, "more than %d files, or than %d MiB", CONF_MAX_FILES,
			   CONF_MAX_BYTES >> 20);
		return;
	}
	other = conf_yaml_read(f->job, f->files->n - 1);
	if (other)
		merge(f->job, f->root, other);
	else if (f->job->errors.n > errors)
		f->root->is_open = true;
}

/* A pipe would be waited for. */
int conf_file_read_regular(const char *path, size_t max, struct buf *text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return conf_file_read(fd, max, text);
}

static void take_path(struct finder *f, const char *path)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	int err = conf_file_read_regular(path, CONF_MAX_BYTES, &text);
	const struct conf_input in = { path, text.data, text.len };

	if (err)
		conf_error(f->job, f->item, "cannot read %s: %s", path, strerror(-err));
	else
		take(f, &in);
}

static void find_on_disk(struct finder *f)
{
	const char *pattern = f->item->text;
	glob_t found;
	int err;

	if (!strpbrk(pattern, WILDCARDS)) {
		take_path(f, pattern);
		return;
	}
	err = glob(pattern, GLOB_ERR, NULL, &found);
	if (err && err != GLOB_NOMATCH)
		conf_error(f->job, f->item, "cannot list %s: %s", pattern, strerror(errno));
	for (size_t i = 0; !err && i < found.gl_pathc; i++)
		take_path(f, found.gl_pathv[i]);
	if (!err)
		globfree(&found);
}

static void find_given(struct finder *f)
{
	bool any = false;

	array_for_each (in, f->files->given, f->files->n_given) {
		if (fnmatch(f->item->text, in->name, FNM_PATHNAME | FNM_PERIOD))
			continue;
		take(f, in);
		any = true;
	}
	if (!any && !strpbrk(f->item->text, WILDCARDS))
		conf_error(f->job, f->item, "%s is not there", f->item->text);
}

void conf_include(struct conf_job *job, struct conf_node *root, struct conf_files *files)
{
	const struct conf_node *list = conf_node_get(root, "include"), *item, *next;
	struct finder f = { .job = job, .files = files, .root = root };

	/* What is wrong with the list itself is said when its row is set. */
	if (root->kind != CONF_NODE_MAP || !list)
		return;
	for (item = conf_item_first(list); item; item = next) {
		next = conf_item_next(list, item);
		f.item = item;
		if (item->kind != CONF_NODE_SCALAR || conf_pattern_flaw(item->text))
			continue;
		if (files->given)
			find_given(&f);
		else
			find_on_disk(&f);
	}
}

/* --- edits -------------------------------------------------------------------------- */

static struct conf_node *find_backend(struct conf_node *list, const char *name)
{
	for (struct conf_node *b = list->first; b; b = b->next) {
		const struct conf_node *own = conf_node_get(b, "name");

		if (own && own->kind == CONF_NODE_SCALAR && !strcmp(own->text, name))
			return b;
	}
	return NULL;
}

static void remove_child(struct conf_node *list, const struct conf_node *gone)
{
	struct conf_node *next, *first = list->first;

	list->first = list->last = NULL;
	list->n_children = 0;
	for (struct conf_node *c = first; c; c = next) {
		next = c->next;
		if (c != gone)
			append(list, c);
	}
}

/* The list of backends of @e's service, NULL if there is none. */
static struct conf_node *list_of(struct conf_job *job, struct conf_node *root,
				 const struct conf_edit *e)
{
	struct conf_node *services =
		root->kind == CONF_NODE_MAP ? child_of(root, "services") : NULL;
	struct conf_node *service = services ? child_of(services, e->service) : NULL;
	struct conf_node *list = service ? child_of(service, "backends") : NULL;
	struct conf_node *key;

	if (!service || service->kind != CONF_NODE_MAP || list || !e->text)
		return list;
	list = conf_job_scratch(job, sizeof(*list));
	key = conf_job_scratch(job, sizeof(*key));
	if (!list || !key)
		return NULL;
	*key = (struct conf_node){ .pos = service->pos, .is_key = true, .parent = service };
	key->kind = CONF_NODE_SCALAR;
	key->text = "backends";
	*list = (struct conf_node){ .kind = CONF_NODE_LIST, .pos = service->pos, .key = key };
	list->text = "";
	append(service, list);
	return list;
}

void conf_edit_apply(struct conf_job *job, struct conf_node *root, struct conf_edit *e, int file)
{
	struct conf_node *list = list_of(job, root, e), *there, *new;

	e->is_idle = true;
	if (!list || !(list->kind == CONF_NODE_LIST || conf_node_is_null(list)))
		return;
	there = find_backend(list, e->backend);
	if (!there == !e->text)
		return;
	e->is_idle = false;
	if (!e->text) {
		remove_child(list, there);
		return;
	}
	new = conf_yaml_read(job, file);
	list->kind = CONF_NODE_LIST;
	if (new)
		append(list, new);
}
