/* SPDX-License-Identifier: BSD-2-Clause */
/* What survives a restart, in memory; state_file.c keeps it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

int state_hex_decode(const char *hex, uint8_t *out, size_t n)
{
	uint8_t bytes[64];

	if (n > sizeof(bytes) || strlen(hex) != 2 * n ||
	    strspn(hex, "0123456789abcdefABCDEF") != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		sscanf(hex + 2 * i, "%2hhx", &bytes[i]);
	memcpy(out, bytes, n);
	return 0;
}

void state_boot_id(char out[STATE_BOOT_ID])
{
	_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd < 0 ? 0 : read(fd, out, STATE_BOOT_ID - 1);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

/* What lies before the machine was started was at its start. */
uint64_t state_from_wall(uint64_t wall_s)
{
	const uint64_t now_s = clock_wall_s(), now_ms = clock_now_ms();

	if (wall_s >= now_s)
		return now_ms + (wall_s - now_s) * 1000;
	return (now_s - wall_s) * 1000 < now_ms ? now_ms - (now_s - wall_s) * 1000 : 1;
}

uint64_t state_to_wall(uint64_t ms)
{
	const uint64_t now_s = clock_wall_s(), now_ms = clock_now_ms();

	return ms >= now_ms ? now_s + (ms - now_ms + 999) / 1000 : now_s - (now_ms - ms) / 1000;
}

void edits_free(struct conf_edit *edits, size_t n)
{
	array_for_each (e, edits, n) {
		free((char *)e->service);
		free((char *)e->backend);
		free((char *)e->text);
	}
	free(edits);
}

int state_add_edit(struct state *s, const struct conf_edit *edit)
{
	struct conf_edit *e = array_add(&s->edits, &s->n_edits);

	if (!e)
		return -ENOMEM;
	e->service = strdup(edit->service);
	e->backend = strdup(edit->backend);
	e->text = edit->text ? strdup(edit->text) : NULL;
	return e->service && e->backend && !e->text == !edit->text ? 0 : -ENOMEM;
}

void state_free(struct state *s)
{
	edits_free(s->edits, s->n_edits);
	array_for_each (r, s->retired, s->n_retired)
		free(r->service);
	free(s->retired);
	admin_free(&s->admin);
	rules_free(&s->rules);
	ids_free(s->ids);
	*s = (struct state){ 0 };
}

void state_hash_key(const struct state *s, const struct conf *conf, __u64 key[2])
{
	uint8_t bytes[16];

	memcpy(bytes, s->hash_key, sizeof(bytes));
	if (conf->hash_key)
		state_hex_decode(conf->hash_key, bytes, sizeof(bytes));
	memcpy(key, bytes, sizeof(bytes));
}

struct retired *state_retired(struct state *s, const char *service)
{
	struct retired *r;

	array_for_each (have, s->retired, s->n_retired) {
		if (!strcmp(have->service, service))
			return have;
	}
	r = array_add(&s->retired, &s->n_retired);
	if (!r)
		return NULL;
	r->service = strdup(service);
	if (r->service)
		return r;
	s->n_retired--;
	return NULL;
}
