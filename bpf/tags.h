/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * VLAN tags: 802.1Q, and 802.1ad around it; at most two. They are taken off before
 * the stages, which know of none, and put back afterwards, whatever became of the
 * frame: behind the MAC addresses, before the type of what is the packet then. A frame
 * that leaves by a VLAN device has that one's tag instead.
 *
 * Considered: stages compiled once more, for headers of another length, which makes
 * the program twice as long to save two moves of 12 bytes; and a length that varies in
 * the stages there are, which every packet would pay for.
 */
#ifndef BPF_TAGS_H
#define BPF_TAGS_H

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "pkt.h"

#define TAG_BYTES 4
/* As it lies in a frame; the rest of it in network order. */
#define TAG_8021Q(tci_be) (bpf_htons(ETH_P_8021Q) | (__u32)(tci_be) << 16)
#define MACS_BYTES (2 * ETH_ALEN)

struct macs {
	__u32 w[MACS_BYTES / 4];
};

/* A frame with tags, as far as they go. The type is behind them. */
struct tagged1 {
	struct macs macs;
	__u32 tag;
};

struct tagged2 {
	struct macs macs;
	__u32 tag[2];
};

static __always_inline bool tags_are_next(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* Of a frame that holds an IP packet; else 0, also if there are more than two. */
static __always_inline int tags_count(const struct cursor *cur)
{
	const __be16 *type = cur->pos + MACS_BYTES;

	for (int n = 0; n <= 2; n++, type += TAG_BYTES / sizeof(*type)) {
		if ((void *)(type + 1) > cur->end)
			return 0;
		if (*type == bpf_htons(ETH_P_IP) || *type == bpf_htons(ETH_P_IPV6))
			return n;
		if (!tags_are_next(*type))
			return 0;
	}
	return 0;
}

static __always_inline bool tags_put_macs(struct xdp_md *xdp, const struct macs *macs)
{
	struct cursor cur = cursor_open(xdp);
	struct macs *to;

	if (!cursor_take(&cur, to))
		return false;
	*to = *macs;
	return true;
}

static __always_inline __u64 tags_take_one(struct xdp_md *xdp)
{
	struct cursor cur = cursor_open(xdp);
	const struct tagged1 *from;
	struct tagged1 copy;

	if (!cursor_take(&cur, from))
		return 0;
	copy = *from;
	if (bpf_xdp_adjust_head(xdp, TAG_BYTES) || !tags_put_macs(xdp, &copy.macs))
		return 0;
	return copy.tag;
}

static __always_inline __u64 tags_take_two(struct xdp_md *xdp)
{
	struct cursor cur = cursor_open(xdp);
	const struct tagged2 *from;
	struct tagged2 copy;

	if (!cursor_take(&cur, from))
		return 0;
	copy = *from;
	if (bpf_xdp_adjust_head(xdp, 2 * TAG_BYTES) || !tags_put_macs(xdp, &copy.macs))
		return 0;
	return copy.tag[0] | (__u64)copy.tag[1] << 32;
}

/*
 * Take the tags off a frame with an IP packet in it. Return: the tags as they lie in
 * the frame, in a word that two of them fill; 0 if there are none or too many, and
 * the frame is as it was.
 *
 * This and tags_put() are global, so that the verifier looks at them once.
 */
__noinline __u64 tags_take(struct xdp_md *xdp)
{
	const struct cursor cur = cursor_open(xdp);

	switch (tags_count(&cur)) {
	case 1:
		return tags_take_one(xdp);
	case 2:
		return tags_take_two(xdp);
	default:
		return 0;
	}
}

static __always_inline bool tags_put_one(struct xdp_md *xdp, __u32 tag)
{
	struct cursor cur = cursor_open(xdp);
	const struct macs *from;
	struct tagged1 *to;
	struct macs macs;

	if (!cursor_take(&cur, from))
		return false;
	macs = *from;
	if (bpf_xdp_adjust_head(xdp, -TAG_BYTES))
		return false;
	cur = cursor_open(xdp);
	if (!cursor_take(&cur, to))
		return false;
	to->macs = macs;
	to->tag = tag;
	return true;
}

static __always_inline bool tags_put_two(struct xdp_md *xdp, __u64 tags)
{
	struct cursor cur = cursor_open(xdp);
	const struct macs *from;
	struct tagged2 *to;
	struct macs macs;

	if (!cursor_take(&cur, from))
		return false;
	macs = *from;
	if (bpf_xdp_adjust_head(xdp, -2 * TAG_BYTES))
		return false;
	cur = cursor_open(xdp);
	if (!cursor_take(&cur, to))
		return false;
	to->macs = macs;
	to->tag[0] = tags;
	to->tag[1] = tags >> 32;
	return true;
}

/* Has the frame been given another tag instead? None that was there is left now. */
static __always_inline bool tags_are_there(const struct cursor *cur)
{
	const __be16 *type = cur->pos + MACS_BYTES;

	return (void *)(type + 1) <= cur->end && *type == bpf_htons(ETH_P_8021Q);
}

/*
 * Return: 0, or -1 if an outer header has taken the room of the tags. The frame is
 * lost then, though its backend's counter says that it was sent.
 */
__noinline int tags_put(struct xdp_md *xdp, __u64 tags)
{
	const struct cursor cur = cursor_open(xdp);

	if (tags_are_there(&cur))
		return 0;
	return (tags >> 32 ? tags_put_two(xdp, tags) : tags_put_one(xdp, tags)) ? 0 : -1;
}

#endif /* BPF_TAGS_H */
