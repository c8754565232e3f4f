/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "dataplane/former_layout.h"
#include "dataplane/internal.h"
#include "tables/flows.h"
#include "tables/listing.h"

/* --- this version ------------------------------------------------------------ */

static int read_constants(struct former *f, int rodata_fd)
{
	struct shunt_rodata rodata;
	int err = load_rodata_read(rodata_fd, &rodata);

	if (err)
		return err;
	memcpy(f->hash_key, rodata.hash_key, sizeof(f->hash_key));
	f->flow_mask = rodata.flow_mask;
	return 0;
}

static void read_service(const struct former *f, const struct shunt_listing *listing,
			 struct former_service *out)
{
	const struct shunt_service service = listing_service(listing);

	(void)f;
	out->first = service.first;
	out->slots = (service.line_mask + 1ULL) * SHUNT_SLOTS_PER_LINE;
	out->base = service.base;
	out->tracked = plan_tracks(listing->flags);
}

static uint32_t word_at(const void *table, uint32_t slots, uint32_t slot)
{
	const __u16 *halves = table;

	return shunt_slot_word(__atomic_load_n(&halves[slot], __ATOMIC_RELAXED),
			       __atomic_load_n(&halves[slots + slot], __ATOMIC_RELAXED));
}

/* What was subtracted from them is not theirs. */
static int read_counters(const struct former *f, struct shunt_counter *out)
{
	const size_t bytes = f->n_backends * sizeof(*out);
	const struct shunt_counter *offsets =
		mmap(NULL, bytes, PROT_READ, MAP_SHARED, f->fds[LOAD_OFFSETS], 0);
	int err = offsets == MAP_FAILED ? -errno : 0;

	err = err ?: counters_read(f->fds[LOAD_COUNTERS], 0, f->n_backends, out);
	for (size_t id = 0; !err && id < f->n_backends; id++) {
		out[id].packets -= offsets[id].packets;
		out[id].bytes -= offsets[id].bytes;
	}
	if (offsets != MAP_FAILED)
		munmap((void *)offsets, bytes);
	return err;
}

static const struct former_layout former_now = {
	.version = SHUNT_ABI_VERSION,
	.value_bytes = { [LOAD_SERVICES] = sizeof(struct shunt_service_line),
			 [LOAD_SLOTS] = sizeof(struct shunt_slot_line),
			 [LOAD_BACKENDS] = sizeof(struct shunt_backend),
			 [LOAD_OFFSETS] = sizeof(struct shunt_counter),
			 [LOAD_FLOWS] = sizeof(struct shunt_flow_line),
			 [LOAD_FRESH] = sizeof(struct shunt_flow_line),
			 [LOAD_COUNTERS] = sizeof(struct shunt_counter_block),
			 [LOAD_REASONS] = sizeof(struct shunt_reasons),
			 [LOAD_CONNS] = sizeof(struct shunt_conn),
			 [LOAD_CONN_INDEX] = sizeof(struct shunt_flow_line),
			 [LOAD_CONN_BITS] = sizeof(struct shunt_bit_line),
			 [LOAD_CONN_SEQS] = sizeof(struct shunt_conn_seq),
			 [LOAD_SYN_METER] = sizeof(struct shunt_syn_meter) },
	.has_blocks = true,
	.read_constants = read_constants,
	.read_service = read_service,
	.word = word_at,
	.read_counters = read_counters,
};

/* --- opened ------------------------------------------------------------------ */

/* Values that the map has in fact, all of them of the size that its version says. */
size_t former_count_values(const struct former *f, enum load_map m)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(f->fds[m], &info, &len) ||
	    info.value_size != f->layout->value_bytes[m])
		return 0;
	return info.max_entries;
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static void add_service(struct former *f, const struct shunt_listing *listing, uint64_t slot_lines)
{
	struct former_service *s = &f->services[f->n_services];

	*s = (struct former_service){ .key = listing_key(listing) };
	f->layout->read_service(f, listing, s);
	if (is_power_of_two(s->slots) && s->slots >= FORMER_SLOTS_PER_LINE &&
	    s->slots <= UINT32_MAX && s->first + s->slots / FORMER_SLOTS_PER_LINE <= slot_lines)
		f->n_services++;
}

