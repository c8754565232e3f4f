/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/patience.h"

#include "base/clock.h"
#include "ctl/cli.h"

bool patience_lasts(struct patience *p, struct cli *cli, enum ctl_exit err, const char *why)
{
	const uint64_t now_ms = clock_now_ms();
	uint64_t most_ms = p->most_ms;

	if (!err) {
		p->away_since_ms = 0;
		return true;
	}
	/* The place of its socket may be everybody's a moment later only. */
	if (err == CTL_DENIED && most_ms > PATIENCE_MS)
		most_ms = PATIENCE_MS;
	if ((err != CTL_UNREACHABLE && err != CTL_DENIED) || !most_ms)
		return false;
	if (!p->away_since_ms) {
		p->away_since_ms = now_ms;
		buf_printf(cli->err, "shunt: %s (waiting for it)\n", why);
	}
	return now_ms - p->away_since_ms < most_ms;
}
