/* SPDX-License-Identifier: BSD-2-Clause */
/* The services map: what was put is found the way packets look, and nothing else. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/addr.h"
#include "shunt/hash.h"
#include "tables/listing.h"

static struct shunt_service_key key_of(const char *vip, __u16 port, __u8 proto)
{
	struct shunt_service_key key = { .port = htons(port), .proto = proto };

	cr_assert_eq(addr_parse(vip, &key.vip), 0);
	return key;
}

/* As shunt/abi.h says that a service is found; -1 if it is not. */
static long look(const struct shunt_service_line *lines, __u32 mask,
		 const struct shunt_service_key *key)
{
	const __u32 match = key->fragments ? SHUNT_SERVICE_MATCH_FRAGMENT(key->proto)
					   : SHUNT_SERVICE_MATCH(key->port, key->proto);
	__u32 at = shunt_service_hash(key->vip.d[0], key->vip.d[1], match, !addr_is_v4(&key->vip));

	for (int i = 0; i < SHUNT_SERVICE_LINES_TRIED; i++, at++) {
		const struct shunt_service_line *line = &lines[at & mask];

		for (int j = 0; j < SHUNT_LISTINGS_PER_LINE; j++)
			if (line->listing[j].match == match &&
			    !memcmp(&line->listing[j].vip, &key->vip, sizeof(key->vip)))
				return listing_service(&line->listing[j]).first;
		if (!(line->listing[0].flags & SHUNT_LISTING_MORE))
			break;
	}
	return -1;
}

/* A service that is sent to the line @first. */
static struct shunt_listing like(__u32 first)
{
	return (struct shunt_listing){ .service = { .first = first } };
}

static struct shunt_service_line *make_lines(__u32 n)
{
	struct shunt_service_line *lines = calloc(n, sizeof(*lines));

	cr_assert_not_null(lines);
	return lines;
}

/* Addresses in a row, a few ports each: what sites have, and what hashes badly. */
static struct shunt_service_key site_key(__u32 i)
{
	static const __u16 ports[] = { 0, 80, 443, 8080 };
	struct shunt_service_key key = i & 1 ? key_of("203.0.113.0", 0, IPPROTO_TCP)
					     : key_of("2001:db8::", 0, IPPROTO_UDP);

	key.vip.b[14] ^= i / 2 / 4 / 256;
	key.vip.b[15] ^= i / 2 / 4;
	key.port = htons(ports[i / 2 % 4]);
	return key;
}

Test(listing, a_site_fits_and_is_found)
{
	for (__u32 n = 16; n <= SHUNT_MAX_SERVICES; n *= 4) {
		const __u32 mask = listing_lines(n) - 1;
		struct shunt_service_line *lines = make_lines(mask + 1);

		for (__u32 i = 0; i < n; i++) {
			const struct shunt_service_key key = site_key(i);

			cr_assert_eq(look(lines, mask, &key), -1);
			cr_assert_eq(
				listing_put(lines, mask, &key, (struct shunt_listing[]){ like(i) }),
				0, "service %u of %u", i, n);
		}
		for (__u32 i = 0; i < n; i++) {
			const struct shunt_service_key key = site_key(i);

			cr_assert_eq(look(lines, mask, &key), (long)i);
		}
		free(lines);
	}
}

Test(listing, changes_in_place)
{
	const struct shunt_service_key key = key_of("192.0.2.80", 443, IPPROTO_TCP);
	struct shunt_service_line *lines = make_lines(4);
	int used = 0;

	for (__u32 table = 0; table < 9; table++)
		cr_assert_eq(listing_put(lines, 3, &key, (struct shunt_listing[]){ like(table) }),
			     0);
	cr_assert_eq(look(lines, 3, &key), 8);
	for (int i = 0; i < 8; i++)
		used += lines[i / 2].listing[i % 2].match != 0;
	cr_assert_eq(used, 1);
	free(lines);
}

Test(listing, is_full_only_when_all_its_lines_are)
{
	struct shunt_service_line *lines = make_lines(4);
	struct shunt_service_key key;

	for (__u32 i = 0; i < 8; i++) {
		key = site_key(i);
		cr_assert_eq(listing_put(lines, 3, &key, (struct shunt_listing[]){ like(i) }), 0);
	}
	key = site_key(8);
	cr_assert_eq(listing_put(lines, 3, &key, (struct shunt_listing[]){ like(8) }), -ENOSPC);
	cr_assert_eq(look(lines, 3, &key), -1);
	for (__u32 i = 0; i < 8; i++) {
		key = site_key(i);
		cr_assert_eq(look(lines, 3, &key), (long)i);
	}
	free(lines);
}

/* In crowded lines some are behind others that go: they must stay in sight. */
Test(listing, random_changes_lose_nothing)
{
	enum {
		LINES = 16,
		KEYS = 24
	};
	struct shunt_service_line *lines = make_lines(LINES);
	long want[KEYS];

	memset(want, -1, sizeof(want));
	srand(1);
	for (__u32 step = 0; step < 20000; step++) {
		const __u32 i = rand() % KEYS;
		const struct shunt_service_key key = site_key(i);
		int err;

		if (rand() % 2) {
			err = listing_put(lines, LINES - 1, &key,
					  (struct shunt_listing[]){ like(step) });
			cr_assert(!err || (err == -ENOSPC && want[i] < 0));
			want[i] = err ? -1 : (long)step;
		} else {
			err = listing_del(lines, LINES - 1, &key);
			cr_assert_eq(err, want[i] < 0 ? -ENOENT : 0);
			want[i] = -1;
		}
		for (__u32 k = 0; k < KEYS; k++) {
			const struct shunt_service_key other = site_key(k);

			cr_assert_eq(look(lines, LINES - 1, &other), want[k]);
		}
	}
	free(lines);
}

