/* SPDX-License-Identifier: BSD-2-Clause */
/* The host answers echo requests: it is there, whatever its services do. */
#include "health/check.h"

static bool step(struct probe *p, struct check_result *r)
{
	(void)p;
	return check_end(r, HEALTH_OK_CODE, "echo reply");
}

static void overdue(const struct probe *p, struct check_result *r)
{
	check_end(r, HEALTH_L3TOUT_CODE, "no echo reply within %u ms", p->request.timeout_ms);
}

const struct check_ops check_icmp = {
	.transport = CHECK_OVER_ECHO,
	.step = step,
	.overdue = overdue,
};
