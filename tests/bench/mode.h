/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways of forwarding, and the load-time constants of a program that can do them. */
#ifndef TESTS_BENCH_MODE_H
#define TESTS_BENCH_MODE_H

#include <stdbool.h>

#include "shunt/abi.h"

/* How packets are sent, and of which family they are. */
enum mode {
	MODE_DIRECT4,
	MODE_DIRECT6,
	MODE_4IN4,
	MODE_6IN6,
	MODE_4IN6,
	MODE_6IN4,
	MODE_GUE4, /* 4in4, in UDP */
	MODE_GUE6,
	MODE_NAT4,
	MODE_NAT6,
	MODE_FULLNAT4,
	MODE_FULLNAT6,
	MODE_FULLNAT46, /* an IPv4 client, an IPv6 server */
	MODE_FULLNAT64,
	MODES,
};

/* What a program can do beside that. */
enum variant {
	VARIANT_LEAN, /* TCP and UDP */
	VARIANT_TRACKED, /* and services that keep track of their flows */
	VARIANT_LIMITED, /* and a limit by source, which nobody is over */
	VARIANT_FULL, /* everything there is, the other modes included */
	VARIANTS,
};

/* The flow cache of a daemon whose config says nothing of it: 4 MiB. */
#define MODE_FLOW_LINES 65536
/* Likewise of the sources that limits are about. */
#define MODE_BUCKET_BITS 16

const char *mode_name(enum mode mode);
bool mode_is_v6(enum mode mode); /* of the client's packet */
bool mode_is_nat(enum mode mode); /* keeps connections */
bool mode_is_fullnat(enum mode mode);
bool mode_server_is_v6(enum mode mode); /* what reaches the server, or is around it */

/* Without service_mask, which is of the maps. */
struct shunt_rodata mode_rodata(enum mode mode, enum variant variant);

/* How a packet of @mode, and no other, reaches backend @id. */
struct shunt_leg mode_leg(enum mode mode, __u32 id, __u16 egress);

#endif /* TESTS_BENCH_MODE_H */
