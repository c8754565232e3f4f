/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds what is there twice: by sorting, for files with thousands of entries.
 */
#ifndef CONF_CONF_UNIQUE_H
#define CONF_CONF_UNIQUE_H

#include <stddef.h>

#include "conf/conf_job.h"

/**
 * struct conf_entry - something that should be there once
 * @key: @len bytes that are compared
 * @node: where it was written
 * @owner: for the reporter
 */
struct conf_entry {
	const void *key;
	size_t len;
	const struct conf_node *node;
	const void *owner;
};

/* Of most mappings and lists: no memory is needed for those. */
#define CONF_UNIQUE_FEW 12

struct conf_unique {
	struct conf_entry *many; /* NULL: they are @few */
	size_t n;
	size_t max;
	struct conf_entry few[CONF_UNIQUE_FEW];
};

/*
 * Room for @max entries, in the scratch memory; without memory none is added.
 */
struct conf_unique conf_unique_make(struct conf_job *job, size_t max);

/* @entry.key must live until the report. */
void conf_unique_add(struct conf_unique *u, struct conf_entry entry);

/*
 * Call @report for every entry whose key was there before, in the text's order.
 */
void conf_unique_report(struct conf_job *job, struct conf_unique *u,
			void (*report)(struct conf_job *job, const struct conf_entry *first,
				       const struct conf_entry *again));

#endif /* CONF_CONF_UNIQUE_H */
