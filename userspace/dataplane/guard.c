/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prefixes of the firewall, published; and what its rules have hit.
 *
 * Each time all of them are another array, as large as they need, which takes the place of the
 * former one in one store. The kernel frees that when no packet that looks at it is under way
 * any more, and the call that replaces it returns then. The sieve is switched before: so that
 * return also means that nobody looks at the former one, which is written to next time.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "tables/guard_sieve.h"

static int fill(int fd, const struct shunt_guard_line *lines, size_t n)
{
	const size_t bytes = n * sizeof(*lines);
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	memcpy(p, lines, bytes);
	munmap(p, bytes);
	return 0;
}

/* Return: a descriptor, or a negative errno. */
static int make_array(const struct shunt_guard_line *lines, size_t n)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "shunt_guard", sizeof(__u32),
						sizeof(*lines), n, &opts);
	int err = fd < 0 ? -errno : fill(fd, lines, n);

	return err ?: take_fd(&fd);
}

static int publish_array(const struct dataplane *dp, int fd)
{
	const __u32 zero = 0;

	return bpf_map_update_elem(dp->fds[LOAD_GUARD_LISTS], &zero, &fd, BPF_ANY) ? -errno : 0;
}

/* What the sieve lets pass is for it alone to decide: if the lists stay, so does the sieve. */
static int publish(const struct dataplane *dp, const struct guard_set *set, int fd)
{
	struct shunt_guard_sieve *sieve = mmap(NULL, sizeof(*sieve), PROT_READ | PROT_WRITE,
					       MAP_SHARED, dp->fds[LOAD_GUARD_SIEVE], 0);
	struct guard_sieved made, former;
	int err;

	if (sieve == MAP_FAILED)
		return -errno;
	made = guard_sieve_make(set, sieve);
	former = guard_sieve_switch(sieve, &made);
	err = publish_array(dp, fd);
	if (err) {
		guard_sieve_switch(sieve, &former);
		/* The next try writes where packets that saw the other one may be looking. */
		if (dp->conns.maps.grace)
			dp->conns.maps.grace();
	}
	munmap(sieve, sizeof(*sieve));
	return err;
}

static int make_and_publish(const struct dataplane *dp, const struct guard_set *set,
			    const struct shunt_guard_line *lines, size_t n)
{
	_cleanup_close_ int fd = make_array(lines, n);

	return fd < 0 ? fd : publish(dp, set, fd);
}

int dataplane_put_guard(struct dataplane *dp, const struct guard_set *set)
{
	_cleanup_free_ struct shunt_guard_line *lines = NULL;
	size_t n;
	int err = guard_build(set, &lines, &n);

	if (err)
		return log_err(err, "lay out the prefixes of the firewall");
	err = make_and_publish(dp, set, lines, n);
	if (err)
		return log_err(err, "publish the prefixes of the firewall");
	dp->guard_bytes = n * sizeof(*lines);
	return 0;
}

int dataplane_read_hits(const struct dataplane *dp, uint32_t rule, uint64_t *out)
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ uint64_t *by_cpu = NULL;
	uint64_t sum = 0;

	if (cpus < 0)
		return cpus;
	by_cpu = calloc(cpus, sizeof(*by_cpu));
	if (!by_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(dp->fds[LOAD_GUARD_HITS], &rule, by_cpu))
		return -errno;
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += by_cpu[cpu];
	*out = sum;
	return 0;
}

/* @hits as if one CPU had counted them all. */
static int put_hits(const struct dataplane *dp, uint32_t rule, uint64_t hits)
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ uint64_t *by_cpu = NULL;

	if (cpus < 0)
		return cpus;
	by_cpu = calloc(cpus, sizeof(*by_cpu));
	if (!by_cpu)
		return -ENOMEM;
	by_cpu[0] = hits;
	return bpf_map_update_elem(dp->fds[LOAD_GUARD_HITS], &rule, by_cpu, BPF_ANY) ? -errno : 0;
}

int dataplane_clear_hits(struct dataplane *dp, uint32_t rule)
{
	return put_hits(dp, rule, 0);
}

/* What @to counts between the read and the write is lost: a few packets at most. */
void dataplane_carry_hits(const struct dataplane *from, struct dataplane *to)
{
	int err = 0;

	for (uint32_t rule = 1; rule < SHUNT_GUARD_RULES && !err; rule++) {
		uint64_t before, now;

		err = dataplane_read_hits(from, rule, &before);
		if (err || !before)
			continue;
		err = dataplane_read_hits(to, rule, &now) ?: put_hits(to, rule, before + now);
	}
	if (err)
		log_err(err, "carry what rules of the firewall have hit");
}
