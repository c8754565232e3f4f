/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place that asks what time it is; pure code takes `now_ms` instead. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds and microseconds of CLOCK_MONOTONIC. */
uint64_t clock_now_ms(void);
uint64_t clock_now_us(void);

/* Seconds since 1970, for people and for Prometheus. */
uint64_t clock_wall_s(void);
uint64_t clock_wall_ms(void);

#endif /* BASE_CLOCK_H */
