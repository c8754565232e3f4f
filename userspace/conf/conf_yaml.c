/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libyaml hands out events, each with the place it starts and ends at; here
 * they become nodes. Refused are tags, anchors and aliases (a config that
 * includes itself grows without bound), keys that are not scalars, NUL
 * characters, a second document, and more depth or nodes than any config has
 * use for.
 */
#include <limits.h>
#include <string.h>
#include <yaml.h>

#include "conf/conf_text.h"
#include "conf/conf_yaml.h"

#define MAX_DEPTH 32
#define MAX_NODES (1 << 20)

/**
 * struct builder - the tree under construction
 * @file, @number: what is read, and which of the files it is
 * @open: the innermost container that has not ended; NULL at the top
 * @last: the newest node
 */
struct builder {
	struct conf_job *job;
	struct conf_input file;
	int number;
	yaml_parser_t yaml;
	struct conf_node *root;
	struct conf_node *open;
	struct conf_node *last;
	unsigned int depth;
	size_t n_nodes;
};

static struct conf_pos pos_of_marks(const struct builder *b, const yaml_mark_t *start,
				    const yaml_mark_t *end)
{
	int length = start->line == end->line ? (int)(end->column - start->column) : INT_MAX;

	return (struct conf_pos){ start->line + 1, start->column + 1, length, b->number };
}

static struct conf_pos pos_of_mark(const struct builder *b, const yaml_mark_t *mark)
{
	return pos_of_marks(b, mark, mark);
}

