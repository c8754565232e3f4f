/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/array.h"
#include "health/leftover.h"

void leftovers_add(struct leftovers *l, pid_t pid, const struct prober_exec *exec)
{
	struct leftover *left = array_add(&l->list, &l->n);

	if (!left)
		return;
	left->pid = pid;
	memcpy(left->service, exec->service, sizeof(left->service));
	memcpy(left->backend, exec->backend, sizeof(left->backend));
}

static bool is_of(const struct leftover *left, const struct prober_exec *exec)
{
	return !strcmp(left->service, exec->service) && !strcmp(left->backend, exec->backend);
}

bool leftovers_have(struct leftovers *l, const struct prober_exec *exec)
{
	bool found = false;
	size_t kept = 0;

	array_for_each (left, l->list, l->n) {
		if (waitpid(left->pid, NULL, WNOHANG))
			continue;
		found |= is_of(left, exec);
		l->list[kept++] = *left;
	}
	l->n = kept;
	return found;
}

void leftovers_free(struct leftovers *l)
{
	free(l->list);
	*l = (struct leftovers){ 0 };
}
