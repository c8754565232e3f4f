/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of rig_check() that keeps what the program and the world remember of
 * datagrams in fragments the same. */
#ifndef TESTS_BPF_RIG_FRAGMENT_H
#define TESTS_BPF_RIG_FRAGMENT_H

#include "rig.h"

/*
 * Before @in is run: what is remembered of its datagram becomes as old as the world says,
 * however long the test has taken.
 */
void rig_fragment_remind(struct rig *rig, const struct frame *in);

/*
 * After it was judged: what the program remembers of a first fragment is what the
 * reference says, and so will the world. Return: false, and why on stderr, if it is not.
 */
bool rig_fragment_check(struct rig *rig);

#endif /* TESTS_BPF_RIG_FRAGMENT_H */
