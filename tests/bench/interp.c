/* SPDX-License-Identifier: BSD-2-Clause */
#include <endian.h>
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "interp.h"

#define STACK_BYTES 512
/* The interface that a test run says a frame came in by. */
#define INGRESS 1
/* Far more than the verifier lets through on one path here. */
#define MOST 100000

/* The verifier's limit. */
#define DEPTH 8

/**
 * struct frame - of a function
 * @frozen: the register holds what only frozen values have made
 * @back: the call that it returns behind
 */
struct frame {
	__u64 reg[MAX_BPF_REG];
	bool frozen[MAX_BPF_REG];
	__u64 stack[STACK_BYTES / sizeof(__u64)];
	const struct bpf_insn *back;
};

/* An address of memory here, from a register. */
static void *at(__u64 address)
{
	return (void *)(uintptr_t)address;
}

static _Noreturn void unknown(const struct bpf_insn *insn)
{
	errx(EXIT_FAILURE, "instruction %#04x is not known here", insn->code);
}

static __u64 alu64(const struct bpf_insn *insn, __u64 a, __u64 b)
{
	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_MOD:
		return b ? a % b : a;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_MOV:
		return b;
	case BPF_NEG:
		return -a;
	case BPF_LSH:
		return a << (b & 63);
	case BPF_RSH:
		return a >> (b & 63);
	case BPF_ARSH:
		return (__s64)a >> (b & 63);
	default:
		unknown(insn);
	}
}

/* Where 32 bits differ from the lower half of 64. */
static __u32 alu32(const struct bpf_insn *insn, __u32 a, __u32 b)
{
	switch (BPF_OP(insn->code)) {
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	case BPF_ARSH:
		return (__s32)a >> (b & 31);
	default:
		return alu64(insn, a, b);
	}
}

static __u64 swap(const struct bpf_insn *insn, __u64 v)
{
	const bool big = BPF_SRC(insn->code) == BPF_TO_BE;

	switch (insn->imm) {
	case 16:
		return big ? htobe16(v) : htole16(v);
	case 32:
		return big ? htobe32(v) : htole32(v);
	default:
		return big ? htobe64(v) : htole64(v);
	}
}

/* Does the instruction ask nothing that is not frozen? */
static bool is_frozen(const struct bpf_insn *insn, const struct frame *f)
{
	return f->frozen[insn->dst_reg] &&
	       (BPF_SRC(insn->code) == BPF_K || f->frozen[insn->src_reg]);
}

static void alu(const struct bpf_insn *insn, struct frame *f)
{
	const bool reg = BPF_SRC(insn->code) == BPF_X;
	const __u64 b = reg ? f->reg[insn->src_reg] : (__u64)insn->imm;
	__u64 *dst = &f->reg[insn->dst_reg];

	if (BPF_OP(insn->code) == BPF_MOV)
		f->frozen[insn->dst_reg] = reg && f->frozen[insn->src_reg];
	else if (BPF_OP(insn->code) != BPF_END)
		f->frozen[insn->dst_reg] = is_frozen(insn, f);
	if (BPF_OP(insn->code) == BPF_END)
		*dst = swap(insn, *dst);
	else if (BPF_CLASS(insn->code) == BPF_ALU64)
		*dst = alu64(insn, *dst, b);
	else
		*dst = alu32(insn, *dst, b);
}

static bool jumps_signed(const struct bpf_insn *insn, __s64 a, __s64 b)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JSGT:
		return a > b;
	case BPF_JSGE:
		return a >= b;
	case BPF_JSLT:
		return a < b;
	case BPF_JSLE:
		return a <= b;
	default:
		unknown(insn);
	}
}

static bool jumps(const struct bpf_insn *insn, const __u64 *reg)
{
	const bool narrow = BPF_CLASS(insn->code) == BPF_JMP32;
	__u64 b = BPF_SRC(insn->code) == BPF_X ? reg[insn->src_reg] : (__u64)insn->imm;
	__u64 a = reg[insn->dst_reg];

	if (narrow) {
		a = (__u32)a;
		b = (__u32)b;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return a & b;
	default:
		return narrow ? jumps_signed(insn, (__s32)a, (__s32)b) : jumps_signed(insn, a, b);
	}
}

