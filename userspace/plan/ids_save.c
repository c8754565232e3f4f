/* SPDX-License-Identifier: BSD-2-Clause */
/* The ids as JSON text, for the state file. */
#include <arpa/inet.h>
#include <errno.h>

#include "base/array.h"
#include "base/json_put.h"
#include "net/addr.h"
#include "plan/ids.h"

static void put_leg(const struct plan_leg *leg, struct buf *out)
{
	char addr[ADDR_TEXT];

	if (leg->forward == SHUNT_FORWARD_NONE) {
		buf_puts(out, "null");
		return;
	}
	buf_puts(out, "{");
	json_put_member_number(out, "forward", leg->forward);
	buf_puts(out, ",");
	json_put_member_text(out, "address", addr_format(&leg->addr, addr));
	/* Older daemons know no port, and no way of forwarding that has one. */
	if (leg->port) {
		buf_puts(out, ",");
		json_put_member_number(out, "port", ntohs(leg->port));
	}
	buf_puts(out, "}");
}

static void put_backend(const struct ids_backend *b, struct buf *out)
{
	buf_puts(out, "{");
	json_put_member_text(out, "name", b->name);
	buf_puts(out, ",");
	json_put_member_number(out, "member", b->member);
	buf_puts(out, ",");
	json_put_member_number(out, "freed", b->freed);
	buf_puts(out, ",\"legs\":[");
	put_leg(&b->leg[SHUNT_V4], out);
	buf_puts(out, ",");
	put_leg(&b->leg[SHUNT_V6], out);
	buf_puts(out, "]}");
}

static void put_names(const char *const *names, size_t n, struct buf *out)
{
	buf_puts(out, "[");
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? "," : "");
		json_put_text_or_null(out, names[i]);
	}
	buf_puts(out, "]");
}

/* Only what there is: most services have none of it, and older daemons know none. */
static void put_standby(const struct ids_service *service, struct buf *out)
{
	const struct ids_seats *backup = &service->seats[POOL_BACKUP];

	if (backup->n) {
		buf_puts(out, ",\"backups\":{");
		json_put_member_number(out, "unit", backup->unit);
		buf_puts(out, ",\"positions\":");
		put_names(backup->names, backup->n, out);
		buf_puts(out, "}");
	}
	if (service->current) {
		buf_puts(out, ",");
		json_put_member_text(out, "current", service->current);
	}
	if (service->n_last) {
		buf_puts(out, ",\"last\":");
		put_names(service->last, service->n_last, out);
	}
}

static void put_service(const struct ids_service *service, struct buf *out)
{
	const struct ids_seats *seats = &service->seats[POOL_MAIN];
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "table", service->table }, { "freed", service->freed }, { "base", service->base },
		{ "span", service->span },   { "slots", service->slots }, { "unit", seats->unit },
	};

	buf_puts(out, "{");
	json_put_member_text(out, "name", service->name);
	array_for_each (n, numbers, array_len(numbers)) {
		buf_puts(out, ",");
		json_put_member_number(out, n->key, n->value);
	}
	buf_puts(out, ",\"positions\":");
	put_names(seats->names, seats->n, out);
	buf_puts(out, ",\"backends\":[");
	array_for_each (b, service->backends, service->n_backends) {
		buf_puts(out, b > service->backends ? "," : "");
		put_backend(b, out);
	}
	buf_puts(out, "]");
	put_standby(service, out);
	buf_puts(out, "}");
}

static void put_block(const struct ids_block *block, struct buf *out)
{
	buf_puts(out, "{");
	json_put_member_number(out, "table", block->table);
	buf_puts(out, ",");
	json_put_member_number(out, "base", block->base);
	buf_puts(out, ",");
	json_put_member_number(out, "span", block->span);
	buf_puts(out, ",");
	json_put_member_number(out, "freed", block->freed);
	buf_puts(out, "}");
}

int ids_save(const struct ids *ids, struct buf *out)
{
	buf_puts(out, "{");
	json_put_member_number(out, "format", IDS_FORMAT);
	buf_puts(out, ",");
	json_put_member_number(out, "build", ids->build);
	buf_puts(out, ",\"services\":[");
	array_for_each (s, ids->services, ids->n_services) {
		buf_puts(out, s > ids->services ? ",\n" : "\n");
		put_service(s, out);
	}
	buf_puts(out, "],\"left\":[");
	array_for_each (b, ids->left, ids->n_left) {
		buf_puts(out, b > ids->left ? "," : "");
		put_block(b, out);
	}
	buf_puts(out, "]}\n");
	return out->failed ? -ENOMEM : 0;
}
