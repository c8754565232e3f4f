/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/refs.skel.h"
#include "refs.h"
#include "refs_load.h"
#include "traffic.h"

#define REALS_PER_SERVICE (REFS_REALS / REFS_SERVICES)

struct refs {
	struct refs_bpf *skel;
	int fds[REFS][REFS_COPIES];
};

static void put(const struct bpf_map *map, const void *key, const void *value)
{
	if (bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY))
		err(EXIT_FAILURE, "write %s", bpf_map__name(map));
}

static void put_service(const struct refs_bpf *skel, __u8 proto, __u32 index)
{
	const struct shunt_service_key key = traffic_service(false, proto, index);
	const struct refs_service service = { key.vip.w[3], key.port, proto };

	put(skel->maps.refs_services, &service, &index);
}

static void fill_rings(const struct refs_bpf *skel)
{
	const size_t words = REFS_SERVICES * REFS_RING;
	__u64 *ring = mmap(NULL, words * sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED,
			   bpf_map__fd(skel->maps.refs_rings), 0);

	if (ring == MAP_FAILED)
		err(EXIT_FAILURE, "map the rings");
	for (size_t i = 0; i < words; i++)
		ring[i] = i / REFS_RING * REALS_PER_SERVICE + i % REALS_PER_SERVICE;
	munmap(ring, words * sizeof(*ring));
}

static void load_copies(struct refs *r, enum ref ref)
{
	const struct bpf_program *prog = refs_program(r, ref);
	/* As libbpf loads it, or the wrapper does not call both. */
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = bpf_program__expected_attach_type(prog));

	for (int i = 0; i < REFS_COPIES; i++) {
		r->fds[ref][i] =
			bpf_prog_load(BPF_PROG_TYPE_XDP, bpf_program__name(prog), "Dual BSD/GPL",
				      bpf_program__insns(prog), bpf_program__insn_cnt(prog), &opts);
		if (r->fds[ref][i] < 0)
			err(EXIT_FAILURE, "load a copy of %s", bpf_program__name(prog));
	}
}

struct refs *refs_open(void)
{
	struct refs *r = calloc(1, sizeof(*r));

	if (!r)
		err(EXIT_FAILURE, "references");
	r->skel = refs_bpf__open_and_load();
	if (!r->skel)
		err(EXIT_FAILURE, "load the reference programs");
	for (__u32 i = 0; i < REFS_SERVICES; i++) {
		put_service(r->skel, IPPROTO_TCP, i);
		put_service(r->skel, IPPROTO_UDP, i);
	}
	for (__u32 i = 0; i < REFS_REALS; i++)
		put(r->skel->maps.refs_reals, &i, &(__be32){ htonl(0x0a000100 + i) });
	fill_rings(r->skel);
	for (enum ref ref = 0; ref < REFS; ref++)
		load_copies(r, ref);
	return r;
}

void refs_close(struct refs *r)
{
	for (enum ref ref = 0; ref < REFS; ref++)
		for (int i = 0; i < REFS_COPIES; i++)
			close(r->fds[ref][i]);
	refs_bpf__destroy(r->skel);
	free(r);
}

const struct bpf_program *refs_program(const struct refs *r, enum ref ref)
{
	const struct bpf_program *const progs[REFS] = {
		[REF_DROP] = r->skel->progs.ref_drop,
		[REF_SWAP] = r->skel->progs.ref_swap,
		[REF_FLOOR_4IN4] = r->skel->progs.ref_floor_4in4,
		[REF_FLOOR_6IN6] = r->skel->progs.ref_floor_6in6,
		[REF_FLOOR_4IN6] = r->skel->progs.ref_floor_4in6,
		[REF_FLOOR_6IN4] = r->skel->progs.ref_floor_6in4,
		[REF_EXACT_4IN4] = r->skel->progs.ref_exact_4in4,
		[REF_CLASSIC] = r->skel->progs.ref_classic,
	};

	return progs[ref];
}

int refs_fd(const struct refs *r, enum ref ref, int copy)
{
	return r->fds[ref][copy];
}
