/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * IPv6 extension headers between the IPv6 header and TCP or UDP: RFC 8200, and RFC
 * 4302 for AH. They are stepped over and not judged: what they ask for is for the
 * backend to do. Only what cannot be walked ends a packet here.
 */
#ifndef BPF_EXTENSION_H
#define BPF_EXTENSION_H

#include <bpf/bpf_endian.h>
#include <linux/in.h>

#include "pkt.h"
#include "shunt/reason.h"

/*
 * RFC 8200, 4.1 lists five before the upper layer, fragment and ESP aside and destination
 * options twice. One more is granted.
 */
#define EXTENSION_MAX 6

/* RFC 8200: units of 8 bytes, without the first one. */
#define OPTIONS_UNIT 8

/* RFC 4302: AH counts words of 4 bytes, and two less; the fixed part has three. */
#define AH_WORD 4
#define AH_FIXED_WORDS 3

static __always_inline bool extension_is(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH;
}

/* Step over the header of type @next under @cur, and make @next the one behind it. */
static __always_inline enum shunt_reason extension_skip(struct cursor *cur, __u8 *next)
{
	const struct ipv6_opt_hdr *hdr;

	if (!cursor_take(cur, hdr))
		return SHUNT_TRUNCATED;
	if (*next != IPPROTO_AH)
		cur->pos = (void *)hdr + (hdr->hdrlen + 1) * OPTIONS_UNIT;
	else if (hdr->hdrlen + 2 >= AH_FIXED_WORDS)
		cur->pos = (void *)hdr + (hdr->hdrlen + 2) * AH_WORD;
	else
		return SHUNT_EXTENSION;
	*next = hdr->nexthdr;
	/* Options for each hop are looked for behind the IPv6 header only. */
	return *next == IPPROTO_HOPOPTS ? SHUNT_EXTENSION : SHUNT_CONTINUE;
}

/*
 * All of them, from the one of type @next under @cur on, if they are not too many. That
 * the last one ends within the frame is for whoever reads behind it to see.
 */
static __always_inline enum shunt_reason extension_skip_all(struct cursor *cur, __u8 *next)
{
#pragma nounroll
	for (int i = 0; i < EXTENSION_MAX && extension_is(*next); i++) {
		const enum shunt_reason reason = extension_skip(cur, next);

		if (reason)
			return reason;
	}
	return SHUNT_CONTINUE;
}

/* RFC 8200, 4.5: the offset in units of 8 bytes, two bits that are reserved, a flag. */
#define EXTENSION_OFFSET_SHIFT 3
#define EXTENSION_OFFSET 0xfff8
#define EXTENSION_MORE 0x0001

struct fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 word;
	__be32 id;
};

/* Offsets in a frame. No driver hands over as much in one piece. */
#define EXTENSION_AT_MASK 0x7fff

/**
 * struct extensions - what was found by walking them
 * @at: offset in the frame of what is behind them
 * @next: its type
 * @fragment: offset and flag of the fragment header among them; 0 without one
 * @fragment_id: as it lies in the packet
 */
struct extensions {
	__u32 at;
	__be32 fragment_id;
	__u16 fragment;
	__u8 next;
	__u8 pad;
};

/* Step over the fragment header under @cur. */
static __always_inline enum shunt_reason extension_take_fragment(struct cursor *cur, __u8 *next,
								 struct extensions *found)
{
	const struct fragment_header *hdr;

	if (!cursor_take(cur, hdr))
		return SHUNT_TRUNCATED;
	found->fragment = bpf_ntohs(hdr->word);
	found->fragment_id = hdr->id;
	*next = hdr->next;
	return *next == IPPROTO_HOPOPTS ? SHUNT_EXTENSION : SHUNT_CONTINUE;
}

static __always_inline enum shunt_reason extension_walk_from(struct cursor *cur, __u8 *next,
							     struct extensions *found)
{
	enum shunt_reason reason = extension_skip_all(cur, next);

	if (reason || *next != IPPROTO_FRAGMENT)
		return reason;
	reason = extension_take_fragment(cur, next, found);
	if (reason || found->fragment & EXTENSION_OFFSET)
		return reason;
	return extension_skip_all(cur, next);
}

/*
 * Walk all of them from @found->at on, where one of type @found->next begins, and a
 * fragment header with as many behind it; unless it is of a later fragment, which has none
 * that could be known for what they are. Return: enum shunt_reason.
 *
 * Global, so that the verifier looks once at the many ways through it.
 */
__noinline int extension_walk(struct xdp_md *xdp, struct extensions *found)
{
	struct cursor cur = cursor_open(xdp);
	enum shunt_reason reason;
	__u8 next;
	__u32 at;

	if (!found)
		return SHUNT_EXTENSION;
	cur.pos += found->at & EXTENSION_AT_MASK;
	next = found->next;
	found->fragment = 0;
	reason = extension_walk_from(&cur, &next, found);
	at = cur.pos - (void *)(long)xdp->data;
	found->at = at > EXTENSION_AT_MASK ? EXTENSION_AT_MASK : at;
	found->next = next;
	return reason;
}

/* The same for the header under @cur, which is put behind them. */
static __always_inline enum shunt_reason extension_step_over(struct xdp_md *xdp, struct cursor *cur,
							     struct extensions *found)
{
	const void *data = (void *)(long)xdp->data;
	enum shunt_reason reason;

	found->at = cur->pos - data;
	reason = extension_walk(xdp, found);
	*cur = cursor_open(xdp);
	cur->pos += found->at & EXTENSION_AT_MASK;
	return reason;
}

#endif /* BPF_EXTENSION_H */
