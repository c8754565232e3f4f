/* SPDX-License-Identifier: BSD-2-Clause */
/* struct state as JSON and back; the format stands in state_file.c. */
#ifndef APP_STATE_JSON_H
#define APP_STATE_JSON_H

#include <jansson.h>

#include "app/daemon.h"

/* As JSON text in @out, written without a tree: this is on the way of every change. */
int state_to_text(const struct state *s, const struct conf *conf, const struct health *health,
		  const struct lives *lives, struct buf *out);

/* Fill @s, which is zero; on failure release it with state_free(). -EINVAL: not ours. */
int state_from_json(struct state *s, const json_t *root);

/* state_firewall.c: what of it is about the firewall. @list may be NULL. */
void state_put_prefixes(const struct admin *admin, struct buf *out);
void state_put_rules(const struct rules *rules, struct buf *out);
int state_prefixes_from_json(struct admin *admin, const json_t *list);
int state_rules_from_json(struct rules *rules, const json_t *list);

void state_verdicts_from_json(const json_t *root,
			      void (*fn)(void *arg, const struct state_verdict *v), void *arg);

#endif /* APP_STATE_JSON_H */