Test(listing, keys_come_back)
{
	struct shunt_service_line line = { 0 };

	for (__u32 i = 0; i < 64; i++) {
		const struct shunt_service_key key = site_key(i);
		struct shunt_service_key back;

		memset(&line, 0, sizeof(line));
		cr_assert_eq(listing_put(&line, 0, &key, (struct shunt_listing[]){ like(0) }), 0);
		back = listing_key(&line.listing[0]);
		cr_assert_arr_eq((char *)&back, (const char *)&key, sizeof(key));
	}
}

/* The flag is of the line, and so who comes or changes must neither set nor clear it. */
Test(listing, flags_are_of_the_service_but_one)
{
	struct shunt_service_line *lines = make_lines(4);
	struct shunt_listing all = { .flags = ~0U }, none = { 0 };

	for (__u32 i = 0; i < 8; i++) {
		const struct shunt_service_key key = site_key(i);

		cr_assert_eq(listing_put(lines, 3, &key, &all), 0);
	}
	for (__u32 i = 0; i < 8; i++) {
		const struct shunt_service_key key = site_key(i);

		cr_assert_eq(listing_put(lines, 3, &key, &none), 0);
		cr_assert_eq(look(lines, 3, &key), 0);
	}
	for (int i = 0; i < 8; i++)
		cr_assert_eq(lines[i / 2].listing[i % 2].flags & ~SHUNT_LISTING_MORE, 0U);
	free(lines);
}

/* In one pass; what is nobody's stays, and nothing moves twice. */
Test(listing, services_are_sent_elsewhere)
{
	const struct map_move moves[] = {
		{ { .first = 1 }, { .first = 2 } },
		{ { .first = 2 }, { .first = 7, .base = 9 } },
		{ { .first = 5 }, { .first = 1 } },
	};
	static const long want[] = { 0, 2, 7, 3, 4, 1, 6, -1 };
	struct shunt_service_line *lines = make_lines(8);
	struct shunt_service_key key;

	for (__u32 i = 0; i < 8; i++) {
		key = site_key(i);
		cr_assert_eq(listing_put(lines, 7, &key, (struct shunt_listing[]){ like(i) }), 0);
	}
	cr_assert_eq(listing_del(lines, 7, &key), 0);
	listing_repoint(lines, 7, moves, 3);
	for (__u32 i = 0; i < 8; i++) {
		key = site_key(i);
		cr_assert_eq(look(lines, 7, &key), want[i], "service %u", i);
	}
	free(lines);
}

/* Fragments without ports are looked up by an entry of their own, beside that of any port. */
Test(listing, fragments_are_not_any_port)
{
	struct shunt_service_line *lines = make_lines(64);
	struct shunt_service_key any = key_of("203.0.113.80", 0, IPPROTO_UDP), fragments = any;
	const struct shunt_listing one = like(1), two = like(2);
	struct shunt_service_key found;

	fragments.fragments = 1;
	cr_assert_eq(listing_put(lines, 63, &any, &one), 0);
	cr_expect_eq(look(lines, 63, &fragments), -1);
	cr_assert_eq(listing_put(lines, 63, &fragments, &two), 0);
	cr_expect_eq(look(lines, 63, &any), 1);
	cr_expect_eq(look(lines, 63, &fragments), 2);
	for (int i = 0; i < 64 * SHUNT_LISTINGS_PER_LINE; i++) {
		const struct shunt_listing *at = &lines[i / 2].listing[i % 2];

		if (!at->match)
			continue;
		found = listing_key(at);
		cr_expect(!memcmp(&found, listing_service(at).first == 1 ? &any : &fragments,
				  sizeof(found)));
	}
	cr_assert_eq(listing_del(lines, 63, &any), 0);
	cr_expect_eq(look(lines, 63, &fragments), 2);
	free(lines);
}

Test(listing, flags_are_taken_from_all_services_and_nothing_else)
{
	const __u32 flags = SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_HOLDS;
	const struct shunt_listing one = { .flags = flags, .service = { .first = 1 } };
	struct shunt_service_line *lines = make_lines(2);
	__u32 more = 0;

	for (__u32 i = 0; i < 4; i++) {
		const struct shunt_service_key key = site_key(i);

		cr_assert_eq(listing_put(lines, 1, &key, &one), 0);
	}
	for (int i = 0; i < 4; i++)
		more += lines[i / 2].listing[i % 2].flags & SHUNT_LISTING_MORE;
	cr_assert_gt(more, 0U);
	listing_clear_flags(lines, 1, SHUNT_SERVICE_HOLDS);
	for (int i = 0; i < 4; i++) {
		const __u32 left = lines[i / 2].listing[i % 2].flags;

		more -= left & SHUNT_LISTING_MORE;
		cr_expect_eq(left & ~SHUNT_LISTING_MORE, SHUNT_SERVICE_TRACKED);
	}
	cr_expect_eq(more, 0U);
	free(lines);
}
