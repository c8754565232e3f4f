/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which source file each instruction of a program was made from: the line
 * information that clang leaves in .BTF.ext. Code that was inlined is of the file
 * that it was written in.
 */
#ifndef TESTS_BENCH_ORIGIN_H
#define TESTS_BENCH_ORIGIN_H

struct bpf_program;
struct origin;

/* @object: file. Ends the program if that has no line information. */
struct origin *origin_open(const char *object);
void origin_close(struct origin *o);

/**
 * origin_files() - names of files, without folders, one an instruction
 * @prog: loaded from that object
 *
 * Return: to be freed; the names live as long as @o.
 */
const char **origin_files(const struct origin *o, const struct bpf_program *prog);

#endif /* TESTS_BENCH_ORIGIN_H */
