/* SPDX-License-Identifier: BSD-2-Clause */
#include "damage.h"

#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "header_sum.h"
#include "rig.h"

/* Headers end before this: most damage is done there. */
#define HEADERS 96
/* The most that one insertion or removal of any bytes moves. */
#define MOST_BYTES 8
#define MOST_CHANGES 3

bool damage_insert(struct frame *f, size_t at, size_t n)
{
	if (at > f->len || f->len + n > FRAME_LONGEST)
		return false;
	memmove(f->data + at + n, f->data + at, f->len - at);
	memset(f->data + at, 0, n);
	f->len += n;
	return true;
}

bool damage_remove(struct frame *f, size_t at, size_t n)
{
	if (f->len < FRAME_SHORTEST + n || at + n > f->len)
		return false;
	memmove(f->data + at, f->data + at + n, f->len - at - n);
	f->len -= n;
	return true;
}

/* --- any bytes -------------------------------------------------------------------- */

static size_t pick_place(const struct frame *f, __u64 r)
{
	const size_t end = r & 1 && f->len > HEADERS ? HEADERS : f->len;

	return (r >> 1) % end;
}

static void flip_bit(struct frame *f, __u64 r)
{
	f->data[pick_place(f, r >> 8)] ^= 1 << (r & 7);
}

static void set_byte(struct frame *f, __u64 r)
{
	static const __u8 words[] = { 0,  1,	2,    4,    5,	  6,	17,   43,   44,	  51,
				      60, 0x45, 0x46, 0x4f, 0x60, 0x81, 0x86, 0x88, 0xa8, 0xff };

	f->data[pick_place(f, r >> 8)] = words[(r & 0xff) % sizeof(words)];
}

static void insert_bytes(struct frame *f, __u64 r)
{
	const size_t at = pick_place(f, r >> 16), n = (r & 0xff) % MOST_BYTES + 1;

	if (damage_insert(f, at, n))
		memset(f->data + at, (int)(r >> 8 & 0xff), n);
}

static void remove_bytes(struct frame *f, __u64 r)
{
	damage_remove(f, pick_place(f, r >> 16), (r & 0xff) % MOST_BYTES + 1);
}

static void cut_or_extend(struct frame *f, __u64 r)
{
	const size_t n = (r & 0xff) % 40;

	if (!(r >> 8 & 1))
		damage_remove(f, f->len - n, n);
	else if (damage_insert(f, f->len, n))
		memset(f->data + f->len - n, 0xdd, n);
}

static void damage_bytes(struct frame *f, __u64 r)
{
	static void (*const ways[])(struct frame * f, __u64 r) = {
		flip_bit, flip_bit,	flip_bit,     set_byte,
		set_byte, insert_bytes, remove_bytes, cut_or_extend,
	};

	ways[(r & 0xff) % array_len(ways)](f, r >> 8);
}

/* --- two frames ------------------------------------------------------------------- */

/* The beginning of one up to some header, and the other from some header on. */
static void splice(struct frame *f, const struct frame *other, __u16 gue_port, __u64 r)
{
	const struct header *cut, *from;
	struct headers h, theirs;
	size_t n;

	headers_read(f, gue_port, &h);
	headers_read(other, gue_port, &theirs);
	if (h.n < 2 || theirs.n < 2)
		return;
	cut = &h.header[1 + (r & 0xff) % (h.n - 1)];
	from = &theirs.header[1 + (r >> 8 & 0xff) % (theirs.n - 1)];
	if (cut->at > f->len || from->at > other->len)
		return;
	n = other->len - from->at;
	if (cut->at + n > FRAME_LONGEST || cut->at + n < FRAME_SHORTEST)
		return;
	memcpy(f->data + cut->at, other->data + from->at, n);
	f->len = cut->at + n;
	if (r >> 16 & 7)
		damage_name_next(f, cut - 1, from);
}

/* --- what follows it -------------------------------------------------------------- */

static void mend_length(struct frame *f, const struct header *hdr)
{
	if (hdr->kind == HEADER_IPV4 && hdr->at + 20 <= f->len)
		frame_put16(f->data + hdr->at + 2, f->len - hdr->at);
	else if (hdr->kind == HEADER_IPV6 && hdr->at + 40 <= f->len)
		frame_put16(f->data + hdr->at + 4, f->len - hdr->at - 40);
	else if (hdr->kind == HEADER_UDP && hdr->at + 8 <= f->len)
		frame_put16(f->data + hdr->at + 4, f->len - hdr->at);
}

/* The inner ones first, which the outer ones cover. */
static void mend_sums(struct frame *f, __u16 gue_port)
{
	struct headers h;

	headers_read(f, gue_port, &h);
	for (size_t i = h.n; i-- > 0;)
		if (header_sum_place(&h.header[i]))
			header_sum_mend(f, &h, &h.header[i]);
}

static void mend(struct frame *f, __u16 gue_port, __u64 r)
{
	struct headers h;

	headers_read(f, gue_port, &h);
	for (size_t i = 0; i < h.n && r & 1; i++)
		mend_length(f, &h.header[i]);
	if (r & 2)
		mend_sums(f, gue_port);
}

/* --- all of it -------------------------------------------------------------------- */

static void change(struct frame *f, const struct frame *other, __u16 gue_port, __u64 *state)
{
	const __u64 way = rig_random(state) % 16, r = rig_random(state);
	struct headers h;

	if (way < 5) {
		damage_bytes(f, r);
	} else if (way < 7 && other) {
		splice(f, other, gue_port, r);
	} else {
		headers_read(f, gue_port, &h);
		if (h.n)
			damage_header(f, &h, &h.header[(r & 0xff) % h.n], r >> 8);
	}
}

void damage_frame(struct frame *f, const struct frame *other, __u16 gue_port, __u64 *state)
{
	const __u64 times = rig_random(state) % MOST_CHANGES + 1;

	for (__u64 i = 0; i < times; i++)
		change(f, other, gue_port, state);
	mend(f, gue_port, rig_random(state));
}