static void append(struct conf_node *parent, struct conf_node *node)
{
	node->index = parent->n_children++;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

/* Give @node its place: the root, a key, the value of a key, or an item. */
static void attach(struct builder *b, struct conf_node *node)
{
	struct conf_node *parent = b->open;

	node->parent = parent;
	if (!parent) {
		b->root = node;
	} else if (parent->kind == CONF_NODE_LIST) {
		append(parent, node);
	} else if (!parent->pending) {
		node->is_key = true;
		parent->pending = node;
	} else {
		node->key = parent->pending;
		parent->pending = NULL;
		/* The value of a key that is no word stays out of the tree. */
		if (node->key->kind == CONF_NODE_SCALAR)
			append(parent, node);
		else
			node->is_key = true;
	}
}

static struct conf_node *add_node(struct builder *b, enum conf_node_kind kind,
				  const yaml_event_t *event)
{
	struct conf_node *node = conf_job_scratch(b->job, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->pos = pos_of_marks(b, &event->start_mark, &event->end_mark);
	node->text = "";
	b->last = node;
	b->n_nodes++;
	attach(b, node);
	return node;
}

static void refuse_extras(struct builder *b, const struct conf_node *node,
			  const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		conf_error(b->job, node, "anchors are not supported: write the value out");
	if (tag)
		conf_error(b->job, node, "tags are not supported");
}

static bool add_scalar(struct builder *b, const yaml_event_t *event)
{
	size_t len = event->data.scalar.length;
	struct conf_node *node = add_node(b, CONF_NODE_SCALAR, event);
	char *text = arena_strndup(&b->job->scratch, (const char *)event->data.scalar.value, len);

	b->job->failed |= !text;
	if (!node || !text)
		return false;
	node->text = text;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	refuse_extras(b, node, event->data.scalar.anchor, event->data.scalar.tag);
	if (memchr(text, '\0', len)) {
		node->kind = CONF_NODE_BAD;
		conf_error(b->job, node, "a NUL character is not allowed here");
	}
	return true;
}

static bool add_alias(struct builder *b, const yaml_event_t *event)
{
	struct conf_node *node = add_node(b, CONF_NODE_BAD, event);

	if (node)
		conf_error(b->job, node, "aliases are not supported: write the value out");
	return node;
}

static bool open_container(struct builder *b, enum conf_node_kind kind, const yaml_event_t *event)
{
	struct conf_node *node = add_node(b, kind, event);

	if (!node)
		return false;
	if (kind == CONF_NODE_MAP)
		refuse_extras(b, node, event->data.mapping_start.anchor,
			      event->data.mapping_start.tag);
	else
		refuse_extras(b, node, event->data.sequence_start.anchor,
			      event->data.sequence_start.tag);
	if (node->is_key && !node->key)
		conf_error(b->job, node, "a key must be a single word");
	node->is_open = true;
	b->open = node;
	if (++b->depth <= MAX_DEPTH)
		return true;
	conf_error_at(b->job, node->pos, "nested deeper than %d levels", MAX_DEPTH);
	return false;
}

static bool close_container(struct builder *b)
{
	b->open->is_open = false;
	b->open = b->open->parent;
	b->depth--;
	return true;
}

static bool start_document(struct builder *b, const yaml_event_t *event)
{
	if (b->root)
		conf_error_at(b->job, pos_of_marks(b, &event->start_mark, &event->end_mark),
			      "a second document starts here: a file holds one");
	return !b->root;
}

/* Return: whether to go on. */
static bool take_event(struct builder *b, const yaml_event_t *event)
{
	if (b->n_nodes >= MAX_NODES) {
		conf_error_at(b->job, pos_of_mark(b, &event->start_mark), "more than %d values",
			      MAX_NODES);
		return false;
	}
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return start_document(b, event);
	case YAML_ALIAS_EVENT:
		return add_alias(b, event);
	case YAML_SCALAR_EVENT:
		return add_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_container(b, CONF_NODE_LIST, event);
	case YAML_MAPPING_START_EVENT:
		return open_container(b, CONF_NODE_MAP, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_container(b);
	default:
		return event->type != YAML_STREAM_END_EVENT;
	}
}

/* A tab where blanks are wanted is the one mistake that nobody can see. */
static bool is_at_tab(const struct builder *b)
{
	const yaml_mark_t *mark = &b->yaml.problem_mark;
	const char *end = b->file.text + b->file.len;
	const char *p = conf_text_line(b->file.text, b->file.len, mark->line + 1);
	size_t blanks = 0;

	while (p + blanks < end && p[blanks] == ' ')
		blanks++;
	return p + blanks < end && p[blanks] == '\t' && mark->column >= blanks;
}

/* The text ended too early: at its end there is nothing to show. */
static bool is_at_end(const struct builder *b)
{
	const char *end = b->file.text + b->file.len;

	return conf_text_line(b->file.text, b->file.len, b->yaml.problem_mark.line + 1) == end;
}

static void note_syntax(struct builder *b)
{
	const yaml_parser_t *y = &b->yaml;
	struct conf_pos pos = pos_of_mark(b, &y->problem_mark);

	/* It may be half of what was meant. */
	if (b->last && b->last->kind == CONF_NODE_SCALAR)
		b->last->kind = CONF_NODE_BAD;
	if (y->context && is_at_end(b))
		conf_error_at(b->job, pos_of_mark(b, &y->context_mark),
			      "not valid YAML: the text ends %s that starts here", y->context);
	else if (is_at_tab(b))
		conf_error_at(b->job, pos, "not valid YAML: a tab cannot indent, use blanks");
	else if (y->context && y->context_mark.line != y->problem_mark.line)
		conf_error_at(b->job, pos, "not valid YAML: %s (%s that starts on line %zu)",
			      y->problem, y->context, y->context_mark.line + 1);
	else if (y->context)
		conf_error_at(b->job, pos, "not valid YAML: %s (%s)", y->problem, y->context);
	else
		conf_error_at(b->job, pos, "not valid YAML: %s", y->problem);
}

static void read_events(struct builder *b)
{
	yaml_event_t event;
	bool more = true;

	while (more) {
		if (!yaml_parser_parse(&b->yaml, &event)) {
			if (b->yaml.error == YAML_MEMORY_ERROR)
				b->job->failed = true;
			else
				note_syntax(b);
			return;
		}
		more = take_event(b, &event);
		yaml_event_delete(&event);
	}
}

struct conf_node *conf_yaml_read(struct conf_job *job, int file)
{
	struct builder b = { .job = job, .file = conf_job_file(job, file), .number = file };
	struct conf_pos pos;
	const char *flaw = conf_text_flaw(b.file.text, b.file.len, &pos);

	if (flaw) {
		pos.file = file;
		conf_error_at(job, pos, "%s", flaw);
		return NULL;
	}
	if (!yaml_parser_initialize(&b.yaml)) {
		job->failed = true;
		return NULL;
	}
	yaml_parser_set_encoding(&b.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.yaml, (const unsigned char *)b.file.text, b.file.len);
	read_events(&b);
	yaml_parser_delete(&b.yaml);
	return b.root;
}
