/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <stdlib.h>

#include "base/array.h"
#include "dataplane/snapshot.h"

#define LABEL_ROOM 24

#define ACTION_TX "tx"
#define ACTION_REDIRECT "redirect"
#define ACTION_PASS "pass"
#define ACTION_DROP "drop"

static const struct reason {
	const char *name, *action, *text;
} reasons[SHUNT_REASONS] = { [SHUNT_CONTINUE] = { "CONTINUE", "", "not ended" },
#define REASON_ROW(name, action, text) [SHUNT_##name] = { #name, ACTION_##action, text },
			     SHUNT_REASON_LIST(REASON_ROW) };

#define REASON_FITS(name, action, text) _Static_assert(sizeof(#name) <= LABEL_ROOM, "label");
SHUNT_REASON_LIST(REASON_FITS)

const char *reason_name(enum shunt_reason r)
{
	return reasons[r].name;
}

/*
 * The preprocessor cannot write small letters, and a second list would have to be
 * kept in step by hand: so this one table is not const. Every call stores the same.
 */
const char *reason_label(enum shunt_reason r)
{
	static char labels[SHUNT_REASONS][LABEL_ROOM];

	for (size_t i = 0; reasons[r].name[i]; i++)
		labels[r][i] = tolower((unsigned char)reasons[r].name[i]);
	return labels[r];
}

const char *reason_action(enum shunt_reason r)
{
	return reasons[r].action;
}

const char *reason_text(enum shunt_reason r)
{
	return reasons[r].text;
}

const char *hop_state_name(enum hop_state s)
{
	static const char *const names[] = {
		[HOP_NO_ROUTE] = "no-route",
		[HOP_RESOLVING] = "resolving",
		[HOP_SILENT] = "silent",
		[HOP_RESOLVED] = "resolved",
	};

	return names[s];
}

const char *slot_state_name(enum shunt_slot_state s)
{
	static const char *const names[SNAPSHOT_SLOT_STATES] = {
		[SHUNT_SLOT_STABLE] = "stable",
		[SHUNT_SLOT_MIGRATING] = "migrating",
		[SHUNT_SLOT_PINNING] = "pinning",
		[SHUNT_SLOT_PINNED] = "pinned",
	};

	return names[s];
}

const char *conn_state_name(enum shunt_conn_state s)
{
	static const char *const names[SHUNT_CONN_STATES] = {
		[SHUNT_CONN_OPENING] = "opening", [SHUNT_CONN_ESTABLISHED] = "established",
		[SHUNT_CONN_CLOSING] = "closing", [SHUNT_CONN_CLOSED] = "closed",
		[SHUNT_CONN_ONE_WAY] = "one-way", [SHUNT_CONN_REPLIED] = "replied",
	};

	return names[s];
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	array_for_each (service, s->services, s->n_services)
		free(service->backends);
	free(s->services);
	free(s->interfaces);
	free(s->hops);
	free(s->maps);
	free(s->rules);
	free(s->announcements);
	firewall_free(s->held_firewall);
	conf_free(s->held);
	free(s);
}
