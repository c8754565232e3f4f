/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon shares with other balancers. */
#ifndef APP_PEERS_H
#define APP_PEERS_H

#include "app/daemon.h"
#include "share/share.h"

/* As the config says, from now on; what goes wrong is logged, and tried again. */
void daemon_use_peers(struct daemon *d);

/* The maps, or the plan that they hold, are others. */
void daemon_follow_peers(struct daemon *d);

/* At the start: what they have is asked for, and the network waits for it. */
void daemon_ask_peers(struct daemon *d);
/* Perhaps it need not wait any longer. */
void daemon_await_peers(struct daemon *d);

void daemon_view_peers(const struct daemon *d, struct snapshot_peers *out);

#endif /* APP_PEERS_H */
