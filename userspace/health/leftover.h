/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that were killed and do not end, as inside a system call that hangs: who asks
 * for a command of the same backend meanwhile is to get none. So there is one of them a
 * backend at most, and it is waited for when it ends.
 */
#ifndef HEALTH_LEFTOVER_H
#define HEALTH_LEFTOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "health/prober_proto.h"

struct leftover {
	pid_t pid;
	char service[PROBER_NAME];
	char backend[PROBER_NAME];
};

/* Zeroed, it is empty and valid. */
struct leftovers {
	struct leftover *list;
	size_t n;
};

/* @pid, a child that was killed, ran for the backend in @exec. Without memory it is let go. */
void leftovers_add(struct leftovers *l, pid_t pid, const struct prober_exec *exec);

/* Forget those that have ended. Return: whether one of the backend in @exec has not. */
bool leftovers_have(struct leftovers *l, const struct prober_exec *exec);

void leftovers_free(struct leftovers *l);

#endif /* HEALTH_LEFTOVER_H */
