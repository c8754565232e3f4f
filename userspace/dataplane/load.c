/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/load.h"
#include "shunt/abi.h"
#include "tables/conns.h"
#include "tables/listing.h"
#include "capture.skel.h"
#include "shunt.skel.h"

/* Only written to when the verifier refuses; kernels before 6.4 keep the head. */
#define VERIFIER_LOG_BYTES (16 << 20)
#define VERIFIER_LOG_LINES 15

const char *const load_capture_map_names[LOAD_CAPTURE_MAPS] = {
	[LOAD_CAPTURE_FILTER] = "shunt_capture",
	[LOAD_CAPTURE_RING] = "shunt_captured",
};

/* Of all its forms: by this the map of the constants is called. */
#define OBJECT_NAME "shunt_bpf"
#define RODATA ".rodata"

/**
 * struct load
 * @constants: the map behind them; what they are to be lies at its begin
 */
struct load {
	struct bpf_object *obj;
	struct bpf_program *program;
	struct bpf_map *constants;
};

const char *const load_map_names[LOAD_MAPS] = {
	[LOAD_SERVICES] = "shunt_services",
	[LOAD_VIPS] = "shunt_vips",
	[LOAD_SLOTS] = "shunt_slots",
	[LOAD_BACKENDS] = "shunt_backends",
	[LOAD_EGRESS] = "shunt_egress",
	[LOAD_DEVICES] = "shunt_devices",
	[LOAD_OFFSETS] = "shunt_offsets",
	[LOAD_FLOWS] = "shunt_flows",
	[LOAD_MARKS] = "shunt_marks",
	[LOAD_FRESH] = "shunt_fresh",
	[LOAD_PIN_BUDGET] = "shunt_pin_budget",
	[LOAD_COUNTERS] = "shunt_counters",
	[LOAD_REASONS] = "shunt_reasons",
	[LOAD_POOL] = "shunt_pool",
	[LOAD_LOADS] = "shunt_loads",
	[LOAD_CONNS] = "shunt_conns",
	[LOAD_CONN_INDEX] = "shunt_conn_index",
	[LOAD_CONN_BITS] = "shunt_conn_bits",
	[LOAD_PORT_BITS] = "shunt_port_bits",
	[LOAD_FRAGMENTS] = "shunt_fragments",
	[LOAD_ICMP_BUDGET] = "shunt_icmp_budget",
	[LOAD_GUARD_LISTS] = "shunt_guard_lists",
	[LOAD_GUARD_HITS] = "shunt_guard_hits",
	[LOAD_GUARD_SIEVE] = "shunt_guard_sieve",
	[LOAD_LIMITS] = "shunt_limits",
	[LOAD_LIMITS_OF] = "shunt_limits_of",
	[LOAD_BUCKETS] = "shunt_buckets",
	[LOAD_CONN_SEQS] = "shunt_conn_seqs",
	[LOAD_SYN_METER] = "shunt_syn_meter",
};

/* @fmt without the line breaks that libraries put in and after their texts. */
static void log_folded(enum log_level level, const char *fmt, va_list ap)
{
	char text[768];
	size_t len;

	if (level > log_level_get())
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	len = strlen(text);
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	for (char *p = text; (p = strchr(p, '\n'));)
		*p = ' ';
	log_line(level, "%s", text);
}

/*
 * Both libraries warn about what they then work around, and about what we log
 * ourselves with a cause and a remedy: only a reader of debug output wants it.
 */
static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	/* What a driver says when it refuses a program is said nowhere else. */
	if (strstr(fmt, "Kernel error message"))
		log_folded(LOG_LEVEL_WARN, fmt, ap);
	else if (level != LIBBPF_DEBUG)
		log_folded(LOG_LEVEL_DEBUG, fmt, ap);
	return 0;
}

static int on_libxdp(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	if (level != LIBXDP_DEBUG)
		log_folded(LOG_LEVEL_DEBUG, fmt, ap);
	return 0;
}

static int on_libbpf_trial(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level != LIBBPF_DEBUG)
		log_folded(LOG_LEVEL_DEBUG, fmt, ap);
	return 0;
}

void load_route_logs(void)
{
	libbpf_set_print(on_libbpf);
	libxdp_set_print(on_libxdp);
}

void load_begin_trial(void)
{
	libbpf_set_print(on_libbpf_trial);
}

void load_end_trial(void)
{
	libbpf_set_print(on_libbpf);
}

static uint32_t bit_lines(uint64_t bits)
{
	return (bits + SHUNT_BITS_PER_LINE - 1) / SHUNT_BITS_PER_LINE;
}

