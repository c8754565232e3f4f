/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames for somebody else to look at: scapy_check.py, which knows neither the program
 * nor the reference.
 */
#ifndef TESTS_BPF_PCAP_H
#define TESTS_BPF_PCAP_H

#include "frame.h"

/*
 * Append @f to the file that SHUNT_TEST_PCAP names, if it does. Only what has been sent,
 * and had right checksums before. From several processes at once, too.
 */
void pcap_append(const struct frame *f);

#endif /* TESTS_BPF_PCAP_H */
