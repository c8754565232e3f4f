/* SPDX-License-Identifier: BSD-2-Clause */
/* What the town has for fragments: a service that is hashed without ports beside one
 * that is not, and datagrams whose first fragment was seen. */
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "frame.h"
#include "world.h"

struct world_fragment *world_find_fragment(const struct world *w,
					   const struct shunt_fragment_key *key)
{
	for (__u32 i = 0; i < w->n_fragments; i++)
		if (!memcmp(&w->fragments[i].key, key, sizeof(*key)))
			return (struct world_fragment *)&w->fragments[i];
	return NULL;
}

void world_put_fragment(struct world *w, const struct world_fragment *f)
{
	struct world_fragment *at = world_find_fragment(w, &f->key);

	if (!at) {
		at = &w->fragments[w->n_fragments++];
		assert(w->n_fragments <= WORLD_FRAGMENTS);
	}
	*at = *f;
}

/* Neighbouring slots have different owners. */
static struct slot_table put_table(struct world *w)
{
	const struct slot_table table = world_put_table(w, 1024);

	for (__u32 i = 0; i < table.n; i++) {
		const __u32 member = 1 + i % TOWN_HASHED_BACKENDS;

		slot_table_put(w->lines, &table, i,
			       slot_halves(SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, member)));
	}
	return table;
}

/* The service on PORT_HASHED gets the fragments that nobody knows anything of. */
static void put_hashed(struct world *w, const char *vip, const struct slot_table *table)
{
	static const __u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	const struct shunt_service to = slot_table_service(table, TOWN_HASHED_BASE);

	world_put_vip(w, vip);
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct world_service *s;

		s = world_put_service(w, vip, protos[i], PORT_HASHED, &to);
		s->flags = SHUNT_SERVICE_L3HASH;
		s = world_put_service(w, vip, protos[i], 0, &to);
		s->flags = SHUNT_SERVICE_L3HASH;
		s->key.fragments = 1;
		world_put_service(w, vip, protos[i], PORT_NOT_HASHED, &w->services[0].to);
	}
}

static void put_datagram(struct world *w, const char *dst, __u8 proto, enum town_datagram id,
			 __u16 port)
{
	const bool v6 = strchr(dst, ':');
	const struct world_fragment f = {
		.key = {
			.src = frame_addr(v6 ? CLIENT6 : CLIENT4),
			.dst = frame_addr(dst),
			.id = v6 ? htonl((__u32)id << 16 | FRAME_ID6) : htons(id),
			.proto = v6 ? 0 : proto,
		},
		.first = {
			.ports = htonl((__u32)TOWN_DATAGRAM_PORT << 16 | port),
			.proto = proto,
		},
		.age_s = id == ID_AGED	    ? SHUNT_FRAGMENT_S - 3
			 : id == ID_EXPIRED ? SHUNT_FRAGMENT_S + 1
					    : 0,
	};

	world_put_fragment(w, &f);
}

/* The identification says which protocol it is: IPv6 tells datagrams apart by nothing else. */
static void put_datagrams(struct world *w, const char *dst, __u16 port)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		const __u8 proto = tcp ? IPPROTO_TCP : IPPROTO_UDP;
		const enum town_datagram more = tcp ? ID_OF_TCP : 0;

		put_datagram(w, dst, proto, ID_KNOWN + more, port);
	}
	put_datagram(w, dst, IPPROTO_UDP, ID_AGED, port);
	put_datagram(w, dst, IPPROTO_UDP, ID_EXPIRED, port);
}

void world_put_fragments(struct world *w)
{
	static const char *const vips[] = { HASHED4, HASHED6 };
	static const char *const open[] = { OPEN4, OPEN6 };
	static const char *const shop[] = { SHOP4, SHOP6 };
	const struct slot_table table = put_table(w);

	for (__u32 i = 1; i <= TOWN_HASHED_BACKENDS; i++)
		world_put_backend(w, TOWN_HASHED_BASE + i, SHUNT_FORWARD_DIRECT, 0);
	for (size_t i = 0; i < 2; i++) {
		put_hashed(w, vips[i], &table);
		put_datagrams(w, vips[i], PORT_NOT_HASHED);
		put_datagrams(w, open[i], TOWN_OPEN_PORT);
		put_datagram(w, shop[i], IPPROTO_UDP, ID_KNOWN, PORT_WHOLE);
		put_datagram(w, vips[i], IPPROTO_UDP, ID_NOBODY, PORT_NOBODY);
		put_datagram(w, shop[i], IPPROTO_UDP, ID_SMALL,
			     i ? PORT_DIRECT_MEDIUM : PORT_DIRECT_SMALL);
	}
}
