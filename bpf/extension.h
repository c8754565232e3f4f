/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * IPv6 extension headers between the IPv6 header and TCP or UDP: RFC 8200, and RFC
 * 4302 for AH. They are stepped over and not judged: what they ask for is for the
 * backend to do. Only what cannot be walked ends a packet here.
 */
#ifndef BPF_EXTENSION_H
#define BPF_EXTENSION_H

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

#endif /* BPF_EXTENSION_H */