/* @reuse: maps that are there already, or NULL. */
static int set_sizes(struct load *l, const struct dataplane_sizes *sizes, const int *reuse)
{
	const uint32_t ids =
		sizes->backends < SHUNT_MAX_BACKENDS ? sizes->backends + 1 : SHUNT_MAX_BACKENDS;
	/* Those that there are may be more than are asked for. */
	const uint32_t conns = bpf_map__max_entries(load_map(l, LOAD_CONNS));
	const uint32_t entries[LOAD_MAPS] = {
		[LOAD_SERVICES] = listing_lines(sizes->services),
		[LOAD_VIPS] = sizes->services,
		[LOAD_SLOTS] = sizes->slot_lines,
		[LOAD_BACKENDS] = ids,
		[LOAD_OFFSETS] = ids,
		[LOAD_FLOWS] = sizes->flow_lines,
		[LOAD_MARKS] =
			(sizes->flow_lines + SHUNT_MARKS_PER_VALUE - 1) / SHUNT_MARKS_PER_VALUE,
		[LOAD_COUNTERS] = (ids + SHUNT_COUNTERS_PER_BLOCK - 1) / SHUNT_COUNTERS_PER_BLOCK,
		[LOAD_LOADS] = ids,
		[LOAD_CONNS] = sizes->conns,
		[LOAD_CONN_SEQS] = conns > sizes->conns ? conns : sizes->conns,
		[LOAD_CONN_INDEX] = conns_index_lines(sizes->conns),
		[LOAD_CONN_BITS] = bit_lines(sizes->conns),
		[LOAD_PORT_BITS] = sizes->port_spaces * pool_space_lines(&sizes->pool),
		[LOAD_LIMITS] = 2 * sizes->limits,
		[LOAD_LIMITS_OF] = sizes->limits ? ids + 1 : 0,
		[LOAD_BUCKETS] = sizes->bucket_lines,
	};
	int err = 0;

	for (int m = 0; m < LOAD_MAPS && !err; m++)
		if (entries[m] && !(reuse && reuse[m] >= 0))
			err = bpf_map__set_max_entries(load_map(l, m), entries[m]);
	return err;
}

static int set_maps(struct load *l, const int *fds)
{
	int err = 0;

	for (int m = 0; m < LOAD_MAPS && !err; m++)
		if (fds[m] >= 0)
			err = bpf_map__reuse_fd(load_map(l, m), fds[m]);
	return err;
}

static void put_rodata(struct load *l, const struct shunt_rodata *rodata)
{
	size_t bytes;
	/* Const in this version of libbpf, and not in others; it is there to be written. */
	void *section = (void *)bpf_map__initial_value(l->constants, &bytes);

	memcpy(section, rodata, sizeof(*rodata));
}

/* The caller's constants, and those that follow from maps and their sizes. */
static void set_rodata(struct load *l, const struct shunt_rodata *rodata,
		       const struct dataplane_sizes *sizes)
{
	struct shunt_rodata all = *rodata;

	all.service_mask = bpf_map__max_entries(load_map(l, LOAD_SERVICES)) - 1;
	all.conn_mask = bpf_map__max_entries(load_map(l, LOAD_CONN_INDEX)) - 1;
	all.conns = bpf_map__max_entries(load_map(l, LOAD_CONNS));
	all.space_lines = pool_space_lines(&sizes->pool);
	all.pool_first_port = sizes->pool.first_port;
	all.pool_ports = sizes->pool.ports;
	memcpy(all.pool_addrs, sizes->pool.n, sizeof(all.pool_addrs));
	all.bucket_bits = 31 - __builtin_clz(bpf_map__max_entries(load_map(l, LOAD_BUCKETS)));
	put_rodata(l, &all);
}

/* Of the two objects, the one that has what @rodata asks for. */
static const void *find_elf(const struct shunt_rodata *rodata, size_t *bytes)
{
	return rodata->capture ? capture_bpf__elf_bytes(bytes) : shunt_bpf__elf_bytes(bytes);
}

static struct bpf_map *find_constants(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		const char *name = bpf_map__name(map);
		const size_t len = strlen(name), suffix = strlen(RODATA);

		if (len >= suffix && !strcmp(name + len - suffix, RODATA))
			return map;
	}
	return NULL;
}

static int open_object(const struct shunt_rodata *rodata, struct load **out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = OBJECT_NAME);
	_cleanup_(load_closep) struct load *l = calloc(1, sizeof(*l));
	const void *elf;
	size_t bytes;

	if (!l)
		return log_err(-ENOMEM, "open the XDP object");
	elf = find_elf(rodata, &bytes);
	l->obj = bpf_object__open_mem(elf, bytes, &opts);
	if (!l->obj)
		return log_err(-errno, "open the XDP object");
	l->program = bpf_object__find_program_by_name(l->obj, LOAD_PROGRAM);
	l->constants = find_constants(l->obj);
	if (!l->program || !l->constants)
		return log_err(-ENOENT, "open the XDP object");
	*out = take_ptr(&l);
	return 0;
}

