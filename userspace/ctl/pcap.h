/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of packets, as tcpdump and Wireshark read them: draft-ietf-opsawg-pcap, with
 * nanoseconds, of Ethernet.
 */
#ifndef CTL_PCAP_H
#define CTL_PCAP_H

#include <stdint.h>
#include <stdio.h>

#include "shunt/capture.h"

/* Return: 0 or a negative errno. */
int pcap_begin(FILE *f);
/* @wall_ns: when it came, since 1970. */
int pcap_add(FILE *f, const struct shunt_captured *packet, uint64_t wall_ns);

#endif /* CTL_PCAP_H */
