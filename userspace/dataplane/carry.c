/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From maps to larger or smaller ones: the slots in transition and the flow cache
 * go with them, so that no flow notices, unless the hash key is another or a table
 * gets fewer slots. The former maps carry traffic until the new program is attached;
 * what they learn meanwhile is carried when that is done.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "dataplane/flows.h"
#include "dataplane/internal.h"

void carry_close(struct dataplane *dp)
{
	struct origin *o = &dp->origin;

	for (int m = 0; o->there && m < LOAD_MAPS; m++)
		close(o->fds[m]);
	o->there = false;
}

void carry_from(struct dataplane *dp, const int fds[LOAD_MAPS], int rodata_fd)
{
	struct origin *o = &dp->origin;

	memcpy(o->fds, fds, sizeof(o->fds));
	o->there = true;
	if (load_rodata_read(rodata_fd, &o->rodata))
		carry_close(dp);
}

void dataplane_carry(const struct dataplane *from, struct dataplane *to)
{
	struct origin *o = &to->origin;
	int m = 0;

	while (m < LOAD_MAPS && (o->fds[m] = fcntl(from->fds[m], F_DUPFD_CLOEXEC, 3)) >= 0)
		m++;
	if (m < LOAD_MAPS) {
		log_err(-errno, "carry slots and flows to the new maps");
		while (m--)
			close(o->fds[m]);
		return;
	}
	o->there = true;
	o->rodata = from->rodata;
	carry_begin(to, clock_now_ms());
}

static bool is_same_key(const struct shunt_rodata *a, const struct shunt_rodata *b)
{
	return !memcmp(a->hash_key, b->hash_key, sizeof(a->hash_key));
}

/* Entries that the map @fd has in fact: those of a hostile or damaged set are not trusted. */
static size_t count_entries(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.max_entries;
}

/*
 * A slot is picked by the low bits of the hash. So where a table gets more slots
 * each of them knows its former one; where it gets fewer, it takes one of several.
 */
static int carry_table(struct dataplane *dp, uint32_t number)
{
	const uint32_t mask = dp->origin.rodata.slot_mask;
	const size_t bytes = (mask + 1ULL) * sizeof(__u32);
	const off_t start = (off_t)number * bytes;
	const off_t inside = start % sysconf(_SC_PAGESIZE);
	__u32 *words = dataplane_map_ops.table_words(dp, number);
	const __u32 *former;
	char *p;

	if (!words)
		return -ENOMEM;
	p = mmap(NULL, inside + bytes, PROT_READ, MAP_SHARED, dp->origin.fds[LOAD_SLOTS],
		 start - inside);
	if (p == MAP_FAILED)
		return -errno;
	former = (const __u32 *)(p + inside);
	for (uint32_t i = 0; i < dp->sizes.slots; i++)
		words[i] = former[i & mask];
	munmap(p, inside + bytes);
	return 0;
}

static int carry_slots(struct dataplane *dp)
{
	const uint64_t words =
		count_entries(dp->origin.fds[LOAD_SLOTS]) * (uint64_t)SHUNT_SLOTS_PER_LINE;
	const uint64_t tables = words / (dp->origin.rodata.slot_mask + 1ULL);
	int err = 0;

	for (uint32_t t = 0; t < tables && t < dp->sizes.tables && !err; t++)
		err = carry_table(dp, t);
	return err;
}

static int carry_lines(int from, int to, size_t n_from, size_t n_to, uint16_t now_s)
{
	struct shunt_flow_line *a = flow_lines_map(from, 0, n_from);
	struct shunt_flow_line *b = a ? flow_lines_map(to, 0, n_to) : NULL;
	const int err = b ? 0 : -errno;

	if (b)
		flows_carry(a, n_from, b, n_to, now_s);
	if (a)
		flow_lines_unmap(a, n_from);
	if (b)
		flow_lines_unmap(b, n_to);
	return err;
}

static int carry_flows(struct dataplane *dp, uint64_t now_ms)
{
	const uint16_t now_s = transit_seconds(now_ms);
	const struct origin *o = &dp->origin;
	const size_t n_from = o->rodata.flow_mask + 1ULL;

	if (count_entries(o->fds[LOAD_FLOWS]) != n_from)
		return -EINVAL;
	dp->flows.may_hold = true;
	return carry_lines(o->fds[LOAD_FLOWS], dp->fds[LOAD_FLOWS], n_from, dp->sizes.flow_lines,
			   now_s)
		       ?: carry_lines(o->fds[LOAD_FRESH], dp->fds[LOAD_FRESH], SHUNT_FRESH_LINES,
				      SHUNT_FRESH_LINES, now_s);
}

void carry_begin(struct dataplane *dp, uint64_t now_ms)
{
	const struct origin *o = &dp->origin;
	int err;

	if (!o->there)
		return;
	if (!is_same_key(&o->rodata, &dp->rodata)) {
		log_warn("another hash key: flows get other slots, established ones may break");
		carry_close(dp);
		return;
	}
	if (o->rodata.slot_mask > dp->rodata.slot_mask)
		log_warn("fewer slots a table: flows whose slots are joined with others break");
	err = carry_slots(dp) ?: carry_flows(dp, now_ms);
	if (err)
		log_err(err, "carry slots and flows to the new maps");
}

void carry_end(struct dataplane *dp, uint64_t now_ms)
{
	int err = dp->origin.there ? carry_flows(dp, now_ms) : 0;

	if (err)
		log_err(err, "carry the last flows to the new maps");
	carry_close(dp);
}
