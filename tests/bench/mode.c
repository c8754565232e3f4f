/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>

#include "mode.h"

static const struct {
	const char *name;
	bool v6;
	__u8 forward;
	bool outer_v6;
} modes[MODES] = {
	[MODE_DIRECT4] = { "direct4", false, SHUNT_FORWARD_DIRECT, false },
	[MODE_DIRECT6] = { "direct6", true, SHUNT_FORWARD_DIRECT, false },
	[MODE_4IN4] = { "4in4", false, SHUNT_FORWARD_IPIP, false },
	[MODE_6IN6] = { "6in6", true, SHUNT_FORWARD_IPIP, true },
	[MODE_4IN6] = { "4in6", false, SHUNT_FORWARD_IPIP, true },
	[MODE_6IN4] = { "6in4", true, SHUNT_FORWARD_IPIP, false },
};

const char *mode_name(enum mode mode)
{
	return modes[mode].name;
}

bool mode_is_v6(enum mode mode)
{
	return modes[mode].v6;
}

struct shunt_rodata mode_rodata(enum mode mode, enum variant variant)
{
	const bool full = variant == VARIANT_FULL;
	const bool ipip = modes[mode].forward == SHUNT_FORWARD_IPIP;

	return (struct shunt_rodata){
		.hash_key = { 0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL },
		.flow_mask = MODE_FLOW_LINES - 1,
		.pins_per_s = 100000,
		.ipv4 = full || !modes[mode].v6,
		.ipv6 = full || modes[mode].v6,
		.direct = full || !ipip,
		.ipip4 = full || (ipip && !modes[mode].outer_v6),
		.ipip6 = full || (ipip && modes[mode].outer_v6),
		.any_port = full,
		.tracked = full || variant == VARIANT_TRACKED,
	};
}

struct shunt_leg mode_leg(enum mode mode, __u32 id, __u16 egress)
{
	struct shunt_leg leg = {
		.addr.w = { 0, 0, htonl(0xffff), htonl(0x0a010000 + id) },
		.hop = { .dmac = { 2, 0, 1, 0, id >> 8, id & 0xff }, .egress = egress },
		.mtu = 1500,
		.forward = modes[mode].forward,
	};

	if (modes[mode].outer_v6)
		leg.addr.w[2] = leg.addr.w[0] = htonl(0xfd000000);
	return leg;
}
