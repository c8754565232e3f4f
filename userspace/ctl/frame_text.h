/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames for people: a line about what is in them. */
#ifndef CTL_FRAME_TEXT_H
#define CTL_FRAME_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/**
 * frame_text_add() - "198.51.100.7:40000 > 203.0.113.10:443 tcp syn"
 * @frame: @len bytes, Ethernet header and tags first; may end anywhere
 * @gue_port: UDP to this port carries a packet, host order; 0: none does
 *
 * Tunnels are named from the outside in, "192.0.2.1 > 192.0.2.11 ipip: ...".
 */
void frame_text_add(const uint8_t *frame, size_t len, uint16_t gue_port, struct buf *out);

#endif /* CTL_FRAME_TEXT_H */
