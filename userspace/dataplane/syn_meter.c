/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYN cookies, seen from user space: the program counts SYNs and decides (bpf/cookie.h);
 * here it is told what a flood is and what time it is, and what it has decided is said.
 *
 * Cookies go by the time of day, which balancers share, as their clocks since boot differ.
 * The program knows only the latter, and the difference, which is kept as long as it is
 * nearly right: each change makes some cookies that are under way void.
 */
#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "shunt/guard.h"

/* Seconds that the difference may be off: clients answer sooner than the rest of a period. */
#define SLACK_S 4

static size_t page_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}

int syn_meter_open(struct dataplane *dp)
{
	void *p = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED,
		       dp->fds[LOAD_SYN_METER], 0);

	if (p == MAP_FAILED)
		return -errno;
	dp->conns.meter = p;
	return 0;
}

void syn_meter_close(struct dataplane *dp)
{
	if (dp->conns.meter)
		munmap(dp->conns.meter, page_bytes());
	dp->conns.meter = NULL;
}

static void put(__u32 *at, uint32_t value)
{
	if (__atomic_load_n(at, __ATOMIC_RELAXED) != value)
		__atomic_store_n(at, value, __ATOMIC_RELAXED);
}

static void set_clock(struct shunt_syn_meter *m, uint64_t now_ms)
{
	const uint32_t want = time(NULL) - now_ms / 1000;
	const int32_t off = want - __atomic_load_n(&m->wall_s, __ATOMIC_RELAXED);

	if (off > SLACK_S || off < -SLACK_S)
		put(&m->wall_s, want);
}

static bool is_flood(const struct shunt_syn_meter *m, uint64_t now_ms)
{
	return (int32_t)(__atomic_load_n(&m->until_s, __ATOMIC_RELAXED) - now_ms / 1000) > 0;
}

static void say(bool flood, uint32_t above)
{
	if (flood)
		log_warn("more than %u connections a second are asked for of nat: SYNs are "
			 "answered by cookies",
			 above);
	else
		log_info("fewer connections are asked for: SYN cookies are off again");
}

void syn_meter_set(struct dataplane *dp, const struct plan *plan, uint64_t now_ms)
{
	struct shunt_syn_meter *m = dp->conns.meter;

	if (!m)
		return;
	put(&m->above, plan->syns_above);
	set_clock(m, now_ms);
}

void syn_meter_follow(struct dataplane *dp, const struct shunt_syn_meter *former)
{
	struct shunt_syn_meter *m = dp->conns.meter;

	if (!m)
		return;
	put(&m->wall_s, former->wall_s);
	if ((int32_t)(former->until_s - __atomic_load_n(&m->until_s, __ATOMIC_RELAXED)) > 0)
		put(&m->until_s, former->until_s);
}

void syn_meter_tick(struct dataplane *dp, const struct plan *plan, uint64_t now_ms)
{
	bool flood;

	if (!dp->conns.meter)
		return;
	syn_meter_set(dp, plan, now_ms);
	flood = dp->rodata.guard & SHUNT_GUARD_SYN && is_flood(dp->conns.meter, now_ms);
	if (flood != dp->conns.is_flood)
		say(flood, plan->syns_above);
	dp->conns.is_flood = flood;
}
