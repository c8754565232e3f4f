/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has begun anew: whom it asks, for how long it waits, and what of a round may be lost. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/array.h"
#include "share/catch_up.h"

#define START 10000
#define TICK_MS 100
#define PIECES 4

static const uint8_t secret[SEAL_KEY] = { 1, 2, 3 };

/* Another balancer: what it says, and the round that it is about to tell. */
struct peer {
	struct sessions s;
	char name[8];
	uint32_t round;
	bool is_asked;
	bool is_silent;
	bool tells_nothing;
	unsigned int rounds;
};

static struct sessions us;
static struct peer peers[2];
static struct conf_peers conf;
static struct catch_up c;
static uint64_t now_ms;
/* Of what peers say the n-th datagram is lost, if this says so. */
static bool (*is_lost)(unsigned int n);
static unsigned int said;

static void setup(void)
{
	memset(&us, 0, sizeof(us));
	cr_assert_eq(sessions_begin(&us, secret), 0);
	for (size_t i = 0; i < array_len(peers); i++) {
		peers[i] = (struct peer){ .name = { 'p', '0' + i } };
		cr_assert_eq(sessions_begin(&peers[i].s, secret), 0);
	}
	conf = (struct conf_peers){ .n_send_to = 1 };
	now_ms = START;
	is_lost = NULL;
	said = 0;
}

TestSuite(catch_up, .init = setup);

static enum session_verdict hear(struct sessions *to, struct sessions *from,
				 const struct message *m, struct message *heard)
{
	struct session *who;
	uint8_t bytes[SEAL_MAX];
	const int n = sessions_close(from, m, bytes);
	const struct received in = { bytes, n, now_ms };

	return sessions_open(to, &in, heard, &who);
}

/* Our hello, and what it asks for. */
static void we_say(struct peer *p)
{
	struct message m, heard;

	sessions_begin_message(&us, now_ms, &m);
	m.has_hello = true;
	strcpy(m.hello.name, "us");
	catch_up_ask(&c, &us, now_ms, &m);
	if (hear(&p->s, &us, &m, &heard) != SESSION_OK)
		return;
	array_for_each (session, heard.wants, heard.n_wants)
		p->is_asked |= *session == session_id(p->s.own);
}

static void peer_says(struct peer *p, struct message *m)
{
	struct message heard;

	if (!is_lost || !is_lost(said++))
		hear(&us, &p->s, m, &heard);
}

static void peer_tells(struct peer *p)
{
	struct message m;

	p->is_asked = false;
	p->round++;
	p->rounds++;
	for (uint32_t i = 0; i < PIECES; i++) {
		sessions_begin_message(&p->s, now_ms, &m);
		m.has_piece = true;
		m.piece = (struct message_piece){ p->round, i };
		m.has_round = i == PIECES - 1;
		peer_says(p, &m);
	}
}

static void peer_hellos(struct peer *p)
{
	struct message m;

	sessions_begin_message(&p->s, now_ms, &m);
	m.has_hello = true;
	strcpy(m.hello.name, p->name);
	peer_says(p, &m);
}

/* Until we wait no more, at most @ms; @n peers, whose hellos come each second, or when asked. */
static uint64_t wait_for(size_t n, uint64_t ms)
{
	for (uint64_t end = now_ms + ms; now_ms < end; now_ms += TICK_MS) {
		const bool is_second = !(now_ms % 1000) || now_ms < START + 500;

		if (!catch_up_waits(&c, &us, now_ms))
			break;
		for (struct peer *p = peers; p < peers + n; p++) {
			if (p->is_silent)
				continue;
			if (is_second)
				we_say(p);
			if (is_second)
				peer_hellos(p);
			if (p->is_asked && !p->tells_nothing)
				peer_tells(p);
		}
	}
	return now_ms - START;
}

Test(catch_up, a_peer_that_answers_is_heard_out)
{
	c = catch_up_begin(&conf, true, now_ms);
	cr_expect(catch_up_waits(&c, &us, now_ms));
	cr_expect_leq(wait_for(1, 10000), 500);
	cr_expect_eq(catch_up_told(&us), 1);
	cr_expect_eq(peers[0].rounds, 1, "told once");
}

Test(catch_up, nobody_is_waited_for_who_says_nothing)
{
	c = catch_up_begin(&conf, true, now_ms);
	peers[0].is_silent = true;
	cr_expect_eq(wait_for(1, 100000), CATCH_UP_EMPTY_MS);
	cr_expect_eq(catch_up_told(&us), 0);
}

/* Its own maps know the most: less time goes by. */
Test(catch_up, who_has_adopted_maps_waits_less)
{
	c = catch_up_begin(&conf, false, now_ms);
	peers[0].is_silent = true;
	cr_expect_eq(wait_for(1, 100000), CATCH_UP_ADOPTED_MS);
}

Test(catch_up, each_of_the_config_may_yet_answer)
{
	conf.n_send_to = 2;
	c = catch_up_begin(&conf, true, now_ms);
	peers[1].is_silent = true;
	cr_expect_eq(wait_for(2, 100000), CATCH_UP_EMPTY_MS);
	cr_expect_eq(catch_up_told(&us), 1);
	setup();
	conf.n_send_to = 2;
	c = catch_up_begin(&conf, true, now_ms);
	cr_expect_leq(wait_for(2, 100000), 500);
	cr_expect_eq(catch_up_told(&us), 2);
}

