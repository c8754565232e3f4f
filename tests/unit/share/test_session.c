/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is believed: secrets, replays, recordings, and peers that begin anew. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "share/session.h"

static const uint8_t secret[SEAL_KEY] = { 1, 2, 3 };
static const uint8_t other[SEAL_KEY] = { 3, 2, 1 };

struct datagram {
	uint8_t bytes[SEAL_MAX];
	int n;
};

static struct sessions a, b;

static void setup(void)
{
	cr_assert_eq(sessions_begin(&a, secret), 0);
	cr_assert_eq(sessions_begin(&b, secret), 0);
}

TestSuite(session, .init = setup);

static struct datagram say(struct sessions *s, const char *name, uint64_t now_ms)
{
	struct datagram d;
	struct message m;

	sessions_begin_message(s, now_ms, &m);
	m.has_hello = true;
	strcpy(m.hello.name, name);
	m.has_round = true;
	d.n = sessions_close(s, &m, d.bytes);
	cr_assert_gt(d.n, 0);
	return d;
}

static enum session_verdict hear(struct sessions *s, const struct datagram *d, uint64_t now_ms)
{
	const struct received in = { d->bytes, d->n, now_ms };
	struct session *who;
	struct message m;

	return sessions_open(s, &in, &m, &who);
}

/* Until each believes the other. */
static void meet(struct sessions *x, struct sessions *y, uint64_t now_ms)
{
	for (int i = 0; i < 3; i++) {
		const struct datagram dx = say(x, "x", now_ms), dy = say(y, "y", now_ms);

		hear(y, &dx, now_ms);
		hear(x, &dy, now_ms);
	}
}

Test(session, is_believed_when_it_has_proved_itself)
{
	struct datagram d = say(&a, "a", 1000);

	cr_expect_eq(hear(&b, &d, 1000), SESSION_ASKED);
	d = say(&b, "b", 1000);
	cr_expect_eq(hear(&a, &d, 1000), SESSION_ASKED);
	d = say(&a, "a", 1001);
	cr_expect_eq(hear(&b, &d, 1001), SESSION_OK);
	d = say(&b, "b", 1001);
	cr_expect_eq(hear(&a, &d, 1001), SESSION_OK);
}

Test(session, another_secret_is_a_stranger)
{
	struct sessions stranger;
	struct datagram d;

	cr_assert_eq(sessions_begin(&stranger, other), 0);
	d = say(&stranger, "a", 1000);
	cr_expect_eq(hear(&b, &d, 1000), SESSION_FOREIGN);
	for (size_t i = 0; i < SESSIONS; i++)
		cr_expect_not(b.at[i].used);
}

Test(session, any_changed_bit_is_noticed)
{
	struct datagram d;

	meet(&a, &b, 1000);
	d = say(&a, "x", 1000);
	for (int i = 0; i < d.n; i++) {
		struct datagram changed = d;

		changed.bytes[i] ^= 1 << i % 8;
		cr_assert_neq(hear(&b, &changed, 1000), SESSION_OK, "byte %d", i);
	}
	for (int n = 0; n < d.n; n++) {
		const struct datagram cut = { .n = n };

		memcpy((void *)cut.bytes, d.bytes, n);
		cr_assert_eq(hear(&b, &cut, 1000), SESSION_FOREIGN);
	}
	cr_expect_eq(hear(&b, &d, 1000), SESSION_OK);
}

Test(session, counts_once_and_in_any_order)
{
	struct datagram d[SESSION_WINDOW + 2];

	meet(&a, &b, 1000);
	for (int i = 0; i < SESSION_WINDOW + 2; i++)
		d[i] = say(&a, "x", 1000);
	cr_expect_eq(hear(&b, &d[3], 1000), SESSION_OK);
	cr_expect_eq(hear(&b, &d[1], 1000), SESSION_OK);
	cr_expect_eq(hear(&b, &d[3], 1000), SESSION_REPLAYED);
	cr_expect_eq(hear(&b, &d[1], 1000), SESSION_REPLAYED);
	cr_expect_eq(hear(&b, &d[SESSION_WINDOW + 1], 1000), SESSION_OK);
	cr_expect_eq(hear(&b, &d[0], 1000), SESSION_REPLAYED, "too old to tell");
	cr_expect_eq(hear(&b, &d[2], 1000), SESSION_OK);
	cr_expect_eq(hear(&b, &d[2], 1000), SESSION_REPLAYED);
}

/* What was recorded before one of them began anew proves nothing afterwards. */
Test(session, recordings_are_not_believed_after_a_restart)
{
	struct sessions again;
	struct datagram recorded, d;

	meet(&a, &b, 1000);
	recorded = say(&a, "x", 1000);
	cr_assert_eq(sessions_begin(&again, secret), 0);
	cr_expect_eq(hear(&again, &recorded, 1000), SESSION_ASKED);
	/* Of a peer that has begun anew, to one that has not. */
	cr_assert_eq(sessions_begin(&a, secret), 0);
	meet(&a, &b, 2000);
	cr_expect_eq(hear(&b, &recorded, 2000), SESSION_ASKED);
	d = say(&a, "x", 2000);
	cr_expect_eq(hear(&b, &d, 2000), SESSION_OK, "and it takes nobody's place");
}

