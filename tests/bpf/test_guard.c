/* SPDX-License-Identifier: BSD-2-Clause */
/* The firewall: lists, what they do together, and other lists in their place. */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sentry.h"

#define LISTS 40

/* @narrow: no prefix has so many addresses that there would be no sieve. */
static void fill(struct sentry *g, bool narrow, uint64_t *seed)
{
	__u32 rule = 1;

	for (int i = 0; i < 2; i++) {
		const size_t n = guard_ref_random(seed) % SENTRY_PREFIXES;

		for (g->lists[i].n = 0; g->lists[i].n < n; g->lists[i].n++) {
			const struct firewall_prefix p =
				guard_ref_prefix(g->prefixes[i], g->lists[i].n, rule++, seed);

			g->prefixes[i][g->lists[i].n] = narrow ? guard_ref_narrow(p) : p;
		}
	}
}

static void check_ends(struct sentry *g, const struct firewall_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		for (int end = 0; end < 2; end++) {
			const struct shunt_addr a = guard_ref_end(&list->prefixes[i], end);
			const struct shunt_addr below = guard_ref_next(a, false);
			const struct shunt_addr above = guard_ref_next(a, true);

			sentry_check(g, &a);
			sentry_check(g, &below);
			sentry_check(g, &above);
		}
	}
}

Test(guard, any_lists_do_what_they_say)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();
	const unsigned int n = rig_scale(LISTS);
	uint64_t seed = 0x6a7e;

	for (unsigned int i = 0; i < n; i++) {
		fill(g, i % 3, &seed);
		sentry_publish(g);
		if (i % 3 == 2)
			dp_put_sieve(g->rig->dp, NULL);
		check_ends(g, &g->lists[0]);
		check_ends(g, &g->lists[1]);
		for (int j = 0; j < 30; j++) {
			const struct shunt_addr a = guard_ref_addr(j & 1, &seed);

			sentry_check(g, &a);
		}
	}
	sentry_expect_totals(g);
}

/* As when a daemon has just started: there is no array at all. */
Test(guard, without_lists_nobody_is_denied)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();
	uint64_t seed = 1;

	for (int i = 0; i < 20; i++) {
		const struct shunt_addr a = guard_ref_addr(i & 1, &seed);

		sentry_check(g, &a);
	}
	sentry_expect_totals(g);
}

/* Of a packet that the sieve lets pass the lists are not asked, as wrong as it is here. */
Test(guard, who_is_in_no_prefix_is_told_by_the_sieve)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();
	struct packet p = { .src = CLIENT4,
			    .dst = SHOP4,
			    .sport = 40000,
			    .dport = PORT_DIRECT,
			    .proto = IPPROTO_TCP };
	const struct firewall_list empty[2] = { 0 };

	sentry_add(g, 0, sentry_prefix(CLIENT4, 32, DENY(1)));
	sentry_publish(g);
	sentry_expect(g, &p, true);
	dp_put_sieve(g->rig->dp, &(struct guard_set){ .lists = empty, .n_lists = 2 });
	sentry_expect(g, &p, false);
	p.dport = PORT_DIRECT_OTHER;
	sentry_expect(g, &p, false);
	dp_put_sieve(g->rig->dp, NULL);
	sentry_expect(g, &p, true);
	g->hits[1] += 2;
	sentry_expect_totals(g);
}

/* --- trying rules out ----------------------------------------------------------------------- */

Test(guard, what_is_monitored_is_counted_and_passes)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();
	struct shunt_addr a;

	sentry_add(g, 0, sentry_prefix("198.51.100.0", 24, DENY(1) | SHUNT_GUARD_MONITOR));
	sentry_add(g, 0, sentry_prefix("198.51.100.8", 32, ALLOW(2)));
	sentry_add(g, 1, sentry_prefix("198.51.100.7", 32, DENY(3)));
	sentry_add(g, 1, sentry_prefix("198.51.100.9", 32, DENY(4) | SHUNT_GUARD_MONITOR));
	sentry_publish(g);
	for (int i = 7; i < 10; i++) {
		a = sentry_prefix("198.51.100.0", 32, 0).addr;
		a.b[15] = i;
		sentry_check(g, &a);
	}
	cr_expect_eq(g->hits[1], 4, "by both ports, of .7 and .9: %llu", g->hits[1]);
	cr_expect_eq(g->hits[3], 1);
	cr_expect_eq(g->rig->tally.reasons[SHUNT_DENIED], 1);
	sentry_expect_totals(g);
}

/* --- other lists while packets are under way --------------------------------------------------- */

#define SWAPS 40

struct traffic {
	struct sentry *g;
	struct frame in;
	atomic_bool stop;
	__u64 sent, passed;
};

static void *send_on(void *arg)
{
	struct traffic *t = arg;
	struct frame out;

	while (!atomic_load(&t->stop)) {
		t->passed += dp_run(t->g->rig->dp, &t->in, &out) != XDP_DROP;
		t->sent++;
	}
	return NULL;
}

/* Each list denies the client, by another prefix among others: there is no moment without. */
Test(guard, lists_change_whole)
{
	_cleanup_sentry_ struct sentry *g = sentry_open();
	struct traffic t = { .g = g };
	const struct packet p = { .src = CLIENT4,
				  .dst = SHOP4,
				  .sport = 40000,
				  .dport = PORT_DIRECT,
				  .proto = IPPROTO_TCP };
	pthread_t thread;
	uint64_t seed = 3;

	frame_build(&p, &t.in);
	sentry_add(g, 0, sentry_prefix("198.51.100.0", 24, DENY(1)));
	sentry_publish(g);
	cr_assert_eq(pthread_create(&thread, NULL, send_on, &t), 0);
	for (int i = 0; i < SWAPS; i++) {
		const __u32 bits = 8 + i % 25;

		g->lists[0].n = guard_ref_random(&seed) % (SENTRY_PREFIXES - 1);
		for (size_t j = 0; j < g->lists[0].n; j++) {
			g->prefixes[0][j] = guard_ref_prefix(g->prefixes[0], j, 2, &seed);
			g->prefixes[0][j].verdict = DENY(2);
		}
		sentry_add(g, 0, sentry_prefix(CLIENT4, bits, DENY(1)));
		g->prefixes[0][g->lists[0].n - 1].addr =
			guard_ref_end(&g->prefixes[0][g->lists[0].n - 1], 0);
		sentry_publish(g);
	}
	atomic_store(&t.stop, true);
	pthread_join(thread, NULL);
	cr_expect_gt(t.sent, SWAPS);
	cr_expect_eq(t.passed, 0, "%llu of %llu", t.passed, t.sent);
}
