/* SPDX-License-Identifier: BSD-2-Clause */
/* What is different between two configs. */
#ifndef CONF_CONF_DIFF_H
#define CONF_CONF_DIFF_H

#include "conf/conf.h"

enum conf_change_kind {
	CONF_CHANGED,
	CONF_ADDED, /* an element: what is not preset follows as changes */
	CONF_REMOVED,
};

/**
 * struct conf_change - a difference between two configs
 * @path: "services.web.backends.nginx1.weight"
 * @before, @after: as they would be written; "" is nothing
 * @needs_restart: it takes effect when the daemon is started again
 * @names_file: the daemon will read, write or run what the value names
 */
struct conf_change {
	enum conf_change_kind kind;
	const char *path;
	const char *before;
	const char *after;
	bool needs_restart;
	bool names_file;
};

typedef void conf_change_fn(void *arg, const struct conf_change *change);

/* Tell @fn what is different in @new, key by key. 0 or -ENOMEM. */
int conf_diff(const struct conf *old, const struct conf *new, conf_change_fn *fn, void *arg);

#endif /* CONF_CONF_DIFF_H */
