/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Packets that are kept for people to look at: which ones, and what is kept of them.
 * Of the program that has SHUNT_CAPTURE (bpf/capture.bpf.c), which runs while somebody
 * looks.
 */
#ifndef SHUNT_CAPTURE_H
#define SHUNT_CAPTURE_H

#include "shunt/abi.h"

/* Of a frame, as much as fits most links with two tags. */
#define SHUNT_CAPTURE_BYTES 1536
/* Of all CPUs; a power of two. Who reads too slowly loses packets, and is told. */
#define SHUNT_CAPTURE_RING (1 << 20)
/* Virtual services of one service that can be asked for. */
#define SHUNT_CAPTURE_ENDS 64

/**
 * struct shunt_capture_end - where packets go to
 * @port: 0 is any
 */
struct shunt_capture_end {
	struct shunt_addr addr;
	__be16 port;
	__u8 proto;
	__u8 pad[5];
};

/**
 * struct shunt_capture - what is asked for: all of it has to hold
 * @reasons: a bit for each enum shunt_reason
 * @host: source or destination, if @has_host
 * @port: source or destination; 0: any
 * @n_ends: it goes to one of @ends; 0: to anywhere
 */
struct shunt_capture {
	__u64 reasons;
	struct shunt_addr host;
	__u8 has_host;
	__u8 pad;
	__be16 port;
	__u32 n_ends;
	struct shunt_capture_end ends[SHUNT_CAPTURE_ENDS];
};

/**
 * struct shunt_captured - a packet as it came in
 * @ns: of the monotonic clock
 * @ifindex: by which it came
 * @reason: enum shunt_reason: how it ended
 * @frame_bytes: of the whole frame
 * @bytes: of @data, which is all that is kept
 * @lost: packets of that CPU that there was no room for, since the last one that is here
 */
struct shunt_captured {
	__u64 ns;
	__u32 ifindex;
	__u32 reason;
	__u32 frame_bytes;
	__u32 bytes;
	__u32 lost;
	__u32 pad;
	__u8 data[SHUNT_CAPTURE_BYTES];
};

#define SHUNT_CAPTURED_HEAD __builtin_offsetof(struct shunt_captured, data)

_Static_assert(sizeof(struct shunt_capture_end) == 24, "ABI");
_Static_assert(sizeof(struct shunt_capture) == 32 + SHUNT_CAPTURE_ENDS * 24, "ABI");
_Static_assert(SHUNT_CAPTURED_HEAD == 32, "ABI");

#endif /* SHUNT_CAPTURE_H */
