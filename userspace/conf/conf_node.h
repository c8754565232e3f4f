/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The YAML text as a tree. Scalars stay the text that was written; every node
 * knows where it stands. Nodes live as long as the parse, in its scratch arena.
 */
#ifndef CONF_CONF_NODE_H
#define CONF_CONF_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum conf_node_kind {
	CONF_NODE_BAD, /* already complained about: nobody looks into it */
	CONF_NODE_SCALAR,
	CONF_NODE_LIST,
	CONF_NODE_MAP,
};

/**
 * struct conf_pos - a place in the text
 * @line, @column: from 1; columns are characters, not bytes
 * @length: characters, may run past the end of the line; 0 if there is nothing
 * @file: index of conf_job's files
 */
struct conf_pos {
	int line;
	int column;
	int length;
	int file;
};

/**
 * struct conf_node - a value, or the key of one
 * @plain: a scalar without quotes
 * @is_key: the key of a value in @parent, not in its list of children
 * @is_open: the text was cut or wrong before its end: what is missing in it may
 *	have been meant to follow
 * @text: of a scalar, NUL-terminated, without a NUL inside
 * @index: among the children of @parent
 * @key: of a value in a mapping, a scalar; else NULL
 * @pending: while reading: the key that waits for its value
 */
struct conf_node {
	enum conf_node_kind kind;
	bool plain;
	bool is_key;
	bool is_open;
	struct conf_pos pos;
	const char *text;
	size_t index;
	struct conf_node *parent;
	const struct conf_node *key;
	struct conf_node *pending;
	struct conf_node *first;
	struct conf_node *last;
	struct conf_node *next;
	size_t n_children;
};

/*
 * The value of @key in a mapping, the first one if there are several, or NULL.
 */
const struct conf_node *conf_node_get(const struct conf_node *map, const char *key);

/* Nothing was written: "key:", "key: ~" or "key: null". */
bool conf_node_is_null(const struct conf_node *node);

/* Nothing was written, or a mapping or list without anything in it. */
bool conf_node_is_empty(const struct conf_node *node);

/*
 * The items of a list, where a single scalar counts as a list of one:
 *	for (item = conf_item_first(list); item; item = conf_item_next(list, item))
 */
const struct conf_node *conf_item_first(const struct conf_node *list);
const struct conf_node *conf_item_next(const struct conf_node *list, const struct conf_node *item);
size_t conf_item_count(const struct conf_node *list);

/*
 * What is meant, for messages: "services.web.backends[2]", "" for the whole
 * file.
 */
void conf_node_path(const struct conf_node *node, struct buf *out);

/*
 * Where to point: containers and missing values are pointed at by their key,
 * because they have no place of their own worth showing.
 */
struct conf_pos conf_node_pos(const struct conf_node *node);

#endif /* CONF_CONF_NODE_H */
