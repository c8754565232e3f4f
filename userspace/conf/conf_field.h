/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The config's keys as tables of rows. A row says everything there is to know
 * of its key: the parser, the presets, the range check and conf_explain() read
 * it, so a new key is one row and nothing else.
 *
 * Rows are applied in the order of their table, not of the text: what one row
 * needs of another stands above it.
 */
#ifndef CONF_CONF_FIELD_H
#define CONF_CONF_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "conf/conf_job.h"
#include "conf/conf_node.h"

/* What a value looks like, and the type of the member it goes to. */
enum conf_kind {
	CONF_BOOL, /* bool */
	CONF_NUMBER, /* uint32_t, as all numbers unless said otherwise */
	CONF_POWER, /* of two */
	CONF_AUTO_POWER, /* likewise, or auto for 0 */
	CONF_PORT_NUMBER, /* uint16_t */
	CONF_PORT_RANGE, /* FIRST-LAST, uint16_t; .off_also: the last one */
	CONF_MSEC, /* 500ms, 2s, 5m, 1h */
	CONF_OFF_MSEC, /* likewise, or off for 0 */
	CONF_SIZE, /* uint64_t, bytes: 256KiB, 4MiB, 1GiB; .min and .max in KiB */
	CONF_DAYS, /* 14d */
	CONF_PERCENT, /* 5% */
	CONF_RATE, /* 200/s, 10/m, 1/h: struct conf_rate; .min and .max of the number */
	CONF_WORD, /* an enum; one of .words */
	CONF_WORDS, /* one or several of .words; bit n is the word of value n */
	CONF_SWITCH, /* bool; one of .words, whose values are 0 and 1 */
	CONF_NAME, /* const char *, as all texts */
	CONF_FILE, /* an absolute path; .max bytes */
	CONF_URL_PATH, /* the path and query of a URL; .max bytes */
	CONF_HOST, /* a Host header; .max bytes */
	CONF_DNS_NAME, /* with or without a final dot */
	CONF_TEXT, /* without control characters; .max bytes */
	CONF_TEXTS, /* const char **, of any text; .off_also: size_t; .max of them */
	CONF_BYTES, /* uint8_t *, text with \xNN; .off_also: size_t; .max of them */
	CONF_HEX, /* .max hex digits */
	CONF_LISTEN, /* ADDRESS:PORT, or none for NULL */
	CONF_IPV4, /* struct shunt_addr; .off_also: bool, that there is one */
	CONF_IPV6, /* likewise */
	CONF_VIPS, /* struct shunt_addr *; .off_also: size_t, their number */
	CONF_PORTS, /* struct conf_port *; .off_also: size_t */
	CONF_ENDPOINTS, /* struct conf_endpoint *, ADDRESS:PORT; .off_also: size_t */
	CONF_PATTERNS, /* const char ** of paths; .off_also: size_t */
	CONF_PREFIXES, /* struct conf_prefix_list */
	CONF_STATUS, /* struct conf_status_range[]; .off_also: size_t */
	CONF_GROUP, /* a mapping with .fields; .off is where they start */
	CONF_NAMED, /* a mapping from names to .elem; .off_also: size_t */
	CONF_LIST, /* a list of .elem; .off_also: size_t */
};

/* When a changed value takes effect. */
enum conf_effect {
	CONF_LIVE, /* on reload */
	CONF_RESTART,
};

/* A name and what it stands for. Tables end with a NULL name. */
struct conf_word {
	const char *name;
	unsigned int value;
};

struct conf_elem;

/**
 * struct conf_field - a row: one key
 * @off, @off_also: of members in the struct that the table fills in
 * @min, @max: of a number, both included; of a text see enum conf_kind
 * @preset: as it would be written in the file; NULL: 0, false, none
 * @doc: whole sentences
 * @base: of a group: path of the group whose values these override, in place of
 *	presets
 */
struct conf_field {
	const char *key;
	const char *doc;
	const char *preset;
	enum conf_kind kind;
	enum conf_effect effect;
	bool required;
	size_t off;
	size_t off_also;
	uint32_t min;
	uint32_t max;
	const char *base;
	const struct conf_word *words;
	const struct conf_fields *fields;
	const struct conf_elem *elem;
};

/**
 * struct conf_fields - a table
 * @verify: checks across its fields, after all are set; @node is the mapping,
 *	or null. May be NULL. What was wrong in itself has been noted: @base
 *	holds presets or zeroes there.
 */
struct conf_fields {
	const struct conf_field *rows;
	size_t n;
	void (*verify)(struct conf_job *job, const struct conf_node *node, void *base);
};

#define CONF_FIELDS(table) .rows = (table), .n = array_len(table)

/**
 * struct conf_elem - what CONF_NAMED and CONF_LIST hold
 * @size: of one
 * @begin: after the presets and before the file's values; @parent is the struct
 *	that holds the array. May be NULL.
 * @off_name: of the member that it is known by, a const char *
 * @above, @off_above: the table whose values its own follow where rows have a base, and
 *	where that one's struct is in the struct that holds the array; without: the table
 *	of that struct
 * @is_name, @name_rule, @name_pattern: of CONF_NAMED: the names that may be used, in
 *	code, in words, and as a regular expression (ECMA 262) for the whole of one
 */
struct conf_elem {
	size_t size;
	const struct conf_fields *fields;
	void (*begin)(struct conf_job *job, const struct conf_node *node, void *item,
		      const void *parent);
	size_t off_name;
	const struct conf_fields *above;
	size_t off_above;
	bool (*is_name)(const char *name);
	const char *name_rule;
	const char *name_pattern;
};

/* Where a row's value lives in @base. */
static inline void *conf_field_at(void *base, size_t off)
{
	return (char *)base + off;
}

/* Set one field from its node. Mistakes are noted, and leave it as it was. */
void conf_field_set(struct conf_job *job, const struct conf_field *f, const struct conf_node *node,
		    void *base);

/* Set every field that has a preset. */
void conf_fields_preset(struct conf_job *job, const struct conf_fields *set, void *base);

/* Set what the mapping @node has; note unknown, repeated and missing keys. */
void conf_fields_apply(struct conf_job *job, const struct conf_fields *set,
		       const struct conf_node *node, void *base);

#endif /* CONF_CONF_FIELD_H */
