/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of the CLI without its process: what cli_main() wraps. */
#ifndef CTL_CLI_H
#define CTL_CLI_H

#include "ctl/command.h"

/**
 * cli_run() - from arguments to text
 * @cli: socket, colour and where output goes; options are read into it
 * @argv: @argc of them, without the program's name
 *
 * Return: the exit code.
 */
enum ctl_exit cli_run(struct cli *cli, int argc, char **argv);

/*
 * Print what was said so far, and forget it: for commands that go on. Return: 0, or a
 * negative errno if nobody reads any more.
 */
int cli_flush(struct cli *cli);

/* Say what failed, in the shape that was asked for. Return: @code. */
enum ctl_exit cli_fail(struct cli *cli, enum ctl_exit code, const struct buf *error);

/*
 * What --count says, or @otherwise without it: 0 is no number of times. CTL_USAGE, and
 * said, if it is none.
 */
enum ctl_exit cli_read_count(struct cli *cli, uint64_t otherwise, uint64_t *count);

/*
 * The hidden `shunt __complete WORD...`: what the last of @words, which may be
 * empty, can become, one a line; "@file" for names of files. Says nothing when
 * it does not know.
 */
void complete_words(struct cli *cli, char **words, size_t n);

#endif /* CTL_CLI_H */
