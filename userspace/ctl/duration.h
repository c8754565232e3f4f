/* SPDX-License-Identifier: BSD-2-Clause */
/* Times that are typed: as in the config. */
#ifndef CTL_DURATION_H
#define CTL_DURATION_H

#include <stdint.h>

/* No time is longer: ten days. */
#define DURATION_MAX_MS (240 * 3600 * 1000ULL)

/* "500ms", "2s", "5m", "1h", at most DURATION_MAX_MS. 0, or -EINVAL and @ms untouched. */
int duration_parse(const char *text, uint64_t *ms);

#endif /* CTL_DURATION_H */
