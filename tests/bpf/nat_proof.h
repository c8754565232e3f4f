/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds for any frame in a town of nat, and for its maps at any time. The program is
 * not asked what a packet is: its headers are read here, checksums are summed up as a
 * whole, and of the connections only what their records say is believed.
 */
#ifndef TESTS_BPF_NAT_PROOF_H
#define TESTS_BPF_NAT_PROOF_H

#include "nat_town.h"

enum nat_proof_kind {
	NAT_PROOF_NOT_SENT,
	NAT_PROOF_ANSWERED, /* by ICMP */
	NAT_PROOF_SAME, /* a packet, in its family */
	NAT_PROOF_CROSSED, /* a packet, to the other one */
	NAT_PROOF_ERROR_SAME, /* an ICMP error about one */
	NAT_PROOF_ERROR_CROSSED,
	NAT_PROOF_LATER, /* a later fragment */
	NAT_PROOF_KINDS,
};

/**
 * nat_proof_frame() - of the frame that was sent last, and ended in @reason
 *
 * Left to the stack: it is as it was. Dropped: likewise, but for reasons that are found
 * while it is being rewritten. Sent: the tuple is the other one of its record, whose way
 * back or next hop it has; all else is as it was, one hop less; checksums are right, or as
 * wrong as they were; no length leads out of the frame.
 *
 * Return: which of these was shown; -1, and why on stderr, if something does not hold.
 */
int nat_proof_frame(const struct nat_town *t, enum shunt_reason reason);

/**
 * nat_proof_maps() - of all records, the index, bits and loads
 *
 * A bit is set if and only if its record, or its port, is in use. No tuple is in the index
 * twice; each one of a record is. Loads count the connections that have not ended.
 *
 * Return: false, and why on stderr, if something does not hold.
 */
bool nat_proof_maps(const struct nat_town *t);

/* Lower what a SYN of a connection asks for, as its service says; other frames stay. */
void nat_proof_clamp(const struct nat_town *t, struct frame *f);

#endif /* TESTS_BPF_NAT_PROOF_H */
