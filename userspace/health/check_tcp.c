/* SPDX-License-Identifier: BSD-2-Clause */
/* The backend takes connections: nothing is said, connect() is all. */
#include "health/check.h"

static bool step(struct probe *p, struct check_result *r)
{
	(void)p;
	return check_end(r, HEALTH_OK_CODE, "connected");
}

const struct check_ops check_tcp = {
	.transport = CHECK_OVER_TCP,
	.step = step,
	.timeout = HEALTH_L4TOUT_CODE,
};
