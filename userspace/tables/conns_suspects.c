/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "tables/conns_suspects.h"

static size_t words(uint32_t n)
{
	return n / 64 + 1;
}

int conns_suspects_init(struct conns_suspects *s, uint32_t n, uint32_t n_ids)
{
	s->n_ids = n_ids;
	s->waiting = calloc(words(n), sizeof(*s->waiting));
	s->suspect = calloc(words(n_ids), sizeof(*s->suspect));
	if (s->waiting && s->suspect)
		return 0;
	conns_suspects_free(s);
	return -ENOMEM;
}

void conns_suspects_free(struct conns_suspects *s)
{
	free(s->waiting);
	free(s->suspect);
	*s = (struct conns_suspects){ 0 };
}

void conns_suspects_begin(struct conns_suspects *s, uint64_t former_ms, uint64_t now_ms)
{
	s->since_s = (former_ms ?: now_ms) / 1000;
}

static void suspect(struct conns_suspects *s, uint16_t id)
{
	if (id >= s->n_ids)
		return;
	s->suspect[id / 64] |= 1ULL << id % 64;
	s->has_any = true;
}

/* A server that resets what it had taken is one that runs: its SYN-ACK was seen. */
static bool is_refused(const struct shunt_conn *conn)
{
	const __u8 client = conn->flags[SHUNT_TO_SERVER], server = conn->flags[SHUNT_TO_CLIENT];

	return server & SHUNT_CONN_RST && !(server & SHUNT_CONN_SYN) &&
	       !(client & (SHUNT_CONN_DATA | SHUNT_CONN_RST));
}

static bool is_unanswered(const struct shunt_conn *conn)
{
	const __u8 client = conn->flags[SHUNT_TO_SERVER], server = conn->flags[SHUNT_TO_CLIENT];

	return client & SHUNT_CONN_SYN && !server && !(client & (SHUNT_CONN_RST | SHUNT_CONN_FIN));
}

/* A client that has given up says nothing of now. */
void conns_suspects_look(struct conns_suspects *s, uint32_t r, const struct shunt_conn *conn)
{
	const uint64_t bit = 1ULL << r % 64;
	const bool waited = s->waiting[r / 64] & bit;

	s->waiting[r / 64] &= ~bit;
	if (!conns_is_written(conn) || conn->client.proto != SHUNT_CONN_TCP)
		return;
	if (is_refused(conn) && conn->seen_s[SHUNT_TO_CLIENT] >= s->since_s)
		suspect(s, conn->backend);
	if (!is_unanswered(conn))
		return;
	s->waiting[r / 64] |= bit;
	if (waited && conn->seen_s[SHUNT_TO_SERVER] >= s->since_s)
		suspect(s, conn->backend);
}

void conns_suspects_forget(struct conns_suspects *s, uint32_t first, uint64_t taken)
{
	s->waiting[first / 64] &= taken;
}

bool conns_suspects_take(struct conns_suspects *s, uint32_t *id)
{
	for (uint32_t i = 0; s->has_any && i < words(s->n_ids); i++) {
		if (!s->suspect[i])
			continue;
		*id = i * 64 + __builtin_ctzll(s->suspect[i]);
		s->suspect[i] &= s->suspect[i] - 1;
		return true;
	}
	s->has_any = false;
	return false;
}
