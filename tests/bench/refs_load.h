/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference programs, loaded, and the maps of the classic design, filled. */
#ifndef TESTS_BENCH_REFS_LOAD_H
#define TESTS_BENCH_REFS_LOAD_H

enum ref {
	REF_DROP,
	REF_SWAP,
	REF_FLOOR_4IN4,
	REF_FLOOR_6IN6,
	REF_FLOOR_4IN6,
	REF_FLOOR_6IN4,
	REF_EXACT_4IN4,
	REF_CLASSIC,
	REFS,
};

/*
 * Where the kernel puts a program, a multiple of four bytes by chance, makes it up to
 * a fifth slower or faster. Each is therefore there several times, and all are run.
 */
#define REFS_COPIES 10

struct refs;
struct bpf_program;

/* Ends the program where it fails. */
struct refs *refs_open(void);
void refs_close(struct refs *r);

const struct bpf_program *refs_program(const struct refs *r, enum ref ref);
int refs_fd(const struct refs *r, enum ref ref, int copy);

#endif /* TESTS_BENCH_REFS_LOAD_H */
