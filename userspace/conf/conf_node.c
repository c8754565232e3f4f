/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conf/conf_node.h"
#include "conf/conf_text.h"

const struct conf_node *conf_node_get(const struct conf_node *map, const char *key)
{
	/* The first letter first: of large files this is asked millions of times. */
	for (const struct conf_node *c = map->first; c; c = c->next)
		if (c->key && *c->key->text == *key && !strcmp(c->key->text, key))
			return c;
	return NULL;
}

bool conf_node_is_null(const struct conf_node *node)
{
	if (node->kind != CONF_NODE_SCALAR || !node->plain)
		return false;
	return !*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null");
}

bool conf_node_is_empty(const struct conf_node *node)
{
	bool is_container = node->kind == CONF_NODE_LIST || node->kind == CONF_NODE_MAP;

	return conf_node_is_null(node) || (is_container && !node->n_children);
}

const struct conf_node *conf_item_first(const struct conf_node *list)
{
	if (list->kind == CONF_NODE_LIST)
		return list->first;
	return list->kind == CONF_NODE_SCALAR && !conf_node_is_null(list) ? list : NULL;
}

const struct conf_node *conf_item_next(const struct conf_node *list, const struct conf_node *item)
{
	return list->kind == CONF_NODE_LIST ? item->next : NULL;
}

size_t conf_item_count(const struct conf_node *list)
{
	return list->kind == CONF_NODE_LIST ? list->n_children : conf_item_first(list) != NULL;
}

void conf_node_path(const struct conf_node *node, struct buf *out)
{
	size_t before;

	while (node->is_key)
		node = node->parent;
	if (!node->parent)
		return;
	before = out->len;
	conf_node_path(node->parent, out);
	if (!node->key) {
		buf_printf(out, "[%zu]", node->index);
		return;
	}
	if (out->len > before)
		buf_puts(out, ".");
	conf_text_print(out, node->key->text);
}

struct conf_pos conf_node_pos(const struct conf_node *node)
{
	bool is_container = node->kind == CONF_NODE_LIST || node->kind == CONF_NODE_MAP;
	bool has_place = !is_container && node->pos.length;

	return has_place || !node->key ? node->pos : node->key->pos;
}