static int compare_places(const void *x, const void *y)
{
	const struct former_service *a = x, *b = y;

	return (a->base > b->base) - (a->base < b->base) ?: (a->first > b->first) -
								    (a->first < b->first)
	       ?: memcmp(&a->key, &b->key, sizeof(a->key));
}

/* Both layouts have 16 slots a line: words, or two halves of each in lines of 32. */
static int read_services(struct former *f)
{
	const size_t n = former_count_values(f, LOAD_SERVICES);
	const size_t bytes = n * sizeof(struct shunt_service_line);
	const struct shunt_service_line *lines =
		n ? mmap(NULL, bytes, PROT_READ, MAP_SHARED, f->fds[LOAD_SERVICES], 0) : MAP_FAILED;

	_Static_assert(SHUNT_SLOTS_PER_LINE == 2 * FORMER_SLOTS_PER_LINE, "two halves");
	if (lines == MAP_FAILED)
		return -EINVAL;
	f->services = calloc(n * SHUNT_LISTINGS_PER_LINE, sizeof(*f->services));
	for (size_t i = 0; f->services && i < n * SHUNT_LISTINGS_PER_LINE; i++) {
		const struct shunt_listing *at =
			&lines[i / SHUNT_LISTINGS_PER_LINE].listing[i % SHUNT_LISTINGS_PER_LINE];

		if (at->match)
			add_service(f, at, former_count_values(f, LOAD_SLOTS));
	}
	munmap((void *)lines, bytes);
	if (!f->services)
		return -ENOMEM;
	qsort(f->services, f->n_services, sizeof(*f->services), compare_places);
	return 0;
}

static int map_backends(struct former *f)
{
	size_t n = former_count_values(f, LOAD_BACKENDS);
	void *p;

	if (n > SHUNT_MAX_BACKENDS)
		n = SHUNT_MAX_BACKENDS;
	p = n ? mmap(NULL, n * sizeof(*f->backends), PROT_READ, MAP_SHARED, f->fds[LOAD_BACKENDS],
		     0)
	      : MAP_FAILED;
	if (p == MAP_FAILED)
		return -EINVAL;
	f->backends = p;
	f->n_backends = n;
	return 0;
}

/* With @f->fds open and the constants read: the rest. */
static int take_in(struct former *f)
{
	if (former_count_values(f, LOAD_FLOWS) != f->flow_mask + 1ULL ||
	    !is_power_of_two(f->flow_mask + 1ULL) ||
	    former_count_values(f, LOAD_FRESH) != SHUNT_FRESH_LINES)
		return -EINVAL;
	return read_services(f) ?: map_backends(f);
}

static struct former *former_create(const struct former_layout *layout)
{
	struct former *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->layout = layout;
	memset(f->fds, -1, sizeof(f->fds));
	return f;
}

static int open_version(const char *pin_dir, const struct former_layout *layout,
			struct former **out)
{
	_cleanup_(former_closep) struct former *f = former_create(layout);
	_cleanup_close_ int rodata_fd = pin_open_rodata(pin_dir, layout->version);
	int err = 0;

	if (!f)
		return -ENOMEM;
	for (int m = 0; m < LOAD_MAPS && !err; m++) {
		if (!layout->value_bytes[m])
			continue;
		f->fds[m] = pin_open_map(pin_dir, layout->version, load_map_names[m]);
		/* It may not have known the later ones. */
		err = m < LOAD_FIRST_LATER && f->fds[m] < 0 ? f->fds[m] : 0;
	}
	if (rodata_fd < 0)
		return rodata_fd;
	err = err ?: layout->read_constants(f, rodata_fd) ?: take_in(f);
	if (!err)
		*out = take_ptr(&f);
	return err;
}

