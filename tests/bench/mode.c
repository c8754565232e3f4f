/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>

#include "mode.h"
#include "shunt/guard.h"

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
	[MODE_GUE4] = { "gue4", false, SHUNT_FORWARD_GUE, false },
	[MODE_GUE6] = { "gue6", true, SHUNT_FORWARD_GUE, true },
	[MODE_NAT4] = { "nat4", false, SHUNT_FORWARD_NAT, false },
	[MODE_NAT6] = { "nat6", true, SHUNT_FORWARD_NAT, true },
	[MODE_FULLNAT4] = { "fullnat4", false, SHUNT_FORWARD_FULLNAT, false },
	[MODE_FULLNAT6] = { "fullnat6", true, SHUNT_FORWARD_FULLNAT, true },
	[MODE_FULLNAT46] = { "fullnat4to6", false, SHUNT_FORWARD_FULLNAT, true },
	[MODE_FULLNAT64] = { "fullnat6to4", true, SHUNT_FORWARD_FULLNAT, false },
};

const char *mode_name(enum mode mode)
{
	return modes[mode].name;
}

bool mode_is_v6(enum mode mode)
{
	return modes[mode].v6;
}

bool mode_is_nat(enum mode mode)
{
	return modes[mode].forward == SHUNT_FORWARD_NAT ||
	       modes[mode].forward == SHUNT_FORWARD_FULLNAT;
}

bool mode_is_fullnat(enum mode mode)
{
	return modes[mode].forward == SHUNT_FORWARD_FULLNAT;
}

bool mode_server_is_v6(enum mode mode)
{
	return modes[mode].outer_v6;
}

struct shunt_rodata mode_rodata(enum mode mode, enum variant variant)
{
	const bool full = variant == VARIANT_FULL;
	const bool nat = mode_is_nat(mode);
	const bool ipip = modes[mode].forward == SHUNT_FORWARD_IPIP;

	return (struct shunt_rodata){
		.hash_key = { 0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL },
		.flow_mask = MODE_FLOW_LINES - 1,
		.pins_per_s = 100000,
		.ipv4 = full || !modes[mode].v6 || (nat && !modes[mode].outer_v6),
		.ipv6 = full || modes[mode].v6 || (nat && modes[mode].outer_v6),
		.direct = full || modes[mode].forward == SHUNT_FORWARD_DIRECT,
		.ipip4 = full || (ipip && !modes[mode].outer_v6),
		.ipip6 = full || (ipip && modes[mode].outer_v6),
		.any_port = full,
		.tracked = full || variant == VARIANT_TRACKED,
		.rich = full || nat || modes[mode].forward == SHUNT_FORWARD_GUE,
		.nat = full || nat,
		.icmp_per_s = 1000,
		.guard = variant == VARIANT_LIMITED ? SHUNT_GUARD_LIMITS : 0,
		.bucket_bits = MODE_BUCKET_BITS,
	};
}

struct shunt_leg mode_leg(enum mode mode, __u32 id, __u16 egress)
{
	const bool gue = modes[mode].forward == SHUNT_FORWARD_GUE;
	struct shunt_leg leg = {
		.addr.w = { 0, 0, htonl(0xffff), htonl(0x0a010000 + id) },
		.hop = { .dmac = { 2, 0, 1, 0, id >> 8, id & 0xff }, .egress = egress },
		.mtu = 1500,
		.forward = modes[mode].forward,
		.port = gue ? htons(6080) : 0,
	};

	if (modes[mode].outer_v6)
		leg.addr.w[2] = leg.addr.w[0] = htonl(0xfd000000);
	return leg;
}
