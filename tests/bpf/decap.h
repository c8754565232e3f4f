/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program of shunt-decap, loaded as dp.h loads the balancer's, and the frames it
 * is given. What is expected of it is written down in the tests, from the RFCs.
 */
#ifndef TESTS_BPF_DECAP_H
#define TESTS_BPF_DECAP_H

#include "base/cleanup.h"
#include "frame.h"
#include "shunt/decap.h"

#define FROM4 "10.1.0.1"
#define FROM6 "2001:db8:1::1"

/* A way to put IP in IP: addresses of the outer header and of the inner one. */
struct kind {
	const char *name;
	const char *from, *to;
	const char *client, *vip;
	enum decap_reason reason;
};

#define KINDS 4
extern const struct kind kinds[KINDS];

struct decap_bpf;

#define GUE_PORT 6080

/* Takes packets from 10.1.0.0/24 and 2001:db8:1::/64; GUE to @gue_port, 0 for none. */
struct decap_bpf *decap_open_gue(__u16 gue_port);
/* GUE to GUE_PORT. Neither returns NULL. */
struct decap_bpf *decap_open(void);
void decap_close(struct decap_bpf *skel);

static inline void decap_closep(struct decap_bpf **skel)
{
	decap_close(*skel);
}

#define _cleanup_decap_ _cleanup_(decap_closep)

struct bpf_program;

const struct bpf_program *decap_program(const struct decap_bpf *skel);

/* @bits: DECAP_SOURCE_BITS() */
void decap_put_source(const struct decap_bpf *skel, const char *addr, __u32 bits);

/* Does @in end in @reason, and only there, and @want come out? If not, stderr says why. */
bool decap_agrees(const struct decap_bpf *skel, const struct frame *in, enum decap_reason reason,
		  const struct frame *want);

/* It does; @want is @in itself if that is NULL. */
void decap_expect(const struct decap_bpf *skel, const struct frame *in, enum decap_reason reason,
		  const struct frame *want);

bool is_v6(const char *addr);

/* Where the inner header is. */
size_t inner_at(const struct kind *k);

/* The inner packet behind an Ethernet header, as it has to come out. */
void build_inner(const struct kind *k, __u8 tos, struct frame *f);

/* An outer header around what @inner holds behind its Ethernet header. */
void wrap(const struct kind *k, const struct frame *inner, __u8 tos, struct frame *f);

/* What lies between UDP and the inner packet. */
struct gue {
	size_t len;
	__u8 bytes[40];
};

/* The same with UDP in between, and @gue, if there is one, behind it. */
void wrap_gue(const struct kind *k, const struct frame *inner, __u8 tos, const struct gue *gue,
	      struct frame *f);

/* The UDP header in it. */
__u8 *udp_of(const struct kind *k, struct frame *f);

/* Put @n VLAN tags (1 or 2) behind the MAC addresses. */
void tag(struct frame *f, int n);

/* The checksum of the outer IPv4 header, after a change to it. */
void mend_outer(struct frame *f);

#endif /* TESTS_BPF_DECAP_H */
