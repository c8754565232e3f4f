/* SPDX-License-Identifier: BSD-2-Clause */
/* Who the others are, for people: those of the config, and whoever else is heard. */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "net/addr.h"
#include "share/internal.h"

#define FORGET_MS (3600 * 1000)

static struct share_peer *find_peer(struct share *s, const char *name)
{
	array_for_each (p, s->peers, s->n_peers)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

/* NULL: there is no room for one more. */
static struct share_peer *add_peer(struct share *s, const char *name)
{
	struct share_peer *p;

	if (s->n_peers == array_len(s->peers))
		return NULL;
	p = &s->peers[s->n_peers++];
	*p = (struct share_peer){ 0 };
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

/* However it was written. */
static void name_end(const struct shunt_addr *addr, uint16_t port, char out[MESSAGE_MAX_NAME + 1])
{
	char text[ADDR_TEXT];

	snprintf(out, MESSAGE_MAX_NAME + 1, addr_is_v4(addr) ? "%s:%u" : "[%s]:%u",
		 addr_format(addr, text), port);
}

void peers_expect(struct share *s)
{
	struct shunt_addr own;
	__u16 port;

	if (!addr_parse_with_port(s->conf.listen, &own, &port))
		name_end(&own, port, s->name);
	array_for_each (e, s->conf.send_to, s->conf.n_send_to) {
		char name[MESSAGE_MAX_NAME + 1];
		struct share_peer *p;

		name_end(&e->addr, e->port, name);
		p = find_peer(s, name) ?: add_peer(s, name);
		if (p)
			p->expected = true;
	}
}

void peers_note(struct share *s, const struct session *who, const struct message *m,
		uint64_t now_ms)
{
	const char *name = who->hello.name;
	struct share_peer *p = *name ? find_peer(s, name) ?: add_peer(s, name) : NULL;

	if (!p)
		return;
	if (!p->heard)
		log_info("peer %s is heard", p->name);
	p->heard = true;
	p->heard_ms = now_ms;
	p->datagrams++;
	if (m->has_round)
		p->round_ms = now_ms;
}

/* Whoever has left the group is not missed for ever. */
static void forget_gone(struct share *s, uint64_t now_ms)
{
	for (size_t i = 0; i < s->n_peers; i++)
		if (!s->peers[i].expected && now_ms - s->peers[i].heard_ms > FORGET_MS)
			s->peers[i--] = s->peers[--s->n_peers];
}

void peers_note_silence(struct share *s, uint64_t now_ms)
{
	forget_gone(s, now_ms);
	array_for_each (p, s->peers, s->n_peers) {
		if (!p->heard || now_ms - p->heard_ms <= SESSION_SILENT_MS)
			continue;
		p->heard = false;
		log_warn("peer %s has been silent for %d s", p->name, SESSION_SILENT_MS / 1000);
	}
}

/* --- for people --------------------------------------------------------------------------------------- */

static uint64_t seconds_since(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms ? (now_ms - then_ms) / 1000 : UINT64_MAX;
}

void share_describe(const struct share *s, uint64_t now_ms, struct snapshot_peers *out)
{
	const struct conns *maps;
	const struct conns_share *conns = s->dp ? dataplane_shared_conns(s->dp, &maps) : NULL;

	*out = s->count;
	out->is_on = true;
	out->lag_s = s->round.took_s;
	if (!s->is_open)
		memcpy(out->trouble, s->trouble, sizeof(out->trouble));
	array_for_each (p, s->peers, s->n_peers) {
		struct snapshot_peer *to = &out->list[out->n++];

		memcpy(to->name, p->name, sizeof(p->name));
		to->is_heard = p->heard;
		to->silent_s = seconds_since(p->heard_ms, now_ms);
		to->round_s = seconds_since(p->round_ms, now_ms);
		to->datagrams = p->datagrams;
	}
	if (conns) {
		out->ends_lost = conns->ends_lost;
		out->theirs = conns->n_theirs;
	}
}
