/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that nobody has sent. */
#ifndef DATAPLANE_EXPLAIN_PACKET_H
#define DATAPLANE_EXPLAIN_PACKET_H

#include "dataplane/explain.h"
#include "dataplane/twin.h"

/* With right checksums and nothing behind its headers: a SYN, an ACK or a datagram. */
void explain_packet_build(const struct explain_packet *p, struct twin_frame *out);

/* The tuple that it has in the maps. */
struct shunt_tuple explain_packet_tuple(const struct explain_packet *p);

#endif /* DATAPLANE_EXPLAIN_PACKET_H */
