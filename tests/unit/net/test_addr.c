/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "net/addr.h"

static struct shunt_addr parse(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0, "%s", text);
	return a;
}

Test(addr, text_there_and_back)
{
	static const struct {
		const char *text;
		const char *shown;
		bool is_v4;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "0.0.0.0", "0.0.0.0", true },
		{ "255.255.255.255", "255.255.255.255", true },
		{ "::ffff:192.0.2.1", "192.0.2.1", true },
		{ "::FFFF:C000:201", "192.0.2.1", true },
		{ "2001:DB8:0:0::1", "2001:db8::1", false },
		{ "::", "::", false },
		{ "::1", "::1", false },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	};

	array_for_each (row, rows, array_len(rows)) {
		struct shunt_addr a = parse(row->text);
		char shown[ADDR_TEXT];

		cr_expect_eq(addr_format(&a, shown), shown);
		cr_expect_str_eq(shown, row->shown, "%s", row->text);
		cr_expect_eq(addr_is_v4(&a), row->is_v4, "%s", row->text);
	}
}

Test(addr, with_a_port)
{
	static const struct {
		const char *text, *addr;
		__u16 port;
	} rows[] = {
		{ "192.0.2.1:80", "192.0.2.1", 80 },
		{ "0.0.0.0:65535", "0.0.0.0", 65535 },
		{ "[2001:db8::1]:1", "2001:db8::1", 1 },
		{ "[::]:443", "::", 443 },
		{ "[::ffff:192.0.2.1]:443", "192.0.2.1", 443 },
	};
	static const char *const wrong[] = {
		"",
		":",
		":80",
		"192.0.2.1",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:080",
		"[]:80",
		"192.0.2.1:99999999999",
		"192.0.2.1:-1",
		"192.0.2.1: 80",
		"[192.0.2.1]:80",
		"2001:db8::1:80",
		"[2001:db8::1]",
		"[2001:db8::1]80",
		"[2001:db8::1:80",
		"2001:db8::1]:80",
		"[",
		"[:",
		"]:80",
		"192.0.2.1:80x",
	};

	array_for_each (row, rows, array_len(rows)) {
		const struct shunt_addr want = parse(row->addr);
		struct shunt_addr a;
		__u16 port;

		cr_assert_eq(addr_parse_with_port(row->text, &a, &port), 0, "%s", row->text);
		cr_expect(addr_is_equal(&a, &want), "%s", row->text);
		cr_expect_eq(port, row->port, "%s", row->text);
	}
	array_for_each (text, wrong, array_len(wrong)) {
		struct shunt_addr a = parse("192.0.2.7");
		__u16 port = 7;

		cr_expect_eq(addr_parse_with_port(*text, &a, &port), -EINVAL, "%s", *text);
		cr_expect_eq(port, 7, "%s", *text);
	}
}

Test(addr, no_address_leaves_the_output_alone)
{
	static const char *const rows[] = {
		"",
		" ",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.1 ",
		"192.0.2.1/32",
		"192.0.02.01x",
		"2001:db8::1::",
		"2001:db8",
		"fe80::1%eth0",
		"[::1]",
		"localhost",
	};
	struct shunt_addr untouched, a;

	memset(&untouched, 0x5a, sizeof(untouched));
	array_for_each (text, rows, array_len(rows)) {
		a = untouched;
		cr_expect_eq(addr_parse(*text, &a), -EINVAL, "%s", *text);
		cr_expect(addr_is_equal(&a, &untouched), "%s", *text);
	}
}

Test(addr, bytes_are_in_network_order)
{
	static const __u8 mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	struct shunt_addr a = parse("192.0.2.1");

	cr_expect_eq(memcmp(a.b, mapped, 16), 0);
}

Test(addr, from_bytes)
{
	struct shunt_addr v4 = parse("192.0.2.1"), v6 = parse("2001:db8::1"), a;
	struct in_addr in;
	struct in6_addr in6;

	inet_pton(AF_INET, "192.0.2.1", &in);
	inet_pton(AF_INET6, "2001:db8::1", &in6);
	a = addr_from_bytes(AF_INET, &in);
	cr_expect(addr_is_equal(&a, &v4));
	a = addr_from_bytes(AF_INET6, &in6);
	cr_expect(addr_is_equal(&a, &v6));
}

Test(addr, unspecified)
{
	struct shunt_addr zeroes = { 0 }, v4 = parse("0.0.0.0"), v6 = parse("::");
	struct shunt_addr one = parse("::1"), some = parse("0.0.0.1");

	cr_expect(addr_is_unspecified(&zeroes));
	cr_expect(addr_is_unspecified(&v4));
	cr_expect(addr_is_unspecified(&v6));
	cr_expect_not(addr_is_unspecified(&one));
	cr_expect_not(addr_is_unspecified(&some));
}

Test(addr, order_is_that_of_the_bytes)
{
	/* Ascending; IPv4 lies at ::ffff:0:0. */
	static const char *const rows[] = { "::",	 "::1",	       "10.0.0.1", "10.0.0.255",
					    "192.0.2.1", "2001:db8::", "ff02::1" };

	for (size_t i = 0; i < array_len(rows); i++) {
		for (size_t k = 0; k < array_len(rows); k++) {
			struct shunt_addr a = parse(rows[i]), b = parse(rows[k]);
			int c = addr_compare(&a, &b);

			cr_expect_eq((c > 0) - (c < 0), (i > k) - (i < k), "%s and %s", rows[i],
				     rows[k]);
			cr_expect_eq(addr_is_equal(&a, &b), i == k);
		}
	}
}

Test(addr, socket_addresses)
{
	struct shunt_addr v4 = parse("192.0.2.1"), v6 = parse("2001:db8::1");
	struct sockaddr_storage ss;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&ss;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&ss;

	memset(&ss, 0xff, sizeof(ss));
	cr_expect_eq(addr_to_sockaddr(&v4, 443, &ss), sizeof(*in));
	cr_expect_eq(in->sin_family, AF_INET);
	cr_expect_eq(ntohs(in->sin_port), 443);
	cr_expect_eq(ntohl(in->sin_addr.s_addr), 0xc0000201);

	memset(&ss, 0xff, sizeof(ss));
	cr_expect_eq(addr_to_sockaddr(&v6, 53, &ss), sizeof(*in6));
	cr_expect_eq(in6->sin6_family, AF_INET6);
	cr_expect_eq(ntohs(in6->sin6_port), 53);
	cr_expect_eq(memcmp(&in6->sin6_addr, v6.b, 16), 0);
	cr_expect_eq(in6->sin6_scope_id, 0);
	cr_expect_eq(in6->sin6_flowinfo, 0);
}