Test(session, a_new_one_takes_the_place_of_the_former)
{
	int used = 0;

	for (int i = 0; i < 3 * SESSIONS; i++) {
		struct sessions again;

		cr_assert_eq(sessions_begin(&again, secret), 0);
		meet(&again, &b, 1000 + i);
	}
	for (size_t i = 0; i < SESSIONS; i++)
		used += b.at[i].used && b.at[i].proved;
	cr_expect_eq(used, 1);
}

/* Somebody on the way lets nothing through, and delivers it later. */
Test(session, what_was_held_back_is_not_believed)
{
	struct datagram held, d;

	meet(&a, &b, 1000);
	held = say(&a, "x", 1000);
	cr_expect_eq(hear(&b, &held, 1000 + 3600 * 1000), SESSION_ASKED);
	d = say(&a, "x", 1000 + 3600 * 1000);
	cr_expect_eq(hear(&b, &d, 1000 + 3600 * 1000), SESSION_ASKED);
	meet(&a, &b, 1001 + 3600 * 1000);
	d = say(&a, "x", 1001 + 3600 * 1000);
	cr_expect_eq(hear(&b, &d, 1001 + 3600 * 1000), SESSION_OK, "it has proved itself anew");
}

static struct datagram recorded[SESSIONS][20];

/* Of as many sessions that are over, each 20 datagrams. */
static void record(int n)
{
	for (int i = 0; i < n; i++) {
		struct sessions s;

		cr_assert_eq(sessions_begin(&s, secret), 0);
		for (size_t j = 0; j < array_len(recorded[i]); j++)
			recorded[i][j] = say(&s, "x", 10);
	}
}

/* They are all heard before @a is, again and again. Return: how often it is believed. */
static int meet_among(int n, uint64_t every_ms)
{
	int met = 0;

	for (size_t j = 0; j < array_len(recorded[0]); j++) {
		const uint64_t now_ms = 1000 + j * every_ms;
		struct datagram d;

		for (int i = 0; i < n; i++)
			hear(&b, &recorded[i][j], now_ms);
		d = say(&a, "x", now_ms);
		met += hear(&b, &d, now_ms) == SESSION_OK;
		d = say(&b, "y", now_ms);
		hear(&a, &d, now_ms);
	}
	return met;
}

Test(session, recordings_take_nobodys_turn)
{
	record(MESSAGE_MAX_PEERS);
	cr_expect_geq(meet_among(MESSAGE_MAX_PEERS, 2000), 10);
}

/* As many as there are places: whoever got one has a second to prove himself. */
Test(session, recordings_take_nobodys_place)
{
	struct datagram d = say(&a, "x", 900);

	record(SESSIONS);
	hear(&b, &d, 900);
	cr_expect_geq(meet_among(SESSIONS, 100), 10);
}

/* To look at what strangers send costs time; whoever is known is heard all the same. */
Test(session, a_flood_of_strangers_is_not_looked_at)
{
	struct sessions stranger;
	struct datagram d, known;

	meet(&a, &b, 1000);
	cr_assert_eq(sessions_begin(&stranger, other), 0);
	d = say(&stranger, "s", 2000);
	for (int i = 0; i < SESSION_STRANGERS_PER_S; i++)
		cr_assert_eq(hear(&b, &d, 2000), SESSION_FOREIGN);
	cr_assert_eq(sessions_begin(&stranger, secret), 0);
	d = say(&stranger, "s", 2000);
	cr_expect_eq(hear(&b, &d, 2000), SESSION_FOREIGN);
	known = say(&a, "x", 2000);
	cr_expect_eq(hear(&b, &known, 2000), SESSION_OK);
	cr_expect_eq(hear(&b, &d, 3000), SESSION_ASKED);
}

Test(session, own_words_are_nobodys)
{
	struct datagram d = say(&a, "a", 1000);

	cr_expect_eq(hear(&a, &d, 1000), SESSION_OWN);
}

Test(session, listens_until_it_is_silent)
{
	meet(&a, &b, 1000);
	for (size_t i = 0; i < SESSIONS; i++) {
		if (!b.at[i].used)
			continue;
		cr_expect(session_listens(&b.at[i], 1000 + SESSION_SILENT_MS));
		cr_expect_not(session_listens(&b.at[i], 1001 + SESSION_SILENT_MS));
	}
}

static int secret_of(const char *text, mode_t mode, uint8_t out[SEAL_KEY], const char **why)
{
	char path[] = "/tmp/shunt-secret-XXXXXX";
	const int fd = mkstemp(path);
	int err;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
	err = seal_read_secret(path, out, why);
	unlink(path);
	return err;
}

Test(session, secrets_are_of_files_that_nobody_else_reads)
{
	uint8_t x[SEAL_KEY], y[SEAL_KEY];
	const char *why;

	cr_expect_eq(secret_of("0123456789abcdef", 0600, x, &why), 0);
	cr_expect_eq(secret_of("0123456789abcdef\n", 0400, y, &why), 0);
	cr_expect_eq(memcmp(x, y, SEAL_KEY), 0);
	cr_expect_eq(secret_of("0123456789abcde\n", 0600, y, &why), -EINVAL);
	cr_expect_not_null(strstr(why, "16 bytes"));
	cr_expect_eq(secret_of("0123456789abcdef", 0640, y, &why), -EPERM);
	cr_expect_not_null(strstr(why, "chmod 600"));
	cr_expect_eq(seal_read_secret("/", y, &why), -EPERM);
	cr_expect_eq(seal_read_secret("/nowhere", y, &why), -ENOENT);
}
