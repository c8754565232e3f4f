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

static void alu(const struct bpf_insn *insn, __u64 *reg)
{
	const __u64 b = BPF_SRC(insn->code) == BPF_X ? reg[insn->src_reg] : (__u64)insn->imm;
	__u64 *dst = &reg[insn->dst_reg];

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

static void load(const struct interp *in, const struct bpf_insn *insn, __u64 *reg)
{
	const __u64 base = reg[insn->src_reg];
	__u64 value = 0;

	if (BPF_MODE(insn->code) != BPF_MEM)
		unknown(insn);
	if (base == (uintptr_t)in)
		value = load_context(in, insn);
	else
		memcpy(&value, at(base + insn->off), width(insn));
	reg[insn->dst_reg] = value;
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
static void load_wide(const struct interp *in, const struct bpf_insn *insn, __u64 *reg)
{
	const __u64 high = (__u32)insn[1].imm;

	if (insn->src_reg == BPF_PSEUDO_MAP_VALUE)
		reg[insn->dst_reg] = in->map_value(in->arg, insn->imm, high);
	else
		reg[insn->dst_reg] = high << 32 | (__u32)insn->imm;
}

static const struct bpf_insn *jump(struct interp *in, const struct bpf_insn *insn, __u64 *reg)
{
	if (BPF_OP(insn->code) != BPF_CALL)
		return jumps(insn, reg) ? insn + insn->off : insn;
	if (insn->src_reg)
		unknown(insn);
	in->call(in, insn->imm, reg);
	return insn;
}

/* Return: the instruction done last; a wide one is two. */
static const struct bpf_insn *step(struct interp *in, const struct bpf_insn *insn, __u64 *reg)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		alu(insn, reg);
		return insn;
	case BPF_JMP:
	case BPF_JMP32:
		return jump(in, insn, reg);
	case BPF_LDX:
		load(in, insn, reg);
		return insn;
	case BPF_LD:
		load_wide(in, insn, reg);
		return insn + 1;
	default:
		store(insn, reg);
		return insn;
	}
}

size_t interp_run(struct interp *in, __u32 *action)
{
	const struct bpf_insn *insn = in->insns;
	__u64 stack[STACK_BYTES / sizeof(__u64)];
	__u64 reg[MAX_BPF_REG] = {
		[BPF_REG_1] = (uintptr_t)in,
		[BPF_REG_10] = (uintptr_t)(stack + sizeof(stack) / sizeof(stack[0])),
	};
	size_t done = 1;

	for (; insn->code != (BPF_JMP | BPF_EXIT); done++) {
		insn = step(in, insn, reg) + 1;
		if (insn < in->insns || insn >= in->insns + in->n || done > MOST)
			errx(EXIT_FAILURE, "the program runs away");
	}
	*action = reg[BPF_REG_0];
	return done;
}
