/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers for people. Returned by value: fmt_count(n).text. */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stdint.h>

struct fmt {
	char text[32];
};

struct fmt fmt_count(uint64_t n); /* 999, 12.4k, 3.1M */
struct fmt fmt_bytes(uint64_t n); /* 512B, 9.1MB: powers of 1000 */
struct fmt fmt_size(uint64_t bytes); /* 512B, 256KiB, 1.5MiB: powers of 1024, as memory comes */
struct fmt fmt_age(uint64_t seconds); /* 42s, 5m12s, 3d4h: the two largest units */
struct fmt fmt_duration(uint64_t us); /* 850us, 1.1ms, 2.0s */
struct fmt fmt_msec(uint64_t ms); /* 500ms, 2s, 1.5s: as in the config */
struct fmt fmt_percent(uint64_t part, uint64_t whole); /* 33.3%; "-" of nothing */

#endif /* BASE_FMT_H */
