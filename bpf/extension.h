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

/* Bytes of the header of type @next, or 0 if it cannot be. */
static __always_inline __u32 extension_length(const struct ipv6_opt_hdr *hdr, __u8 next)
{
	if (next != IPPROTO_AH)
		return (hdr->hdrlen + 1) * OPTIONS_UNIT;
	return hdr->hdrlen + 2 >= AH_FIXED_WORDS ? (hdr->hdrlen + 2) * AH_WORD : 0;
}

static __always_inline void extension_note_fragment(const struct fragment_header *hdr,
						    struct extensions *found)
{
	found->fragment = bpf_ntohs(hdr->word);
	found->fragment_id = hdr->id;
}

/**
 * extension_step() - go on to what is behind the header at @found->at
 * @is_fragment: it is a fragment header
 *
 * The place is an offset and not a pointer: to the verifier all headers are alike then, so
 * that it looks at one instead of at each behind each (half of its time for the program).
 *
 * Return: SHUNT_CONTINUE; why not.
 */
static __always_inline enum shunt_reason extension_step(struct xdp_md *xdp,
							struct extensions *found, bool is_fragment)
{
	const void *hdr = (void *)(long)xdp->data + (found->at & EXTENSION_AT_MASK);
	const void *end = (void *)(long)xdp->data_end;
	__u32 len = sizeof(struct fragment_header);

	if (hdr + sizeof(struct ipv6_opt_hdr) > end)
		return SHUNT_TRUNCATED;
	if (!is_fragment)
		len = extension_length(hdr, found->next);
	else if (hdr + sizeof(struct fragment_header) <= end)
		extension_note_fragment(hdr, found);
	else
		return SHUNT_TRUNCATED;
	if (!len)
		return SHUNT_EXTENSION;
	found->at = (found->at + len) & EXTENSION_AT_MASK;
	found->next = *(const __u8 *)hdr;
	/* Options for each hop are looked for behind the IPv6 header only. */
	return found->next == IPPROTO_HOPOPTS ? SHUNT_EXTENSION : SHUNT_CONTINUE;
}

/*
 * Walk all of them from @found->at on, where one of type @found->next begins: at most
 * EXTENSION_MAX, a fragment header, and as many behind it, unless it is of a later
 * fragment, which has none that could be known for what they are. That the last one ends
 * within the frame is for whoever reads behind it to see. Return: enum shunt_reason.
 *
 * Global, so that the verifier looks once at the ways through it.
 */
__noinline int extension_walk(struct xdp_md *xdp, struct extensions *found)
{
	enum shunt_reason reason;
	bool had_fragment = false;
	int left = EXTENSION_MAX;

	if (!found)
		return SHUNT_EXTENSION;
	found->fragment = 0;
#pragma nounroll
	for (int i = 0; i < 2 * EXTENSION_MAX + 1; i++) {
		const bool is_fragment = found->next == IPPROTO_FRAGMENT && !had_fragment;

		if (!is_fragment && !(extension_is(found->next) && left--))
			return SHUNT_CONTINUE;
		reason = extension_step(xdp, found, is_fragment);
		if (reason || found->fragment & EXTENSION_OFFSET)
			return reason;
		if (is_fragment) {
			had_fragment = true;
			left = EXTENSION_MAX;
		}
	}
	return SHUNT_CONTINUE;
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
