/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "base/array.h"
#include "base/fmt.h"

struct fmt_case {
	uint64_t n;
	const char *text;
};

static void expect_all(struct fmt (*fmt)(uint64_t n), const struct fmt_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_assert_str_eq(fmt(cases[i].n).text, cases[i].text);
}

Test(fmt, count)
{
	static const struct fmt_case cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1.0k" },
		{ 12400, "12.4k" },
		{ 99999, "100.0k" },
		{ 123456, "123k" },
		{ 999499, "999k" },
		{ 999500, "1.0M" },
		{ 1000000, "1.0M" },
		{ 3100000000, "3.1G" },
		{ UINT64_MAX, "18447P" },
	};

	expect_all(fmt_count, cases, array_len(cases));
}

Test(fmt, bytes)
{
	static const struct fmt_case cases[] = {
		{ 0, "0B" },
		{ 512, "512B" },
		{ 1500, "1.5kB" },
		{ 9100000, "9.1MB" },
	};

	expect_all(fmt_bytes, cases, array_len(cases));
}

Test(fmt, size)
{
	static const struct fmt_case cases[] = {
		{ 0, "0B" },
		{ 1023, "1023B" },
		{ 1024, "1KiB" },
		{ 1536, "1.5KiB" },
		{ 4 << 20, "4MiB" },
		{ (4 << 20) + 320, "4.0MiB" },
		{ 1ULL << 32, "4GiB" },
		{ UINT64_MAX, "16384.0PiB" },
	};

	expect_all(fmt_size, cases, array_len(cases));
}

Test(fmt, age)
{
	static const struct fmt_case cases[] = {
		{ 0, "0s" },	 { 59, "59s" },	     { 60, "1m" },	   { 312, "5m12s" },
		{ 3600, "1h" },	 { 3659, "1h" },     { 3660, "1h1m" },	   { 86399, "23h59m" },
		{ 86400, "1d" }, { 273600, "3d4h" }, { 31536000, "365d" },
	};

	expect_all(fmt_age, cases, array_len(cases));
}

Test(fmt, duration)
{
	static const struct fmt_case cases[] = {
		{ 0, "0us" },
		{ 999, "999us" },
		{ 1100, "1.1ms" },
		{ 2000000, "2.0s" },
	};

	expect_all(fmt_duration, cases, array_len(cases));
}

Test(fmt, msec)
{
	static const struct fmt_case cases[] = {
		{ 500, "500ms" },
		{ 1000, "1s" },
		{ 1500, "1.5s" },
		{ 600000, "600s" },
	};

	expect_all(fmt_msec, cases, array_len(cases));
}

Test(fmt, percent)
{
	cr_assert_str_eq(fmt_percent(1, 3).text, "33.3%");
	cr_assert_str_eq(fmt_percent(0, 7).text, "0.0%");
	cr_assert_str_eq(fmt_percent(0, 0).text, "-");
}
