/* SPDX-License-Identifier: BSD-2-Clause */
/* SYN cookies (shunt/cookie.h), which program and tests share. */
#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "shunt/cookie.h"

#define PERIOD 0x12345

static const __u64 key[2] = { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL };

static struct shunt_syn syn_of(bool v6)
{
	struct shunt_syn syn = { .isn = 0xdeadbeef, .mss = 5, .v6 = v6 };

	for (size_t i = 0; i < sizeof(syn.tuple.src); i++) {
		syn.tuple.src.b[i] = i + 1;
		syn.tuple.dst.b[i] = 0x80 + i;
	}
	syn.tuple.ports = htonl(40000U << 16 | 443);
	return syn;
}

static bool is_good(struct shunt_syn syn, __u32 cookie, __u32 period)
{
	return shunt_cookie_check(key, &syn, cookie, period);
}

/* The vectors of its authors: bytes 0, 1, 2 ... by the key of bytes 0 to 15. */
Test(cookie, siphash)
{
	struct shunt_sip s = shunt_sip_begin(key);

	cr_expect_eq(shunt_sip_end(&s, 0), 0x726fdb47dd0e0e31ULL);
	s = shunt_sip_begin(key);
	shunt_sip_add(&s, 0x0706050403020100ULL);
	cr_expect_eq(shunt_sip_end(&s, 8ULL << 56), 0x93f5f5799a932462ULL);
	s = shunt_sip_begin(key);
	shunt_sip_add(&s, 0x0706050403020100ULL);
	cr_expect_eq(shunt_sip_end(&s, 0x0f0e0d0c0b0a0908ULL), 0xa129ca6149be45e5ULL);
}

Test(cookie, segment_sizes_are_never_raised)
{
	for (__u32 mss = 536; mss <= 65535; mss++) {
		const __u32 index = shunt_cookie_mss_index(mss);

		cr_assert_leq(shunt_cookie_mss(index), mss);
		cr_assert(index == SHUNT_COOKIE_MSS_COUNT - 1 || shunt_cookie_mss(index + 1) > mss);
	}
	/* Who says less, or nothing, gets what every host takes. */
	cr_expect_eq(shunt_cookie_mss(shunt_cookie_mss_index(0)), 536);
	cr_expect_eq(shunt_cookie_mss(shunt_cookie_mss_index(1460)), 1460);
}

Test(cookie, says_the_segment_size)
{
	for (int v6 = 0; v6 < 2; v6++) {
		for (__u32 mss = 0; mss < SHUNT_COOKIE_MSS_COUNT; mss++) {
			struct shunt_syn syn = syn_of(v6);
			__u32 cookie;

			syn.mss = mss;
			cookie = shunt_cookie_make(key, &syn, PERIOD);
			syn.mss = 99;
			cr_expect(shunt_cookie_check(key, &syn, cookie, PERIOD));
			cr_expect_eq(syn.mss, mss);
		}
	}
}

Test(cookie, lasts_for_its_period_and_the_next)
{
	const struct shunt_syn syn = syn_of(false);
	const __u32 cookie = shunt_cookie_make(key, &syn, PERIOD);

	for (int later = -10; later <= 10; later++)
		cr_expect_eq(is_good(syn, cookie, PERIOD + later), later >= -1 && later <= 1, "%d",
			     later);
	/* Where the number of the period begins anew. */
	cr_expect(is_good(syn, shunt_cookie_make(key, &syn, 0xffffffff), 0));
	cr_expect(is_good(syn, shunt_cookie_make(key, &syn, 0), 0xffffffff));
}

Test(cookie, is_for_one_flow_and_one_syn)
{
	for (int v6 = 0; v6 < 2; v6++) {
		const struct shunt_syn syn = syn_of(v6);
		const __u32 cookie = shunt_cookie_make(key, &syn, PERIOD);
		const size_t from = v6 ? 0 : 12;

		for (size_t bit = from * 8; bit < 16 * 8; bit++) {
			struct shunt_syn other = syn;

			other.tuple.src.b[bit / 8] ^= 1 << bit % 8;
			cr_expect_not(is_good(other, cookie, PERIOD), "source, bit %zu", bit);
			other = syn;
			other.tuple.dst.b[bit / 8] ^= 1 << bit % 8;
			cr_expect_not(is_good(other, cookie, PERIOD), "destination, bit %zu", bit);
		}
		for (int bit = 0; bit < 32; bit++) {
			struct shunt_syn other = syn;

			other.tuple.ports ^= 1U << bit;
			cr_expect_not(is_good(other, cookie, PERIOD), "ports, bit %d", bit);
			other = syn;
			other.isn ^= 1U << bit;
			cr_expect_not(is_good(other, cookie, PERIOD), "sequence, bit %d", bit);
			cr_expect_not(is_good(syn, cookie ^ 1U << bit, PERIOD), "cookie, bit %d",
				      bit);
		}
	}
}

Test(cookie, is_by_the_key)
{
	const __u64 other[2] = { key[0], key[1] ^ 1 };
	struct shunt_syn syn = syn_of(true);
	const __u32 cookie = shunt_cookie_make(key, &syn, PERIOD);

	cr_expect_not(shunt_cookie_check(other, &syn, cookie, PERIOD));
}