int former_open(const char *pin_dir, struct former **out)
{
	const bool back = pin_is_newer(pin_dir, FORMER_VERSION, SHUNT_ABI_VERSION);
	int err = open_version(pin_dir, back ? &former_v2 : &former_now, out);

	if (err && err != -ENOMEM)
		err = open_version(pin_dir, back ? &former_now : &former_v2, out);
	return err && err != -ENOMEM ? -ENOENT : err;
}

int former_of(const struct dataplane *dp, struct former **out)
{
	_cleanup_(former_closep) struct former *f = former_create(&former_now);
	int err;

	if (!f)
		return -ENOMEM;
	for (int m = 0; m < LOAD_MAPS; m++) {
		if (!f->layout->value_bytes[m])
			continue;
		f->fds[m] = fcntl(dp->fds[m], F_DUPFD_CLOEXEC, 3);
		if (f->fds[m] < 0)
			return -errno;
	}
	memcpy(f->hash_key, dp->rodata.hash_key, sizeof(f->hash_key));
	f->flow_mask = dp->sizes.flow_lines - 1;
	err = take_in(f);
	if (!err)
		*out = take_ptr(&f);
	return err;
}

void former_close(struct former *f)
{
	if (!f)
		return;
	if (f->backends)
		munmap((void *)f->backends, f->n_backends * sizeof(*f->backends));
	for (int m = 0; m < LOAD_MAPS; m++)
		if (f->fds[m] >= 0)
			close(f->fds[m]);
	free(f->services);
	free(f->learning);
	free(f->index);
	free(f->ids);
	free(f);
}

int former_version(const struct former *f)
{
	return f->layout->version;
}

const __u64 *former_hash_key(const struct former *f)
{
	return f->hash_key;
}

void former_lose_flows(struct former *f)
{
	f->lost_flows = true;
}

/* --- flows and counters -------------------------------------------------------- */

/* @m: the flow cache, or the notes, which have no marks and always the same size. */
static int carry_lines(const struct former *f, struct dataplane *dp, enum load_map m,
		       uint16_t now_s)
{
	const bool are_pins = m == LOAD_FLOWS;
	const struct flows_ids ids = { f->ids, f->n_backends };
	struct flows_cache from = { .n = are_pins ? f->flow_mask + 1ULL : SHUNT_FRESH_LINES };
	struct flows_cache to = { .n = are_pins ? dp->sizes.flow_lines : SHUNT_FRESH_LINES };
	int err = 0;

	from.lines = flow_lines_map(f->fds[m], 0, from.n);
	to.lines = from.lines ? flow_lines_map(dp->fds[m], 0, to.n) : NULL;
	if (to.lines && are_pins)
		to.marks = flow_marks_map(dp->fds[LOAD_MARKS], 0, to.n);
	if (to.lines && (to.marks || !are_pins))
		flows_carry(&from, &to, &ids, now_s);
	else
		err = -errno;
	if (to.marks)
		flow_marks_unmap(to.marks, to.n);
	if (to.lines)
		flow_lines_unmap(to.lines, to.n);
	if (from.lines)
		flow_lines_unmap(from.lines, from.n);
	return err;
}

int former_carry_flows(const struct former *f, struct dataplane *dp, uint64_t now_ms)
{
	const uint16_t now_s = transit_seconds(now_ms);

	if (f->lost_flows)
		return 0;
	dp->flows.may_hold = true;
	return carry_lines(f, dp, LOAD_FLOWS, now_s) ?: carry_lines(f, dp, LOAD_FRESH, now_s);
}

int former_carry_counters(const struct former *f, struct dataplane *dp)
{
	_cleanup_free_ struct shunt_counter *counters = calloc(f->n_backends, sizeof(*counters));
	int err = counters ? f->layout->read_counters(f, counters) : -ENOMEM;

	for (size_t id = 1; !err && id < f->n_backends; id++)
		if (f->ids[id])
			counters_add(dp, f->ids[id], &counters[id]);
	return err ?: counters_add_reasons(dp, f->fds[LOAD_REASONS]);
}
