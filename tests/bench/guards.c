/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <err.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "guards.h"
#include "shunt/hash.h"
#include "tables/guard_sieve.h"

#define BITS4 28
#define BITS6 48

static struct firewall_prefix prefix(__u32 i, bool v6)
{
	const __u64 r = shunt_hash_word(7, 2 * i + v6);
	struct firewall_prefix p = {
		.bits = v6 ? BITS6 : BITS4,
		.verdict = SHUNT_GUARD_DENY | SHUNT_GUARD_MONITOR | 1,
	};

	if (v6) {
		p.addr.w[0] = htonl(0x20010000 | r >> 48);
		p.addr.w[1] = htonl(r >> 16 & 0xffff0000);
	} else {
		p.addr.w[2] = htonl(0xffff);
		p.addr.w[3] = htonl(r >> (64 - BITS4) << (32 - BITS4));
	}
	return p;
}

static void publish(int lists_fd, const struct shunt_guard_line *lines, size_t n)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "lists", sizeof(__u32),
						sizeof(*lines), n, &opts);
	const size_t bytes = n * sizeof(*lines);
	const __u32 zero = 0;
	void *at =
		fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		err(EXIT_FAILURE, "map prefixes");
	memcpy(at, lines, bytes);
	munmap(at, bytes);
	if (bpf_map_update_elem(lists_fd, &zero, &fd, BPF_ANY))
		err(EXIT_FAILURE, "publish prefixes");
}

static void sift(int sieve_fd, const struct guard_set *set)
{
	struct shunt_guard_sieve *sieve =
		mmap(NULL, sizeof(*sieve), PROT_READ | PROT_WRITE, MAP_SHARED, sieve_fd, 0);
	struct guard_sieved made;

	if (sieve == MAP_FAILED)
		err(EXIT_FAILURE, "map the sieve of prefixes");
	made = guard_sieve_make(set, sieve);
	guard_sieve_switch(sieve, &made);
	munmap(sieve, sizeof(*sieve));
}

static int find(const struct bpf_object *obj, const char *name)
{
	const int fd = bpf_object__find_map_fd_by_name(obj, name);

	if (fd < 0)
		errx(EXIT_FAILURE, "no map %s in %s", name, bpf_object__name(obj));
	return fd;
}

void guards_put(const struct bpf_object *obj, __u32 n)
{
	_cleanup_free_ struct firewall_prefix *p = calloc(2 * (size_t)n, sizeof(*p));
	const struct firewall_list list = { .prefixes = p, .n = 2 * (size_t)n };
	const struct guard_set set = { .lists = &list, .n_lists = 1 };
	_cleanup_free_ struct shunt_guard_line *lines = NULL;
	size_t n_lines;

	for (__u32 i = 0; p && i < 2 * n; i++)
		p[i] = prefix(i / 2, i % 2);
	if (!p || guard_build(&set, &lines, &n_lines))
		errx(EXIT_FAILURE, "no memory for prefixes");
	publish(find(obj, "shunt_guard_lists"), lines, n_lines);
	sift(find(obj, "shunt_guard_sieve"), &set);
}
