/* SPDX-License-Identifier: BSD-2-Clause */
/* What a config is read from. */
#ifndef CONF_CONF_INPUT_H
#define CONF_CONF_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Texts that one config may be read from, and bytes of them all. */
#define CONF_MAX_FILES 1024
#define CONF_MAX_BYTES (16 << 20)

/**
 * struct conf_input - a text that a config is read from
 * @name: for messages; of a file that is included, its path
 * @text: @len bytes
 */
struct conf_input {
	const char *name;
	const char *text;
	size_t len;
};

/**
 * struct conf_edit - an operator's word about which backends there are
 * @text: a new backend: a mapping in YAML, as it would stand in the list; NULL: the
 *	config's backend of that name is left out
 * @is_idle: set by conf_read(): the config is the same without this
 */
struct conf_edit {
	const char *service;
	const char *backend;
	const char *text;
	bool is_idle;
};

#endif /* CONF_CONF_INPUT_H */
