/* SPDX-License-Identifier: BSD-2-Clause */
#include "ref_mss.h"

#include <netinet/in.h>
#include <string.h>

__u16 ref_tcp_sum(const struct view *v, const struct frame *f)
{
	const size_t len = v->ip + v->ip_len - v->l4;
	__u8 pseudo[16 + 16 + 4] = {};
	__u8 sums[4];

	if (v->v6) {
		memcpy(pseudo, v->src.b, 16);
		memcpy(pseudo + 16, v->dst.b, 16);
	} else {
		memcpy(pseudo, v->src.b + 12, 4);
		memcpy(pseudo + 16, v->dst.b + 12, 4);
	}
	pseudo[33] = IPPROTO_TCP;
	frame_put16(pseudo + 34, len);
	frame_put16(sums, frame_sum(pseudo, sizeof(pseudo)));
	frame_put16(sums + 2, frame_sum(f->data + v->l4, len));
	return frame_sum(sums, sizeof(sums));
}

/* Bytes of the option at @option, of @room at most; 0 if it or the list ends there. */
static size_t option_len(const __u8 *option, size_t room)
{
	if (!room || option[0] == 0)
		return 0;
	if (option[0] == 1)
		return 1;
	return room >= 2 && option[1] >= 2 && option[1] <= room ? option[1] : 0;
}

/* Return: whether an option was changed. */
static bool lower(__u8 *options, size_t room, __u16 mss)
{
	bool changed = false;
	size_t len;

	for (; (len = option_len(options, room)); options += len, room -= len) {
		if (options[0] != 2 || len != 4 || frame_get16(options + 2) <= mss)
			continue;
		frame_put16(options + 2, mss);
		changed = true;
	}
	return changed;
}

void ref_mss_clamp(const struct view *v, __u16 mss, struct frame *f)
{
	const size_t segment = v->ip + v->ip_len - v->l4;
	__u8 *tcp = f->data + v->l4;
	size_t header = (tcp[12] >> 4) * 4;
	const __u16 before = ref_tcp_sum(v, f);
	__u32 error;

	if (header > segment)
		header = segment;
	if (header < 20 || !lower(tcp + 20, header - 20, mss))
		return;
	/* All is modulo 0xffff: the sum has changed by what the checksum has to. */
	error = 0xffffU + before - ref_tcp_sum(v, f);
	frame_put16(tcp + 16, (frame_get16(tcp + 16) + error) % 0xffff);
}