static size_t width(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

/* The kernel turns these loads of the context into others, of pointers. */
static __u64 load_context(const struct interp *in, const struct bpf_insn *insn)
{
	switch (insn->off) {
	case offsetof(struct xdp_md, data):
		return in->data;
	case offsetof(struct xdp_md, data_end):
		return in->data_end;
	case offsetof(struct xdp_md, ingress_ifindex):
		return INGRESS;
	default:
		unknown(insn);
	}
}

static void load(struct interp *in, const struct bpf_insn *insn, struct frame *f)
{
	const __u64 base = f->reg[insn->src_reg];
	__u64 value = 0;

	if (BPF_MODE(insn->code) != BPF_MEM)
		unknown(insn);
	if (base == (uintptr_t)in)
		value = load_context(in, insn);
	else
		memcpy(&value, at(base + insn->off), width(insn));
	f->reg[insn->dst_reg] = value;
	f->frozen[insn->dst_reg] = f->frozen[insn->src_reg];
	in->constants += f->frozen[insn->dst_reg];
}

static void store(const struct bpf_insn *insn, const __u64 *reg)
{
	const __u64 value =
		BPF_CLASS(insn->code) == BPF_STX ? reg[insn->src_reg] : (__u64)insn->imm;

	if (BPF_MODE(insn->code) != BPF_MEM)
		unknown(insn);
	memcpy(at(reg[insn->dst_reg] + insn->off), &value, width(insn));
}

/* Two instructions in one: a constant, or a reference to a map. */
static void load_wide(struct interp *in, const struct bpf_insn *insn, struct frame *f)
{
	const __u64 high = (__u32)insn[1].imm;
	__u64 *dst = &f->reg[insn->dst_reg];
	bool frozen = false;

	if (insn->src_reg == BPF_PSEUDO_MAP_VALUE)
		*dst = in->map_value(in->arg, insn->imm, high, &frozen);
	else
		*dst = high << 32 | (__u32)insn->imm;
	f->frozen[insn->dst_reg] = frozen;
	in->constants += frozen;
}

static const struct bpf_insn *jump(struct interp *in, const struct bpf_insn *insn, struct frame *f)
{
	const bool conditional = BPF_OP(insn->code) != BPF_JA;

	if (BPF_OP(insn->code) == BPF_CALL) {
		in->call(in, insn->imm, f->reg);
		f->frozen[0] = false;
		return insn;
	}
	if (conditional && is_frozen(insn, f)) {
		in->decided++;
		in->done[insn - in->insns]--;
	}
	return jumps(insn, f->reg) ? insn + insn->off : insn;
}

/* Return: the instruction done last; a wide one is two. */
static const struct bpf_insn *step(struct interp *in, const struct bpf_insn *insn, struct frame *f)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		alu(insn, f);
		return insn;
	case BPF_JMP:
	case BPF_JMP32:
		return jump(in, insn, f);
	case BPF_LDX:
		load(in, insn, f);
		return insn;
	case BPF_LD:
		load_wide(in, insn, f);
		return insn + 1;
	default:
		store(insn, f->reg);
		return insn;
	}
}

static void enter(struct frame *f, const struct frame *caller, const struct bpf_insn *back)
{
	memset(f->frozen, 0, sizeof(f->frozen));
	memcpy(&f->reg[1], &caller->reg[1], 5 * sizeof(f->reg[0]));
	f->reg[BPF_REG_10] = (uintptr_t)(f->stack + STACK_BYTES / sizeof(f->stack[0]));
	f->back = back;
}

static bool is_call_here(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

__u32 interp_run(struct interp *in)
{
	const struct frame start = { .reg[BPF_REG_1] = (uintptr_t)in };
	const struct bpf_insn *insn = in->insns;
	struct frame frames[DEPTH];
	struct frame *f = frames;

	enter(f, &start, NULL);
	for (size_t left = MOST; left; left--) {
		in->done[insn - in->insns]++;
		if (is_call_here(insn) && f < frames + DEPTH - 1) {
			enter(f + 1, f, insn);
			f++;
			insn += insn->imm + 1;
		} else if (insn->code != (BPF_JMP | BPF_EXIT)) {
			insn = step(in, insn, f) + 1;
		} else if (f > frames) {
			insn = f->back + 1;
			f[-1].reg[BPF_REG_0] = f->reg[BPF_REG_0];
			f[-1].frozen[BPF_REG_0] = false;
			f--;
		} else {
			return f->reg[BPF_REG_0];
		}
		if (insn < in->insns || insn >= in->insns + in->n)
			break;
	}
	errx(EXIT_FAILURE, "the program runs away");
}
