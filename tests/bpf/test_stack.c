/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oldest kernel that is supported, 6.1, rounds the stack of each function up to 32
 * bytes, and functions that call each other may have 512 and be 8 deep. Newer kernels
 * ask for less, so that their verifier does not say it: it is counted here.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "decap.h"
#include "rig.h"

#define STACK_MOST 512
#define FRAMES_MOST 8

/**
 * struct code - a program and the functions behind it
 * @begins: by instruction: a function begins there
 */
struct code {
	const struct bpf_insn *insns;
	size_t n;
	bool *begins;
};

static bool is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

static size_t callee(const struct code *code, size_t at)
{
	return at + 1 + code->insns[at].imm;
}

/* How far below the frame pointer @insn reaches; 0 if not at all. */
static int reach(const struct bpf_insn *insn)
{
	const __u8 class = BPF_CLASS(insn->code);

	if ((class == BPF_ST || class == BPF_STX) && insn->dst_reg == BPF_REG_10)
		return -insn->off;
	if (class == BPF_LDX && insn->src_reg == BPF_REG_10)
		return -insn->off;
	return 0;
}

/* An address on the stack: r = r10, and at once r += imm. */
static int address(const struct bpf_insn *insn)
{
	if (insn[0].code != (BPF_ALU64 | BPF_MOV | BPF_X) || insn[0].src_reg != BPF_REG_10)
		return 0;
	if (insn[1].code != (BPF_ALU64 | BPF_ADD | BPF_K) || insn[1].dst_reg != insn[0].dst_reg)
		return 0;
	return -insn[1].imm;
}

static size_t end_of(const struct code *code, size_t at)
{
	do {
		at++;
	} while (at < code->n && !code->begins[at]);
	return at;
}

static int own_stack(const struct code *code, size_t from, size_t to)
{
	int most = 1;

	for (size_t i = from; i < to; i++) {
		const int by_access = reach(&code->insns[i]);
		const int by_address = i + 1 < to ? address(&code->insns[i]) : 0;

		most = by_access > most ? by_access : most;
		most = by_address > most ? by_address : most;
	}
	return (most + 31) / 32 * 32;
}

/* Bytes that the function at @from needs, and all that it calls. */
static int needed(const struct code *code, size_t from, int depth)
{
	const size_t to = end_of(code, from);
	int below = 0;

	cr_assert_leq(depth, FRAMES_MOST, "functions call each other %d deep", depth);
	for (size_t i = from; i < to; i++) {
		if (is_call(&code->insns[i])) {
			const int n = needed(code, callee(code, i), depth + 1);

			below = n > below ? n : below;
		}
	}
	return own_stack(code, from, to) + below;
}

static void expect_fits(const struct bpf_program *prog)
{
	struct code code = { .insns = bpf_program__insns(prog), .n = bpf_program__insn_cnt(prog) };
	_cleanup_free_ bool *begins = calloc(code.n, sizeof(*begins));
	int bytes;

	cr_assert(begins);
	code.begins = begins;
	for (size_t i = 0; i < code.n; i++) {
		if (!is_call(&code.insns[i]))
			continue;
		cr_assert_lt(callee(&code, i), code.n);
		begins[callee(&code, i)] = true;
	}
	bytes = needed(&code, 0, 1);
	fprintf(stderr, "stack: %s: %d bytes of %d\n", bpf_program__name(prog), bytes, STACK_MOST);
	cr_assert_leq(bytes, STACK_MOST, "%d bytes of stack", bytes);
}

Test(stack, fits_the_oldest_kernel)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	_cleanup_decap_ struct decap_bpf *skel = decap_open();

	expect_fits(dp_program(rig->dp));
	expect_fits(decap_program(skel));
}
