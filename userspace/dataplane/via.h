/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets for health checks that take a client's way (`via: vip`): what is sent by one
 * reaches the backend as packets to the VIP, in the outer headers that the service puts
 * around a client's. bpf/probe.bpf.c does it, on the interface that the route to the
 * backend leads by: it is attached there when the first socket needs it.
 *
 * Its filters are known by a handle that is made of the pin directory: two daemons in
 * one network namespace do not meet, and one that is started after a crash finds them.
 */
#ifndef DATAPLANE_VIA_H
#define DATAPLANE_VIA_H

#include "shunt/probe.h"

struct via;

/**
 * via_open() - load the programs
 * @pin_dir: of the data plane
 *
 * Return: 0 or a negative errno, logged.
 */
int via_open(const char *pin_dir, struct via **out);

/* Take the programs off. Sockets that are left send as any others do. */
void via_close(struct via *v);

/**
 * via_socket() - a socket that is to be connected to @probe->addr
 * @type: SOCK_STREAM or SOCK_DGRAM
 *
 * Return: its descriptor, which does not block; -ENETUNREACH if no route leads to the
 * backend; another negative errno, which is a fault of this side, not logged but where
 * an interface does not take the program.
 */
int via_socket(struct via *v, const struct shunt_probe *probe, int type);

/**
 * via_attach() - have answers that come in by this interface looked at
 *
 * Where the way back is another one than that to the backend. Return: 0 or a negative
 * errno; logged, once.
 */
int via_attach(struct via *v, int ifindex);

/* Once a second: attach again where the programs have gone missing. */
void via_mend(struct via *v);

/* Take off, from all interfaces, what a daemon with this @pin_dir has left. */
void via_clean(const char *pin_dir);

#endif /* DATAPLANE_VIA_H */