int load_open(const struct dataplane_sizes *sizes, const struct shunt_rodata *rodata,
	      const int *reuse, struct load **out)
{
	_cleanup_(load_closep) struct load *l = NULL;
	int err = open_object(rodata, &l);

	if (err)
		return err;
	err = (reuse ? set_maps(l, reuse) : 0) ?: set_sizes(l, sizes, reuse);
	if (err)
		return log_err(err, "prepare the maps");
	set_rodata(l, rodata, sizes);
	*out = take_ptr(&l);
	return 0;
}

int load_open_like(const uint32_t *entries, const struct shunt_rodata *rodata, const int *shared,
		   struct load **out)
{
	_cleanup_(load_closep) struct load *l = NULL;
	int err = open_object(rodata, &l);

	if (err)
		return err;
	err = set_maps(l, shared);
	for (int m = 0; m < LOAD_MAPS && !err; m++)
		if (shared[m] < 0)
			err = bpf_map__set_max_entries(load_map(l, m), entries[m]);
	if (err)
		return log_err(err, "prepare the maps");
	put_rodata(l, rodata);
	*out = take_ptr(&l);
	return 0;
}

int load_use_capture(struct load *l, const int fds[LOAD_CAPTURE_MAPS])
{
	int err = 0;

	for (int m = 0; m < LOAD_CAPTURE_MAPS && !err; m++) {
		struct bpf_map *map =
			bpf_object__find_map_by_name(l->obj, load_capture_map_names[m]);

		if (map)
			err = bpf_map__reuse_fd(map, fds[m]);
	}
	return err ? log_err(err, "prepare the maps") : 0;
}

void load_close(struct load *l)
{
	if (!l)
		return;
	bpf_object__close(l->obj);
	free(l);
}

/* The last lines of the verifier's log: where it says what it does not like. */
static void log_verifier(const char *text)
{
	const char *tail = text + strlen(text);
	int lines = 0;

	while (tail > text && (tail[-1] != '\n' || ++lines <= VERIFIER_LOG_LINES))
		tail--;
	while (*tail) {
		int len = strcspn(tail, "\n");

		if (len)
			log_error("verifier: %.*s", len, tail);
		tail += len + (tail[len] == '\n');
	}
}

static int log_load_failure(int err, const char *verifier_log)
{
	if (*verifier_log)
		log_verifier(verifier_log);
	if (err == -EPERM)
		return log_err(err, "load the XDP program: CAP_BPF, CAP_NET_ADMIN and "
				    "CAP_PERFMON are needed");
	if (err == -ENOMEM || err == -E2BIG)
		return log_err(err, "load the XDP program: too large for this host; lower slots, "
				    "max_backends or the flow cache in the config");
	return log_err(err, "load the XDP program");
}

int load_now(struct load *l)
{
	_cleanup_free_ char *text = malloc(VERIFIER_LOG_BYTES);
	int err;

	if (!text)
		return log_err(-ENOMEM, "load the XDP program");
	*text = '\0';
	bpf_program__set_log_buf(l->program, text, VERIFIER_LOG_BYTES);
	err = bpf_object__load(l->obj);
	bpf_program__set_log_buf(l->program, NULL, 0);
	return err ? log_load_failure(err, text) : 0;
}

struct bpf_object *load_object(struct load *l)
{
	return l->obj;
}

struct bpf_map *load_map(struct load *l, enum load_map m)
{
	return bpf_object__find_map_by_name(l->obj, load_map_names[m]);
}

int load_program_fd(const struct load *l)
{
	return bpf_program__fd(l->program);
}

int load_rodata_fd(const struct load *l)
{
	return bpf_map__fd(l->constants);
}

/*
 * The first releases of this ABI had no more than @pins_per_s of the numbers, and their
 * flags behind it. Nobody reads the flags of another program.
 */
static size_t rodata_known(size_t value_bytes)
{
	const size_t first = offsetof(struct shunt_rodata, conn_mask);

	if (value_bytes >= sizeof(struct shunt_rodata))
		return sizeof(struct shunt_rodata);
	return value_bytes >= first ? first : 0;
}

int load_rodata_read(int fd, struct shunt_rodata *out)
{
	_cleanup_free_ void *section = NULL;
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info), zero = 0;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	if (!rodata_known(info.value_size))
		return -EINVAL;
	section = malloc(info.value_size);
	if (!section)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, section))
		return -errno;
	*out = (struct shunt_rodata){ 0 };
	memcpy(out, section, rodata_known(info.value_size));
	return 0;
}
