/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The border between the program of health checks (bpf/probe.bpf.c) and user space.
 * Its maps live as long as the daemon: they are not pinned, and no part of the ABI
 * that outlives it.
 */
#ifndef SHUNT_PROBE_H
#define SHUNT_PROBE_H

#include "shunt/abi.h"

/**
 * struct shunt_probe - of a socket: its packets go to a backend as a client's do
 * @vip: what the backend is to see them come to
 * @addr: of the backend, which the socket is connected to; of the family of @vip
 * @port: SHUNT_FORWARD_GUE: of the outer UDP header
 * @forward: SHUNT_FORWARD_DIRECT, IPIP or GUE
 */
struct shunt_probe {
	struct shunt_addr vip;
	struct shunt_addr addr;
	__be16 port;
	__u8 forward;
	__u8 pad[5];
};

_Static_assert(sizeof(struct shunt_probe) == 40, "the border");

#endif /* SHUNT_PROBE_H */
