/* SPDX-License-Identifier: BSD-2-Clause */
#include "conns_side.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct conns_service web = { .timeout_s = { 5, 60, 20, 2, 10, 30 }, .counted = true };

void side_make(struct side *s)
{
	memset(s, 0, sizeof(*s));
	s->c = conns_world_make(RECORDS, 4);
	cr_assert_eq(conns_share_init(&s->share, RECORDS), 0);
	cr_assert_eq(conns_sweep_init(&s->sweep, &s->c, WORLD_IDS, 2), 0);
	s->c.share = &s->share;
	s->share.hold_s = 30;
	for (uint32_t id = 1; id < WORLD_IDS; id++)
		s->services[id] = &web;
}

void side_free(struct side *s)
{
	conns_sweep_free(&s->sweep);
	conns_share_free(&s->share);
	conns_world_free(&s->c);
}

void side_sweep(struct side *s, uint32_t from_s, uint32_t to_s)
{
	for (uint64_t ms = from_s * 1000ULL; ms <= to_s * 1000ULL; ms += 1000)
		while (conns_sweep_step(&s->sweep, &s->c, s->services, ms))
			;
}

unsigned int side_tell(struct side *s, enum conns_which which, struct side *to, uint32_t now_s)
{
	struct shunt_conn conn;
	uint32_t work = 10 * RECORDS, r;
	unsigned int n = 0;

	while ((r = conns_share_next(&s->share, &s->c, which, &work, &conn))) {
		const struct shunt_conn_seq seq = conns_read_seq(&s->c, r);

		conns_share_told(&s->share, which, r, &conn);
		if (to)
			conns_share_enter_spliced(&to->share, &to->c, &conn, &seq, now_s);
		n++;
	}
	return n;
}

unsigned int side_tell_ends(struct side *s, struct side *to)
{
	const struct shunt_conn *end;
	unsigned int n = 0;

	for (; (end = conns_share_end(&s->share)); n++) {
		conns_share_leave(&to->share, &to->c, end);
		conns_share_end_told(&s->share);
	}
	return n;
}

uint32_t side_count(const struct side *s)
{
	return conns_count_bits(s->c.bits, RECORDS) - 1;
}
