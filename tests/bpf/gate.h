/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A town of two services behind the firewall, with limits of the test's own: real ones, by
 * the real clock.
 */
#ifndef TESTS_BPF_GATE_H
#define TESTS_BPF_GATE_H

#include "base/cleanup.h"
#include "dp.h"
#include "tables/limits.h"
#include "world.h"

/* TCP and UDP of SHOP4 and SHOP6; their blocks of ids begin here. */
#define GATE_PORT 80
#define GATE_OTHER_PORT 81
#define GATE_BASE 100
#define GATE_OTHER_BASE 200

/* 1024 lines of buckets. */
#define GATE_BUCKET_BITS 10

struct gate {
	struct dp *dp;
	struct limits limits;
	size_t limits_bytes, of_bytes;
};

/* @guard: of struct shunt_rodata. Never NULL. */
struct gate *gate_open(__u8 guard);
void gate_close(struct gate *g);
static inline void gate_closep(struct gate **g)
{
	gate_close(*g);
}

#define _cleanup_gate_ _cleanup_(gate_closep)

/* Places of lists: of the services, and of what is of none. */
#define GATE_OF (GATE_BASE + 1)
#define GATE_OF_OTHER (GATE_OTHER_BASE + 1)
#define GATE_OF_NOBODY 0

/* These limits, and no others. */
void gate_put(struct gate *g, const struct limits_list *lists, size_t n);
/* @n of GATE_PORT alone. */
void gate_limit(struct gate *g, const struct limits_rule *rules, size_t n);

/* A TCP segment to GATE_PORT, a datagram, a ping of its address. */
struct packet gate_segment(const char *src, __u16 flags);
struct packet gate_datagram(const char *src);
struct packet gate_ping(const char *src);

/*
 * By the clock that the program goes by: of the kernel's ticks, which may come late on a
 * virtual machine whose host is busy.
 */
__u64 gate_now_ms(void);

/* What became of a packet: the reason that was counted. */
enum shunt_reason gate_run(struct gate *g, const struct packet *p);
/* And of @n of the same, run at once: those that were forwarded. */
__u32 gate_run_many(struct gate *g, const struct packet *p, __u32 n);
/* How many have ended so. */
__u64 gate_count(struct gate *g, enum shunt_reason reason);
__u64 gate_hits(struct gate *g, __u32 rule);

#endif /* TESTS_BPF_GATE_H */