/* Who is in a group is not known. */
Test(catch_up, any_of_a_group_may_yet_answer)
{
	conf = (struct conf_peers){ .group = "239.1.2.3:7946" };
	c = catch_up_begin(&conf, true, now_ms);
	cr_expect_eq(wait_for(1, 100000), CATCH_UP_EMPTY_MS);
	cr_expect_eq(catch_up_told(&us), 1);
}

Test(catch_up, who_answers_and_tells_nothing_is_not_waited_for_for_ever)
{
	c = catch_up_begin(&conf, true, now_ms);
	peers[0].tells_nothing = true;
	cr_expect_eq(wait_for(1, 1000000), CATCH_UP_MAX_MS);
}

Test(catch_up, who_falls_silent_meanwhile_is_not_waited_for)
{
	c = catch_up_begin(&conf, true, now_ms);
	peers[0].tells_nothing = true;
	wait_for(1, 7000);
	cr_assert(catch_up_waits(&c, &us, now_ms));
	now_ms += SESSION_SILENT_MS + 1;
	cr_expect_not(catch_up_waits(&c, &us, now_ms));
}

static bool first_round_has_a_gap(unsigned int n)
{
	return n == 3 + PIECES / 2;
}

Test(catch_up, what_was_lost_is_asked_for_again)
{
	is_lost = first_round_has_a_gap;
	c = catch_up_begin(&conf, true, now_ms);
	wait_for(1, 10000);
	cr_expect_eq(catch_up_told(&us), 1);
	cr_expect_eq(peers[0].rounds, 2);
}

static bool one_of_each_round(unsigned int n)
{
	return n > 8 && n % 3 == 0;
}

/* No round is whole: what several have missed is next to nothing. */
Test(catch_up, many_rounds_with_gaps_do)
{
	is_lost = one_of_each_round;
	c = catch_up_begin(&conf, true, now_ms);
	wait_for(1, 50000);
	cr_expect_eq(catch_up_told(&us), 1);
	cr_expect_lt(now_ms - START, 20000);
}

static struct session_rounds *rounds_of(void)
{
	array_for_each (at, us.at, array_len(us.at))
		if (at->used)
			return &at->rounds;
	return NULL;
}

static void hear_piece(uint32_t round, uint32_t index, bool is_last)
{
	struct message m, heard;

	sessions_begin_message(&peers[0].s, now_ms, &m);
	m.has_piece = true;
	m.piece = (struct message_piece){ round, index };
	m.has_round = is_last;
	cr_assert_eq(hear(&us, &peers[0].s, &m, &heard), SESSION_OK);
}

Test(catch_up, pieces_come_in_any_order)
{
	c = catch_up_begin(&conf, true, now_ms);
	peers[0].tells_nothing = true;
	wait_for(1, 500);
	hear_piece(7, 1, false);
	hear_piece(7, 2, true);
	cr_expect_not(rounds_of()->is_whole);
	hear_piece(6, 0, false);
	cr_expect_not(rounds_of()->is_whole, "that is of another one");
	hear_piece(7, 0, false);
	cr_expect(rounds_of()->is_whole);
}

/* That began before we could hear it. */
Test(catch_up, the_rest_of_a_round_is_not_all)
{
	c = catch_up_begin(&conf, true, now_ms);
	peers[0].tells_nothing = true;
	wait_for(1, 500);
	hear_piece(7, 2, false);
	hear_piece(7, 3, true);
	cr_expect_not(rounds_of()->is_whole);
	hear_piece(8, 0, true);
	cr_expect(rounds_of()->is_whole);
}

Test(catch_up, nobody_is_asked_before_or_afterwards)
{
	struct message m;

	c = catch_up_begin(&conf, true, now_ms);
	wait_for(1, 10000);
	sessions_begin_message(&us, now_ms, &m);
	catch_up_ask(&c, &us, now_ms, &m);
	cr_expect_eq(m.n_wants, 0);
	rounds_of()->is_whole = false;
	catch_up_ask(&c, &us, now_ms, &m);
	cr_expect_eq(m.n_wants, 1);
	m.n_wants = 0;
	catch_up_ask(&(struct catch_up){ 0 }, &us, now_ms, &m);
	cr_expect_eq(m.n_wants, 0);
}

/* A link may be up later than the daemon. */
Test(catch_up, who_is_heard_when_nobody_is_waited_for_is_asked_still)
{
	struct message m;

	c = catch_up_begin(&conf, true, now_ms);
	c.is_over = true;
	wait_for(1, 10000);
	rounds_of()->is_whole = false;
	sessions_begin_message(&us, now_ms, &m);
	catch_up_ask(&c, &us, now_ms, &m);
	cr_expect_eq(m.n_wants, 1);
	m.n_wants = 0;
	catch_up_ask(&c, &us, c.began_ms + CATCH_UP_ASK_MS, &m);
	cr_expect_eq(m.n_wants, 0);
}

/* Who could not enter anything meanwhile has not heard a round. */
Test(catch_up, rounds_that_were_heard_for_nothing_do_not_count)
{
	c = catch_up_begin(&conf, true, now_ms);
	wait_for(1, 10000);
	cr_assert(rounds_of()->is_whole);
	sessions_begin_rounds(&us);
	cr_expect_eq(catch_up_told(&us), 0);
}
