/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "base/fmt.h"

/* @n in the largest unit that leaves at least 1, one decimal below 100. */
static struct fmt scaled(uint64_t n, const char *const *units, size_t n_units)
{
	uint64_t unit = 1;
	size_t i = 0;
	struct fmt f;

	/* From 999.5 on it would be written as 1000. */
	while (i + 1 < n_units && n / unit + (n % unit >= unit - unit / 2 && unit > 1) >= 1000) {
		unit *= 1000;
		i++;
	}
	if (unit == 1 || n / unit >= 100)
		snprintf(f.text, sizeof(f.text), "%.0f%s", (double)n / unit, units[i]);
	else
		snprintf(f.text, sizeof(f.text), "%.1f%s", (double)n / unit, units[i]);
	return f;
}

struct fmt fmt_count(uint64_t n)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P" };

	return scaled(n, units, array_len(units));
}

struct fmt fmt_bytes(uint64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };

	return scaled(n, units, array_len(units));
}

struct fmt fmt_size(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	uint64_t unit = 1;
	size_t i = 0;
	struct fmt f;

	while (i + 1 < array_len(units) && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	snprintf(f.text, sizeof(f.text), "%.*f%s", bytes % unit != 0, (double)bytes / unit,
		 units[i]);
	return f;
}

struct fmt fmt_age(uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		char name;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;
	struct fmt f;
	uint64_t rest;
	int n;

	while (i + 1 < array_len(units) && seconds < units[i].seconds)
		i++;
	rest = i + 1 < array_len(units) ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	n = snprintf(f.text, sizeof(f.text), "%" PRIu64 "%c", seconds / units[i].seconds,
		     units[i].name);
	if (rest)
		snprintf(f.text + n, sizeof(f.text) - n, "%" PRIu64 "%c", rest, units[i + 1].name);
	return f;
}

struct fmt fmt_duration(uint64_t us)
{
	struct fmt f;

	if (us < 1000)
		snprintf(f.text, sizeof(f.text), "%" PRIu64 "us", us);
	else if (us < 1000 * 1000)
		snprintf(f.text, sizeof(f.text), "%.1fms", us / 1e3);
	else
		snprintf(f.text, sizeof(f.text), "%.1fs", us / 1e6);
	return f;
}

struct fmt fmt_msec(uint64_t ms)
{
	struct fmt f;

	if (ms >= 1000)
		snprintf(f.text, sizeof(f.text), "%gs", ms / 1e3);
	else
		snprintf(f.text, sizeof(f.text), "%" PRIu64 "ms", ms);
	return f;
}

struct fmt fmt_percent(uint64_t part, uint64_t whole)
{
	struct fmt f;

	if (whole)
		snprintf(f.text, sizeof(f.text), "%.1f%%", 100.0 * part / whole);
	else
		snprintf(f.text, sizeof(f.text), "-");
	return f;
}
