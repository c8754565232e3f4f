/* SPDX-License-Identifier: BSD-2-Clause */
/* What asks again and again bears with a daemon that is being started again. */
#ifndef CTL_PATIENCE_H
#define CTL_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/command.h"

/* A restart with a large config, and some more. */
#define PATIENCE_MS 30000

/**
 * struct patience - with the daemon
 * @most_ms: how long it may be away
 * @away_since_ms: it does not answer since then; 0: it does
 */
struct patience {
	uint64_t most_ms;
	uint64_t away_since_ms;
};

/*
 * Whether to ask again, after a question that ended with @err, 0 among them. That nobody
 * answers is said when it begins, with @why of client_ask(); an end is the caller's to say.
 */
bool patience_lasts(struct patience *p, struct cli *cli, enum ctl_exit err, const char *why);

#endif /* CTL_PATIENCE_H */
