/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <netinet/in.h>

#include "world.h"

/*
 * A packet from the client to port @to of @vip (SHOP, OPEN, IDLE, STRANGER);
 * what follows are further members of struct packet.
 */
#define TCP4(vip, to, ...)                                                                         \
	{                                                                                          \
		CLIENT4, vip##4, 40001, to, IPPROTO_TCP, .payload = 40, ##__VA_ARGS__              \
	}
#define TCP6(vip, to, ...)                                                                         \
	{                                                                                          \
		CLIENT6, vip##6, 40002, to, IPPROTO_TCP, .payload = 40, ##__VA_ARGS__              \
	}
#define UDP4(vip, to, ...)                                                                         \
	{                                                                                          \
		CLIENT4, vip##4, 40003, to, IPPROTO_UDP, .payload = 33, ##__VA_ARGS__              \
	}
#define UDP6(vip, to, ...)                                                                         \
	{                                                                                          \
		CLIENT6, vip##6, 40004, to, IPPROTO_UDP, .payload = 33, ##__VA_ARGS__              \
	}

#define OTHER4(proto, ...)                                                                         \
	{                                                                                          \
		CLIENT4, SHOP4, 40005, PORT_DIRECT, proto, .payload = 24, ##__VA_ARGS__            \
	}
#define OTHER6(proto, ...)                                                                         \
	{                                                                                          \
		CLIENT6, SHOP6, 40006, PORT_DIRECT, proto, .payload = 24, ##__VA_ARGS__            \
	}

/* Four fixtures that end the same way. */
#define EACH(name, end, ...)                                                                       \
	{ name ": IPv4 TCP", TCP4(__VA_ARGS__), SHUNT_##end },                                     \
		{ name ": IPv4 UDP", UDP4(__VA_ARGS__), SHUNT_##end },                             \
		{ name ": IPv6 TCP", TCP6(__VA_ARGS__), SHUNT_##end },                             \
	{                                                                                          \
		name ": IPv6 UDP", UDP6(__VA_ARGS__), SHUNT_##end                                  \
	}

/* The first packets of connections. */
#define EACH_CONNECTION(name, end, port, ...)                                                      \
	{ name ": IPv4 TCP", TCP4(SHOP, port, .flags = FRAME_SYN, ##__VA_ARGS__), SHUNT_##end },   \
		{ name ": IPv4 UDP", UDP4(SHOP, port, ##__VA_ARGS__), SHUNT_##end },               \
		{ name ": IPv6 TCP", TCP6(SHOP, port, .flags = FRAME_SYN, ##__VA_ARGS__),          \
		  SHUNT_##end },                                                                   \
	{                                                                                          \
		name ": IPv6 UDP", UDP6(SHOP, port, ##__VA_ARGS__), SHUNT_##end                    \
	}

/* One of each mode, for what the mode must not change or must carry over. */
#define EACH_MODE4(name, ...)                                                                      \
	{ name ": direct", TCP4(SHOP, PORT_DIRECT, __VA_ARGS__), SHUNT_FORWARDED },                \
		{ name ": 4in4", TCP4(SHOP, PORT_IPIP4, __VA_ARGS__), SHUNT_FORWARDED },           \
		{ name ": GUE over IPv4", TCP4(SHOP, PORT_GUE4, __VA_ARGS__), SHUNT_FORWARDED },   \
		{ name ": GUE over IPv6", TCP4(SHOP, PORT_GUE6, __VA_ARGS__), SHUNT_FORWARDED },   \
	{                                                                                          \
		name ": 4in6", TCP4(SHOP, PORT_IPIP6, __VA_ARGS__), SHUNT_FORWARDED                \
	}
#define EACH_MODE6(name, ...)                                                                      \
	{ name ": direct", TCP6(SHOP, PORT_DIRECT, __VA_ARGS__), SHUNT_FORWARDED },                \
		{ name ": 6in4", TCP6(SHOP, PORT_IPIP4, __VA_ARGS__), SHUNT_FORWARDED },           \
		{ name ": GUE over IPv4", TCP6(SHOP, PORT_GUE4, __VA_ARGS__), SHUNT_FORWARDED },   \
		{ name ": GUE over IPv6", TCP6(SHOP, PORT_GUE6, __VA_ARGS__), SHUNT_FORWARDED },   \
	{                                                                                          \
		name ": 6in6", TCP6(SHOP, PORT_IPIP6, __VA_ARGS__), SHUNT_FORWARDED                \
	}

/* A router on the way to the client, and ICMP that it sends to a VIP. A comma may be left. */
#define ROUTER4 "198.51.100.1"
#define ROUTER6 "2001:db8:c::1"
#define ICMP4(vip, type, ...)                                                                      \
	{                                                                                          \
		ROUTER4, vip##4, .proto = IPPROTO_ICMP, .icmp_type = type, __VA_ARGS__             \
	}
#define ICMP6(vip, type, ...)                                                                      \
	{                                                                                          \
		ROUTER6, vip##6, .proto = IPPROTO_ICMPV6, .icmp_type = type, __VA_ARGS__           \
	}
#define ECHO4(...) ICMP4(SHOP, 8, .icmp_rest = 0xbeef0001, .payload = 56, __VA_ARGS__)
#define ECHO6(...) ICMP6(SHOP, 128, .icmp_rest = 0xbeef0001, .payload = 56, __VA_ARGS__)

/* What it has from a backend, and quotes: from port @from of the VIP to the client. */
#define SENT4(vip, from, l4, ...)                                                                  \
	&(const struct packet)                                                                     \
	{                                                                                          \
		vip##4, CLIENT4, from, 40001, IPPROTO_##l4, .payload = 40, __VA_ARGS__             \
	}
#define SENT6(vip, from, l4, ...)                                                                  \
	&(const struct packet)                                                                     \
	{                                                                                          \
		vip##6, CLIENT6, from, 40001, IPPROTO_##l4, .payload = 40, __VA_ARGS__             \
	}
/* "Port unreachable", about a packet that was sent from the VIP that it comes to. */
#define ERROR4(vip, from, ...)                                                                     \
	ICMP4(vip, 3, .icmp_code = 3, .quoted = SENT4(vip, from, TCP), __VA_ARGS__)
#define ERROR6(vip, from, ...)                                                                     \
	ICMP6(vip, 1, .icmp_code = 4, .quoted = SENT6(vip, from, TCP), __VA_ARGS__)

#define EACH_ERROR(name, end, vip, from, ...)                                                      \
	{ name ": IPv4 TCP", ERROR4(vip, from, __VA_ARGS__), SHUNT_##end },                        \
		{ name ": IPv4 UDP", ICMP4(vip, 11, .quoted = SENT4(vip, from, UDP), __VA_ARGS__), \
		  SHUNT_##end },                                                                   \
		{ name ": IPv6 TCP", ERROR6(vip, from, __VA_ARGS__), SHUNT_##end },                \
	{                                                                                          \
		name ": IPv6 UDP", ICMP6(vip, 3, .quoted = SENT6(vip, from, UDP), __VA_ARGS__),    \
			SHUNT_##end                                                                \
	}

/* Extension headers: one, and as many as there may be. */
#define EXT(n) FRAME_EXTENSION(n)
#define DSTOPTS6 EXT(60), EXT(60), EXT(60), EXT(60), EXT(60), EXT(60)

#define DF 0x4000
#define MF 0x2000

/* Fragments: the first one, one at an offset in units of 8 bytes, and what is none. */
#define FIRST4 .fragment = MF
#define LATER4(offset) .fragment = (offset)
#define FIRST6 .fragment = MF, .extension = { EXT(44) }
#define LATER6(offset) .fragment = (offset), .extension = { EXT(44) }
#define ATOMIC6 .extension = { EXT(44) }

/* A later fragment of a datagram of enum town_datagram. */
#define KNOWN4(vip, proto, datagram, ...)                                                          \
	{                                                                                          \
		CLIENT4, vip##4, 1, 2, proto, .id = datagram, .payload = 64, .fragment = 185,      \
					      ##__VA_ARGS__                                        \
	}
#define KNOWN6(vip, proto, datagram, ...)                                                          \
	{                                                                                          \
		CLIENT6, vip##6, 1, 2, proto, .id = datagram, .payload = 64, .fragment = 185,      \
					      .extension = { EXT(44) }, ##__VA_ARGS__              \
	}
#define KNOWN(name, end, vip, ...)                                                                 \
	{ name ": IPv4 UDP", KNOWN4(vip, IPPROTO_UDP, __VA_ARGS__), SHUNT_##end },                 \
	{                                                                                          \
		name ": IPv6 UDP", KNOWN6(vip, IPPROTO_UDP, __VA_ARGS__), SHUNT_##end              \
	}

/* TCP options, up to the length @n. */
#define OPTIONS(n, ...) .tcp_options = { __VA_ARGS__ }, .tcp_options_len = n
#define MSS(n) 2, 4, (n) >> 8, (n)&0xff
#define NOP 1
#define SYN .flags = FRAME_SYN, .payload = 0

/* SYNs that end the same way. */
#define EACH_SYN(name, ...)                                                                        \
	{ name ": direct, IPv4", TCP4(SHOP, PORT_MSS, SYN, __VA_ARGS__), SHUNT_FORWARDED },        \
		{ name ": direct, IPv6", TCP6(SHOP, PORT_MSS, SYN, __VA_ARGS__),                   \
		  SHUNT_FORWARDED },                                                               \
		{ name ": 4in6", TCP4(SHOP, PORT_MSS_IPIP6, SYN, __VA_ARGS__), SHUNT_FORWARDED },  \
	{                                                                                          \
		name ": 6in6", TCP6(SHOP, PORT_MSS_IPIP6, SYN, __VA_ARGS__), SHUNT_FORWARDED       \
	}

/* A fixture may say otherwise than the macros: their payload is a default. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* clang-format off */
const struct fixture fixtures[] = {
	/* Every mode, family, protocol and way out. */
	EACH("direct", FORWARDED, SHOP, PORT_DIRECT),
	EACH("direct to another interface", REDIRECTED, SHOP, PORT_DIRECT_OTHER),
	EACH("IPv4 tunnel", FORWARDED, SHOP, PORT_IPIP4),
	EACH("IPv4 tunnel to another interface", REDIRECTED, SHOP, PORT_IPIP4_OTHER),
	EACH("IPv6 tunnel", FORWARDED, SHOP, PORT_IPIP6),
	EACH("IPv6 tunnel to another interface", REDIRECTED, SHOP, PORT_IPIP6_OTHER),
	EACH("GUE over IPv4", FORWARDED, SHOP, PORT_GUE4),
	EACH("GUE over IPv4 to another interface", REDIRECTED, SHOP, PORT_GUE4_OTHER),
	EACH("GUE over IPv6", FORWARDED, SHOP, PORT_GUE6),
	EACH("GUE over IPv6 to another interface", REDIRECTED, SHOP, PORT_GUE6_OTHER),
	EACH("any port", FORWARDED, OPEN, 12345),
	EACH("any port, the number 0", FORWARDED, OPEN, 0),
	EACH("any port, the number 65535", FORWARDED, OPEN, 65535),
	EACH("any port, but this one has a service", FORWARDED, OPEN, 443),
	EACH("last entry of the egress map", REDIRECTED, SHOP, PORT_LAST_EGRESS),
	EACH("last backend of the map", FORWARDED, SHOP, PORT_LAST_BACKEND),
	EACH("last member that a slot can name", FORWARDED, SHOP, PORT_LAST_MEMBER),
	EACH("a table that nobody shares", FORWARDED, SHOP, PORT_ALONE),
	EACH("a table of one line", FORWARDED, SHOP, PORT_SMALL_TABLE),
	EACH("owners up to the end of the map", FORWARDED, SHOP, PORT_LAST_LINE),
	EACH("slot that had another owner", FORWARDED, SHOP, PORT_OLD_OWNER),

	/* A VLAN device: its tag, whatever there was. */
	EACH("to a VLAN", FORWARDED, SHOP, PORT_VLAN),
	EACH("to a VLAN: IPv4 tunnel", FORWARDED, SHOP, PORT_VLAN_IPIP4),
	EACH("to a VLAN: GUE over IPv6", FORWARDED, SHOP, PORT_VLAN_GUE6),
	EACH("to a VLAN on another interface", REDIRECTED, SHOP, PORT_VLAN_OTHER),
	EACH("from VLAN to VLAN", FORWARDED, SHOP, PORT_VLAN, .tags = 1),
	EACH("from VLAN to VLAN: IPv4 tunnel", FORWARDED, SHOP, PORT_VLAN_IPIP4, .tags = 1),
	EACH("from VLAN to VLAN on another interface", REDIRECTED, SHOP, PORT_VLAN_OTHER,
	     .tags = 1),
	EACH("from VLAN to the same", FORWARDED, SHOP, PORT_VLAN, .tags = 1, .tci = TOWN_VLAN),
	EACH("from QinQ to VLAN", FORWARDED, SHOP, PORT_VLAN, .tags = 2),
	EACH("from QinQ to VLAN: GUE over IPv6", FORWARDED, SHOP, PORT_VLAN_GUE6, .tags = 2),
	{ "to a VLAN, extension headers", TCP6(SHOP, PORT_VLAN, .extension = { EXT(43) }),
	  SHUNT_FORWARDED },

	/* Tags stay where they are. */
	EACH("VLAN: direct", FORWARDED, SHOP, PORT_DIRECT, .tags = 1),
	EACH("VLAN: direct to another interface", REDIRECTED, SHOP, PORT_DIRECT_OTHER, .tags = 1),
	EACH("VLAN: IPv4 tunnel", FORWARDED, SHOP, PORT_IPIP4, .tags = 1),
	EACH("VLAN: IPv4 tunnel to another interface", REDIRECTED, SHOP, PORT_IPIP4_OTHER,
	     .tags = 1),
	EACH("VLAN: IPv6 tunnel", FORWARDED, SHOP, PORT_IPIP6, .tags = 1),
	EACH("VLAN: any port", FORWARDED, OPEN, 12345, .tags = 1),
	EACH("QinQ: direct", FORWARDED, SHOP, PORT_DIRECT, .tags = 2),
	EACH("QinQ: IPv4 tunnel", FORWARDED, SHOP, PORT_IPIP4, .tags = 2),
	EACH("QinQ: IPv6 tunnel", FORWARDED, SHOP, PORT_IPIP6, .tags = 2),
	EACH("QinQ: IPv6 tunnel to another interface", REDIRECTED, SHOP, PORT_IPIP6_OTHER,
	     .tags = 2),
	EACH_MODE4("two tags of 802.1Q", .tags = 2, .tpid = 0x8100),
	EACH_MODE6("two tags of 802.1Q", .tags = 2, .tpid = 0x8100),
	EACH_MODE4("one tag of 802.1ad", .tags = 1, .tpid = 0x88a8),
	EACH_MODE6("two tags of 802.1ad", .tags = 2, .tpid = 0x88a8),
	EACH_MODE4("priority tag", .tags = 1, .tci = 0xe000),
	EACH_MODE6("priority tag", .tags = 1, .tci = 0xe000),
	EACH_MODE4("priority tag around another", .tags = 2, .tci = 0xbfff),
	EACH_MODE4("VLAN, IPv4 options", .tags = 1, .options = 40),
	EACH_MODE4("VLAN, padded to 60 bytes", .tags = 1, .payload = 0, .pad = 2),

	/* Extension headers are stepped over. */
	EACH_MODE6("hop-by-hop options", .extension = { EXT(0) }),
	EACH_MODE6("routing header", .extension = { EXT(43) }),
	EACH_MODE6("destination options", .extension = { EXT(60) }),
	EACH_MODE6("authentication header", .extension = { EXT(51) }),
	EACH_MODE6("authentication header of 12 bytes", .extension = { EXT(51) },
		   .extension_len = 12),
	EACH_MODE6("authentication header of 28 bytes", .extension = { EXT(51) },
		   .extension_len = 28),
	EACH_MODE6("a longest one of options", .extension = { EXT(60) }, .extension_len = 2048),
	EACH_MODE6("a longest one of AH", .extension = { EXT(51) }, .extension_len = 1028),
	EACH_MODE6("all that RFC 8200 lists",
		   .extension = { EXT(0), EXT(60), EXT(43), EXT(51), EXT(60) }),
	EACH_MODE6("six extension headers",
		   .extension = { EXT(0), EXT(60), EXT(43), EXT(51), EXT(60), EXT(60) }),
	EACH_MODE6("extension headers without payload", .extension = { EXT(0), EXT(51) },
		   .payload = 0),
	EACH_MODE6("extension headers behind tags", .extension = { EXT(0), EXT(51) }, .tags = 2),
	{ "extension headers, UDP: direct",
	  UDP6(SHOP, PORT_DIRECT, .extension = { EXT(60), EXT(43) }), SHUNT_FORWARDED },
	{ "extension headers, UDP: 6in4",
	  UDP6(SHOP, PORT_IPIP4, .extension = { EXT(51), EXT(60) }), SHUNT_FORWARDED },
	{ "extension headers, UDP: 6in6",
	  UDP6(SHOP, PORT_IPIP6_OTHER, .extension = { EXT(0) }), SHUNT_REDIRECTED },
	{ "extension headers, any port", UDP6(OPEN, 12345, .extension = { EXT(0) }),
	  SHUNT_FORWARDED },

	/* What the headers carry. */
	EACH_MODE4("IPv4 options, 4 bytes", .options = 4),
	EACH_MODE4("IPv4 options, 40 bytes", .options = 40),
	{ "IPv4 options, UDP: 4in4", UDP4(SHOP, PORT_IPIP4, .options = 12), SHUNT_FORWARDED },
	EACH_MODE4("IPv4 DF", .fragment = DF),
	EACH_MODE4("IPv4 reserved flag", .fragment = 0x8000),
	EACH_MODE4("IPv4 ID", .id = 0xbeef),
	EACH_MODE4("IPv4 ID and DF", .id = 0xbeef, .fragment = DF),
	EACH_MODE4("IPv4 wrong checksum stays wrong", .csum_off = 1),
	EACH_MODE4("IPv4 very wrong checksum", .csum_off = 0xa5a5),
	EACH_MODE4("IPv4 ECN CE", .tos = 0x03),
	EACH_MODE4("IPv4 DSCP EF, ECT(0)", .tos = 0xb8 | 0x02),
	EACH_MODE4("IPv4 DSCP 63, ECT(1)", .tos = 0xfd),
	EACH_MODE6("IPv6 ECN CE", .tos = 0x03),
	EACH_MODE6("IPv6 DSCP EF, ECT(0)", .tos = 0xb8 | 0x02),
	EACH_MODE6("IPv6 DSCP 63, ECT(1)", .tos = 0xfd),
	EACH_MODE4("IPv4 TTL 2", .ttl = 2),
	EACH_MODE4("IPv4 TTL 255", .ttl = 255),
	EACH_MODE6("IPv6 hop limit 2", .ttl = 2),
	EACH_MODE6("IPv6 hop limit 255", .ttl = 255),

	/* Lengths. */
	EACH_MODE4("IPv4 padded to 60 bytes", .payload = 0, .pad = 6),
	EACH_MODE6("IPv6 with a trailer", .payload = 0, .pad = 4),
	{ "UDP padded to 60 bytes: direct", UDP4(SHOP, PORT_DIRECT, .payload = 0, .pad = 18),
	  SHUNT_FORWARDED },
	{ "UDP padded to 60 bytes: 4in4", UDP4(SHOP, PORT_IPIP4, .payload = 0, .pad = 18),
	  SHUNT_FORWARDED },
	{ "UDP padded to 60 bytes: 4in6", UDP4(SHOP, PORT_IPIP6, .payload = 0, .pad = 18),
	  SHUNT_FORWARDED },
	EACH("no payload", FORWARDED, SHOP, PORT_DIRECT, .payload = 0),
	EACH_MODE4("IPv4 jumbo frame", .payload = FRAME_LONGEST - 14 - 20 - 20),
	EACH_MODE6("IPv6 jumbo frame", .payload = FRAME_LONGEST - 14 - 40 - 20),
	{ "IPv4 fills the link: direct",
	  TCP4(SHOP, PORT_DIRECT_SMALL, .payload = TOWN_SMALL_MTU - 40), SHUNT_FORWARDED },
	{ "IPv4 fills the link: 4in4",
	  TCP4(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 60), SHUNT_FORWARDED },
	{ "IPv4 fills the link: 4in6",
	  TCP4(SHOP, PORT_IPIP6_SMALL, .payload = TOWN_SMALL_MTU - 80), SHUNT_FORWARDED },
	{ "IPv6 fills the link: direct",
	  TCP6(SHOP, PORT_DIRECT_SMALL, .payload = TOWN_SMALL_MTU - 60), SHUNT_FORWARDED },
	{ "IPv6 fills the link: 6in4",
	  TCP6(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 80), SHUNT_FORWARDED },
	{ "IPv6 fills the link: 6in6",
	  TCP6(SHOP, PORT_IPIP6_SMALL, .payload = TOWN_SMALL_MTU - 100), SHUNT_FORWARDED },
	{ "IPv4 fills the link: GUE over IPv4",
	  TCP4(SHOP, PORT_GUE4_SMALL, .payload = TOWN_SMALL_MTU - 68), SHUNT_FORWARDED },
	{ "IPv4 fills the link: GUE over IPv6",
	  TCP4(SHOP, PORT_GUE6_SMALL, .payload = TOWN_SMALL_MTU - 88), SHUNT_FORWARDED },
	{ "IPv6 fills the link: GUE over IPv4",
	  TCP6(SHOP, PORT_GUE4_SMALL, .payload = TOWN_SMALL_MTU - 88), SHUNT_FORWARDED },
	{ "IPv6 fills the link: GUE over IPv6",
	  TCP6(SHOP, PORT_GUE6_SMALL, .payload = TOWN_SMALL_MTU - 108), SHUNT_FORWARDED },
	{ "IPv4 one byte too long: GUE over IPv4",
	  TCP4(SHOP, PORT_GUE4_SMALL, .payload = TOWN_SMALL_MTU - 67), SHUNT_TOO_BIG },
	{ "IPv4 one byte too long: GUE over IPv6",
	  TCP4(SHOP, PORT_GUE6_SMALL, .payload = TOWN_SMALL_MTU - 87), SHUNT_TOO_BIG },
	{ "IPv6 one byte too long: GUE over IPv4",
	  TCP6(SHOP, PORT_GUE4_SMALL, .payload = TOWN_SMALL_MTU - 87), SHUNT_TOO_BIG },
	{ "IPv6 one byte too long: GUE over IPv6",
	  TCP6(SHOP, PORT_GUE6_SMALL, .payload = TOWN_SMALL_MTU - 107), SHUNT_TOO_BIG },
	{ "padding does not count for the MTU",
	  TCP4(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 60, .pad = 40),
	  SHUNT_FORWARDED },
	{ "IPv4 one byte too long: direct",
	  TCP4(SHOP, PORT_DIRECT_SMALL, .payload = TOWN_SMALL_MTU - 39), SHUNT_TOO_BIG },
	{ "IPv4 one byte too long: 4in4",
	  TCP4(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 59), SHUNT_TOO_BIG },
	{ "IPv4 one byte too long: 4in6",
	  TCP4(SHOP, PORT_IPIP6_SMALL, .payload = TOWN_SMALL_MTU - 79), SHUNT_TOO_BIG },
	{ "IPv6 one byte too long: direct",
	  TCP6(SHOP, PORT_DIRECT_SMALL, .payload = TOWN_SMALL_MTU - 59), SHUNT_TOO_BIG },
	{ "IPv6 one byte too long: 6in4",
	  TCP6(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 79), SHUNT_TOO_BIG },
	{ "IPv6 one byte too long: 6in6",
	  TCP6(SHOP, PORT_IPIP6_SMALL, .payload = TOWN_SMALL_MTU - 99), SHUNT_TOO_BIG },

	/* Pings. */
	{ "echo: IPv4", ECHO4(), SHUNT_ECHO_ANSWERED },
	{ "echo: IPv6", ECHO6(), SHUNT_ECHO_ANSWERED },
	{ "echo to another VIP: IPv4", ICMP4(IDLE, 8), SHUNT_ECHO_ANSWERED },
	{ "echo to another VIP: IPv6", ICMP6(OPEN, 128), SHUNT_ECHO_ANSWERED },
	{ "echo, a tag: IPv4", ECHO4(.tags = 1), SHUNT_ECHO_ANSWERED },
	{ "echo, two tags: IPv6", ECHO6(.tags = 2), SHUNT_ECHO_ANSWERED },
	{ "echo, one byte: IPv4", ECHO4(.payload = 1, .pad = 17), SHUNT_ECHO_ANSWERED },
	{ "echo, long: IPv4", ECHO4(.payload = 3333), SHUNT_ECHO_ANSWERED },
	{ "echo, long: IPv6", ECHO6(.payload = 3333), SHUNT_ECHO_ANSWERED },
	{ "echo, TTL 1: IPv4", ECHO4(.ttl = 1), SHUNT_ECHO_ANSWERED },
	{ "echo, TTL 255: IPv4", ECHO4(.ttl = 255), SHUNT_ECHO_ANSWERED },
	{ "echo, hop limit 1: IPv6", ECHO6(.ttl = 1), SHUNT_ECHO_ANSWERED },
	{ "echo, DF, ID, DSCP: IPv4", ECHO4(.fragment = DF, .id = 7, .tos = 0xb8),
	  SHUNT_ECHO_ANSWERED },
	{ "echo, traffic class: IPv6", ECHO6(.tos = 0xb9), SHUNT_ECHO_ANSWERED },
	{ "echo, another code: IPv4", ECHO4(.icmp_code = 200), SHUNT_ECHO_ANSWERED },
	{ "echo, wrong IPv4 checksum stays wrong", ECHO4(.csum_off = 5), SHUNT_ECHO_ANSWERED },
	{ "echo, wrong checksum stays wrong: IPv4", ECHO4(.l4_csum_off = 9), SHUNT_ECHO_ANSWERED },
	{ "echo, wrong checksum stays wrong: IPv6", ECHO6(.l4_csum_off = 9), SHUNT_ECHO_ANSWERED },
	{ "echo, checksum 0xffff: IPv4", ICMP4(SHOP, 8, .icmp_rest = 0xf7ff0000),
	  SHUNT_ECHO_ANSWERED },
	{ "echo, checksum 0: IPv4", ICMP4(SHOP, 8, .icmp_rest = 0xf7fe0001), SHUNT_ECHO_ANSWERED },
	{ "echo, IPv4 options", ECHO4(.options = 4), SHUNT_NOT_L4 },
	{ "echo, IPv6 options", ECHO6(.extension = { EXT(60) }), SHUNT_NOT_L4 },
	{ "echo, a fragment: IPv4", ECHO4(.fragment = MF), SHUNT_FRAGMENT },
	{ "echo, a fragment: IPv6", ECHO6(FIRST6), SHUNT_FRAGMENT },
	{ "echo, an atomic fragment", ECHO6(ATOMIC6), SHUNT_NOT_L4 },
	{ "echo from 0.0.0.0", ECHO4(.src = "0.0.0.0"), SHUNT_NOT_L4 },
	{ "echo from 127.0.0.1", ECHO4(.src = "127.0.0.1"), SHUNT_NOT_L4 },
	{ "echo from a group", ECHO4(.src = "224.0.0.5"), SHUNT_NOT_L4 },
	{ "echo from all", ECHO4(.src = "255.255.255.255"), SHUNT_NOT_L4 },
	{ "echo from the last host", ECHO4(.src = "223.255.255.255"), SHUNT_ECHO_ANSWERED },
	{ "echo from ::", ECHO6(.src = "::"), SHUNT_NOT_L4 },
	{ "echo from ::1", ECHO6(.src = "::1"), SHUNT_NOT_L4 },
	{ "echo from ::2", ECHO6(.src = "::2"), SHUNT_ECHO_ANSWERED },
	{ "echo from a link-local address", ECHO6(.src = "fe80::1"), SHUNT_ECHO_ANSWERED },
	{ "echo from a group: IPv6", ECHO6(.src = "ff02::1"), SHUNT_NOT_L4 },
	{ "another host's echo: IPv4", ICMP4(STRANGER, 8), SHUNT_NOT_L4 },
	{ "another host's echo: IPv6", ICMP6(STRANGER, 128), SHUNT_NOT_L4 },
	{ "another host's echo, too short", ICMP4(STRANGER, 8, .cut = 38), SHUNT_NOT_SERVICE },
	{ "echo, longer than the frame: IPv4", ECHO4(.ip_len_off = 1), SHUNT_BAD_LENGTH },
	{ "echo, longer than the frame: IPv6", ECHO6(.ip_len_off = 1), SHUNT_BAD_LENGTH },
	{ "echo, shorter than its header", ECHO4(.ip_len_off = -57), SHUNT_BAD_LENGTH },
	{ "echo reply: IPv4", ICMP4(SHOP, 0), SHUNT_NOT_L4 },
	{ "redirect: IPv4", ICMP4(SHOP, 5, .quoted = SENT4(SHOP, PORT_DIRECT, TCP)), SHUNT_NOT_L4 },
	{ "timestamp: IPv4", ICMP4(SHOP, 13, .payload = 12), SHUNT_NOT_L4 },
	{ "echo reply: IPv6", ICMP6(SHOP, 129), SHUNT_NOT_L4 },
	{ "router solicitation", ICMP6(SHOP, 133), SHUNT_NOT_L4 },
	{ "router advertisement", ICMP6(SHOP, 134, .payload = 8), SHUNT_NOT_L4 },
	{ "neighbour solicitation", ICMP6(SHOP, 135, .payload = 24), SHUNT_NOT_L4 },
	{ "neighbour advertisement", ICMP6(SHOP, 136, .payload = 24), SHUNT_NOT_L4 },
	{ "redirect: IPv6", ICMP6(SHOP, 137, .quoted = SENT6(SHOP, PORT_DIRECT, TCP)), SHUNT_NOT_L4 },
	{ "type 0: IPv6", ICMP6(SHOP, 0), SHUNT_NOT_L4 },
	{ "type 5: IPv6", ICMP6(SHOP, 5, .quoted = SENT6(SHOP, PORT_DIRECT, TCP)), SHUNT_NOT_L4 },

	/* ICMP errors go where the flow goes that they are about. */
	EACH_ERROR("an error: direct", FORWARDED, SHOP, PORT_DIRECT),
	EACH_ERROR("an error: direct to another interface", REDIRECTED, SHOP, PORT_DIRECT_OTHER),
	EACH_ERROR("an error: IPv4 tunnel", FORWARDED, SHOP, PORT_IPIP4),
	EACH_ERROR("an error: IPv6 tunnel", FORWARDED, SHOP, PORT_IPIP6),
	EACH_ERROR("an error: GUE in IPv4", FORWARDED, SHOP, PORT_GUE4),
	EACH_ERROR("an error: GUE in IPv6", REDIRECTED, SHOP, PORT_GUE6_OTHER),
	EACH_ERROR("an error: any port", FORWARDED, OPEN, 12345),
	EACH_ERROR("an error: VLAN", FORWARDED, SHOP, PORT_DIRECT, .tags = 1),
	EACH_ERROR("an error: QinQ", FORWARDED, SHOP, PORT_IPIP6, .tags = 2),
	EACH_ERROR("an error: TTL 1", TTL_EXPIRED, SHOP, PORT_DIRECT, .ttl = 1),
	EACH_ERROR("an error: no backend", NO_BACKEND, SHOP, PORT_NO_BACKEND),
	EACH_ERROR("an error: a port without a service", BAD_ICMP, SHOP, PORT_NOBODY),
	EACH_ERROR("an error: does not fit, and nobody is told", TOO_BIG, SHOP, PORT_DIRECT_SMALL,
		   .fragment = DF, .payload = 1400),
	EACH_ERROR("an error: longer than the frame", BAD_LENGTH, SHOP, PORT_DIRECT,
		   .ip_len_off = 1),
	EACH_ERROR("an error: what it quotes ends in the ports", BAD_ICMP, SHOP, PORT_DIRECT,
		   .ip_len_off = -61 + 8),
	EACH_ERROR("an error for another host", NOT_SERVICE, STRANGER, PORT_DIRECT),
	{ "fragmentation needed", ICMP4(SHOP, 3, .icmp_code = 4, .icmp_rest = 1400,
	  .quoted = SENT4(SHOP, PORT_IPIP4, TCP, .payload = 1440), .quote = 548), SHUNT_FORWARDED },
	{ "packet too big", ICMP6(SHOP, 2, .icmp_rest = 1400,
	  .quoted = SENT6(SHOP, PORT_IPIP6, TCP, .payload = 1440), .quote = 1232), SHUNT_FORWARDED },
	{ "source quench", ICMP4(SHOP, 4, .quoted = SENT4(SHOP, PORT_DIRECT, TCP)), SHUNT_FORWARDED },
	{ "time exceeded: IPv4", ICMP4(SHOP, 11, .quoted = SENT4(SHOP, PORT_DIRECT, TCP)), SHUNT_FORWARDED },
	{ "parameter problem: IPv4", ICMP4(SHOP, 12, .quoted = SENT4(SHOP, PORT_DIRECT, TCP)),
	  SHUNT_FORWARDED },
	{ "parameter problem: IPv6", ICMP6(SHOP, 4, .quoted = SENT6(SHOP, PORT_DIRECT, TCP)),
	  SHUNT_FORWARDED },
	{ "an error quotes 8 bytes: IPv4", ERROR4(SHOP, PORT_DIRECT, .quote = 28),
	  SHUNT_FORWARDED },
	{ "an error quotes 8 bytes: IPv6", ERROR6(SHOP, PORT_DIRECT, .quote = 48),
	  SHUNT_FORWARDED },
	{ "an error quotes 7 bytes: IPv4", ERROR4(SHOP, PORT_DIRECT, .quote = 27), SHUNT_BAD_ICMP },
	{ "an error quotes 7 bytes: IPv6", ERROR6(SHOP, PORT_DIRECT, .quote = 47), SHUNT_BAD_ICMP },
	{ "an error quotes 7 bytes, and padding follows",
	  ERROR4(SHOP, PORT_DIRECT, .quote = 27, .pad = 30), SHUNT_BAD_ICMP },
	{ "an error quotes half a header: IPv4", ERROR4(SHOP, PORT_DIRECT, .quote = 19),
	  SHUNT_BAD_ICMP },
	{ "an error quotes half a header: IPv6", ERROR6(SHOP, PORT_DIRECT, .quote = 39),
	  SHUNT_BAD_ICMP },
	{ "an error quotes nothing: IPv4", ICMP4(SHOP, 3), SHUNT_BAD_ICMP },
	{ "an error quotes nothing: IPv6", ICMP6(SHOP, 1), SHUNT_BAD_ICMP },
	{ "an error with IPv4 options", ERROR4(SHOP, PORT_IPIP4, .options = 24), SHUNT_FORWARDED },
	{ "an error with IPv6 options", ERROR6(SHOP, PORT_IPIP6, .extension = { EXT(0), EXT(60) }),
	  SHUNT_FORWARDED },
	{ "an error that is a fragment", ERROR4(SHOP, PORT_DIRECT, .fragment = MF),
	  SHUNT_FRAGMENT },
	{ "an error about a packet with IPv4 options",
	  ICMP4(SHOP, 3, .quoted = SENT4(SHOP, PORT_DIRECT, TCP, .options = 40)), SHUNT_FORWARDED },
	{ "an error about a packet with IPv6 options",
	  ICMP6(SHOP, 1, .quoted = SENT6(SHOP, PORT_DIRECT, TCP, .extension = { DSTOPTS6 })),
	  SHUNT_FORWARDED },
	{ "an error about a packet with seven extension headers",
	  ICMP6(SHOP, 1, .quoted = SENT6(SHOP, PORT_DIRECT, TCP, .extension = { DSTOPTS6, EXT(60) })),
	  SHUNT_BAD_ICMP },
	{ "an error about a first fragment: IPv4",
	  ICMP4(SHOP, 3, .quoted = SENT4(SHOP, PORT_DIRECT, UDP, .fragment = MF)), SHUNT_FORWARDED },
	{ "an error about a first fragment: IPv6",
	  ICMP6(SHOP, 1, .quoted = SENT6(SHOP, PORT_DIRECT, UDP, .extension = { EXT(60), EXT(44) })),
	  SHUNT_FORWARDED },
	{ "an error about a later fragment: IPv4",
	  ICMP4(SHOP, 3, .quoted = SENT4(SHOP, PORT_DIRECT, UDP, .fragment = 1)), SHUNT_BAD_ICMP },
	{ "an error about a later fragment: IPv6",
	  ICMP6(SHOP, 1, .quoted = SENT6(SHOP, PORT_DIRECT, UDP, .extension = { EXT(44) },
					 .fragment = 1)), SHUNT_BAD_ICMP },
	{ "an error about the first of many fragments: IPv6",
	  ICMP6(SHOP, 1, .quoted = SENT6(SHOP, PORT_IPIP6, TCP, .extension = { EXT(44) },
					 .fragment = MF)), SHUNT_FORWARDED },
	{ "an error about a fragment, not whole: IPv6",
	  ICMP6(SHOP, 1, .quoted = SENT6(SHOP, PORT_DIRECT, UDP, .extension = { EXT(44) }), .quote = 47),
	  SHUNT_BAD_ICMP },
	{ "an error about SCTP", ICMP4(SHOP, 3, .quoted = SENT4(SHOP, PORT_DIRECT, SCTP)), SHUNT_BAD_ICMP },
	{ "an error about ICMP", ICMP4(SHOP, 3, .quoted = SENT4(SHOP, PORT_DIRECT, ICMP)), SHUNT_BAD_ICMP },
	{ "an error about ICMPv6", ICMP6(SHOP, 1, .quoted = SENT6(SHOP, PORT_DIRECT, ICMPV6)),
	  SHUNT_BAD_ICMP },
	{ "an error about a packet of another VIP: IPv4",
	  ICMP4(SHOP, 3, .quoted = SENT4(OPEN, PORT_DIRECT, TCP)), SHUNT_BAD_ICMP },
	{ "an error about a packet of another VIP: IPv6",
	  ICMP6(SHOP, 1, .quoted = SENT6(OPEN, PORT_DIRECT, TCP)), SHUNT_BAD_ICMP },
	{ "an error about IPv6 in ICMP", ICMP4(SHOP, 3, .quoted = SENT6(SHOP, PORT_DIRECT, TCP)),
	  SHUNT_BAD_ICMP },
	{ "an error about IPv4 in ICMPv6", ICMP6(SHOP, 1, .quoted = SENT4(SHOP, PORT_DIRECT, TCP)),
	  SHUNT_BAD_ICMP },
	{ "an error about an IPv4 header of 16 bytes",
	  ICMP4(SHOP, 3, .quoted = SENT4(SHOP, PORT_DIRECT, TCP, .ihl = 4)), SHUNT_BAD_ICMP },
	{ "an error about what never was so long",
	  ICMP4(SHOP, 3, .quoted = SENT4(SHOP, PORT_DIRECT, TCP, .ip_len_off = 9999)), SHUNT_FORWARDED },
	{ "an error with another one's type: IPv4", ICMP4(SHOP, 1, .quoted = SENT4(SHOP, PORT_DIRECT, TCP)),
	  SHUNT_NOT_L4 },

	/* What does not fit, and may not be fragmented, comes back. */
	{ "too big: IPv4, direct",
	  TCP4(SHOP, PORT_DIRECT_SMALL, .fragment = DF, .payload = TOWN_SMALL_MTU - 39),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: 4in4",
	  TCP4(SHOP, PORT_IPIP4_SMALL, .fragment = DF, .payload = TOWN_SMALL_MTU - 59),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: 4in6",
	  TCP4(SHOP, PORT_IPIP6_SMALL, .fragment = DF, .payload = TOWN_SMALL_MTU - 79),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4, GUE in IPv4",
	  TCP4(SHOP, PORT_GUE4_SMALL, .fragment = DF, .payload = TOWN_SMALL_MTU - 67),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4, GUE in IPv6",
	  TCP4(SHOP, PORT_GUE6_SMALL, .fragment = DF, .payload = TOWN_SMALL_MTU - 87),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: UDP, an odd number of bytes",
	  UDP4(SHOP, PORT_IPIP4_SMALL, .fragment = DF, .payload = 1201, .pad = 3),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4, much", UDP4(SHOP, PORT_DIRECT_SMALL, .fragment = DF, .payload = 3333),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4 options",
	  UDP4(SHOP, PORT_IPIP4_SMALL, .fragment = DF, .payload = 1200, .options = 40),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4, a tag",
	  UDP4(SHOP, PORT_IPIP4_SMALL, .fragment = DF, .payload = 1200, .tags = 1),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4 TTL 2, DSCP",
	  UDP4(SHOP, PORT_IPIP4_SMALL, .fragment = DF, .payload = 1200, .ttl = 2, .tos = 0xb8),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: wrong IPv4 checksum",
	  UDP4(SHOP, PORT_IPIP4_SMALL, .fragment = DF, .payload = 1200, .csum_off = 3),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big, no DF", UDP4(SHOP, PORT_DIRECT_SMALL, .payload = 1200), SHUNT_TOO_BIG },
	{ "too big, from 0.1.2.3",
	  UDP4(SHOP, PORT_DIRECT_SMALL, .src = "0.1.2.3", .fragment = DF, .payload = 1200),
	  SHUNT_TOO_BIG },
	{ "too big, from a group",
	  UDP4(SHOP, PORT_DIRECT_SMALL, .src = "239.0.0.1", .fragment = DF, .payload = 1200),
	  SHUNT_TOO_BIG },
	{ "too big: no link takes less than 68",
	  UDP4(SHOP, PORT_DIRECT_TINY, .fragment = DF, .payload = 69 - 28),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: 68 bytes are never", UDP4(SHOP, PORT_DIRECT_TINY, .fragment = DF,
	  .payload = 68 - 28), SHUNT_TOO_BIG },
	{ "too big: not even the outer header fits",
	  UDP4(SHOP, PORT_IPIP6_TINY, .fragment = DF, .payload = 69 - 28),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv6, the first fragment",
	  UDP6(SHOP, PORT_DIRECT_MEDIUM, FIRST6, .id = 0x2012, .payload = TOWN_MEDIUM_MTU),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4, the first fragment",
	  UDP4(SHOP, PORT_DIRECT_SMALL, .fragment = DF | MF, .id = 0x2012, .payload = 1200),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv4, a later fragment",
	  KNOWN4(SHOP, IPPROTO_UDP, ID_SMALL, .fragment = DF | 8, .payload = 1200), SHUNT_TOO_BIG },
	{ "too big: IPv6, a later fragment",
	  KNOWN6(SHOP, IPPROTO_UDP, ID_SMALL, .payload = TOWN_MEDIUM_MTU), SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv6, direct",
	  TCP6(SHOP, PORT_DIRECT_MEDIUM, .payload = TOWN_MEDIUM_MTU - 59), SHUNT_TOO_BIG_ANSWERED },
	{ "too big: 6in4",
	  TCP6(SHOP, PORT_IPIP4_MEDIUM, .payload = TOWN_MEDIUM_MTU - 79), SHUNT_TOO_BIG_ANSWERED },
	{ "too big: 6in6",
	  TCP6(SHOP, PORT_IPIP6_MEDIUM, .payload = TOWN_MEDIUM_MTU - 99), SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv6, GUE in IPv4",
	  TCP6(SHOP, PORT_GUE4_MEDIUM, .payload = TOWN_MEDIUM_MTU - 87), SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv6, GUE in IPv6",
	  TCP6(SHOP, PORT_GUE6_MEDIUM, .payload = TOWN_MEDIUM_MTU - 107), SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv6, much", UDP6(SHOP, PORT_IPIP6_MEDIUM, .payload = 3333),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: IPv6, two tags", UDP6(SHOP, PORT_IPIP6_MEDIUM, .payload = 1500, .tags = 2),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: extension headers",
	  UDP6(SHOP, PORT_IPIP4_MEDIUM, .payload = 1500, .extension = { EXT(0), EXT(43) }),
	  SHUNT_TOO_BIG_ANSWERED },
	{ "too big: no IPv6 link takes less than 1280",
	  UDP6(SHOP, PORT_DIRECT_SMALL, .payload = 1281 - 48), SHUNT_TOO_BIG_ANSWERED },
	{ "too big: 1280 bytes of IPv6 are never",
	  UDP6(SHOP, PORT_DIRECT_SMALL, .payload = 1280 - 48), SHUNT_TOO_BIG },
	{ "too big: not even the outer header fits: IPv6",
	  UDP6(SHOP, PORT_IPIP6_TINY, .payload = 1300), SHUNT_TOO_BIG_ANSWERED },
	{ "too big, from ::", UDP6(SHOP, PORT_DIRECT_MEDIUM, .src = "::", .payload = 1500),
	  SHUNT_TOO_BIG },
	{ "too big, from a group: IPv6",
	  UDP6(SHOP, PORT_DIRECT_MEDIUM, .src = "ff02::1", .payload = 1500), SHUNT_TOO_BIG },
	/* Fragments go where their datagram goes. */
	EACH_MODE4("first fragment", FIRST4, .id = 0x2000),
	EACH_MODE6("first fragment", FIRST6, .id = 0x2000),
	EACH_MODE4("first fragment, DF", .fragment = MF | DF, .id = 0x2000),
	EACH_MODE4("first fragment behind options", FIRST4, .id = 0x2001, .options = 40),
	EACH_MODE4("first fragment behind tags", FIRST4, .id = 0x2002, .tags = 2),
	EACH_MODE6("first fragment behind tags", FIRST6, .id = 0x2002, .tags = 2),
	EACH_MODE6("first fragment behind options", .fragment = MF, .id = 0x2003,
		   .extension = { EXT(0), EXT(60), EXT(43), EXT(44) }),
	EACH_MODE6("first fragment, options in it", .fragment = MF, .id = 0x2004,
		   .extension = { EXT(44), EXT(60), EXT(51) }),
	EACH_MODE6("first fragment, options before and in it", .fragment = MF, .id = 0x2005,
		   .extension = { EXT(0), EXT(43), EXT(44), EXT(60) }),
	EACH_MODE6("first fragment behind six", .fragment = MF, .id = 0x2006,
		   .extension = { DSTOPTS6, EXT(44) }),
	EACH_MODE6("first fragment, six in it", .fragment = MF, .id = 0x2006,
		   .extension = { EXT(44), DSTOPTS6 }),
	{ "first fragment, UDP", UDP4(SHOP, PORT_IPIP4, FIRST4, .id = 0x2007), SHUNT_FORWARDED },
	{ "first fragment, UDP, IPv6", UDP6(SHOP, PORT_IPIP6_OTHER, FIRST6, .id = 0x2007),
	  SHUNT_REDIRECTED },
	{ "first fragment, any port", UDP4(OPEN, 12345, FIRST4, .id = 0x2008), SHUNT_FORWARDED },
	{ "first fragment, any port, IPv6", UDP6(OPEN, 12345, FIRST6, .id = 0x2008),
	  SHUNT_FORWARDED },
	{ "first fragment, to what looks like IPv4",
	  UDP6(STRANGER, 80, .dst = "::ffff:198.51.100.7", FIRST6, .id = 0x2008), SHUNT_NOT_SERVICE },
	{ "first fragment, of no service", UDP4(SHOP, PORT_NOBODY, FIRST4, .id = 0x2009),
	  SHUNT_NOT_SERVICE },
	{ "first fragment, of no service, IPv6", UDP6(SHOP, PORT_NOBODY, FIRST6, .id = 0x2009),
	  SHUNT_NOT_SERVICE },
	{ "first fragment too long for the link",
	  UDP4(SHOP, PORT_IPIP4_SMALL, FIRST4, .id = 0x200a, .payload = TOWN_SMALL_MTU - 28 - 19),
	  SHUNT_TOO_BIG },
	EACH_MODE6("atomic fragment", ATOMIC6),
	EACH_MODE6("atomic fragment behind options", .extension = { EXT(0), EXT(44) }),
	EACH_MODE6("atomic fragment, options in it", .extension = { EXT(44), EXT(60), EXT(43) }),
	EACH_MODE4("padding in first fragment", FIRST4, .id = 0x200b, .payload = 0, .pad = 6),
	KNOWN("later fragment", FORWARDED, OPEN, ID_KNOWN),
	KNOWN("later fragment with more to come", FORWARDED, OPEN, ID_KNOWN, .fragment = MF | 185),
	KNOWN("later fragment, tags", FORWARDED, OPEN, ID_KNOWN, .tags = 2),
	KNOWN("later fragment at offset 8, UDP", FORWARDED, OPEN, ID_KNOWN, .fragment = 1),
	KNOWN("later fragment at the largest offset", FORWARDED, OPEN, ID_KNOWN, .fragment = 0x1fff),
	KNOWN("later fragment, an aged memory", FORWARDED, OPEN, ID_AGED),
	KNOWN("later fragment, an expired memory", LATE_FRAGMENT, OPEN, ID_EXPIRED),
	KNOWN("later fragment of an unknown one", LATE_FRAGMENT, OPEN, ID_UNKNOWN),
	KNOWN("later fragment of an unknown one, tags", LATE_FRAGMENT, OPEN, ID_UNKNOWN, .tags = 1),
	KNOWN("later fragment, of no service", NOT_SERVICE, HASHED, ID_NOBODY),
	KNOWN("later fragment, TTL 1", TTL_EXPIRED, OPEN, ID_KNOWN, .ttl = 1),
	{ "later fragment, TCP", KNOWN4(OPEN, IPPROTO_TCP, ID_KNOWN + ID_OF_TCP), SHUNT_FORWARDED },
	{ "later fragment, TCP, IPv6", KNOWN6(OPEN, IPPROTO_TCP, ID_KNOWN + ID_OF_TCP),
	  SHUNT_FORWARDED },
	{ "later fragment, known of the other protocol", KNOWN4(OPEN, IPPROTO_TCP, ID_KNOWN),
	  SHUNT_LATE_FRAGMENT },
	{ "later fragment at offset 8, TCP",
	  KNOWN4(OPEN, IPPROTO_TCP, ID_KNOWN + ID_OF_TCP, .fragment = MF | 1), SHUNT_FRAGMENT },
	{ "later fragment at offset 8, TCP, IPv6",
	  KNOWN6(OPEN, IPPROTO_TCP, ID_KNOWN + ID_OF_TCP, .fragment = 1), SHUNT_FRAGMENT },
	{ "later fragment at offset 16, TCP",
	  KNOWN4(OPEN, IPPROTO_TCP, ID_KNOWN + ID_OF_TCP, .fragment = 2), SHUNT_FORWARDED },
	{ "later fragment behind options",
	  KNOWN4(OPEN, IPPROTO_UDP, ID_KNOWN, .options = 40), SHUNT_FORWARDED },
	{ "later fragment behind options, IPv6",
	  KNOWN6(OPEN, IPPROTO_UDP, ID_KNOWN, .extension = { EXT(0), EXT(60), EXT(44) }),
	  SHUNT_FORWARDED },
	{ "later fragment of what began with options",
	  KNOWN6(OPEN, IPPROTO_UDP, ID_KNOWN, .extension = { EXT(44), EXT(60) }), SHUNT_FORWARDED },
	{ "later fragment of what began with options, unknown",
	  KNOWN6(OPEN, IPPROTO_UDP, ID_UNKNOWN, .extension = { EXT(44), EXT(43) }),
	  SHUNT_LATE_FRAGMENT },
	{ "later fragment, shorter than the transport header",
	  KNOWN4(OPEN, IPPROTO_TCP, ID_KNOWN + ID_OF_TCP, .payload = 0, .ip_len_off = -16,
		 .cut = 38), SHUNT_FORWARDED },
	{ "later fragment, padded to 60 bytes",
	  KNOWN4(OPEN, IPPROTO_UDP, ID_KNOWN, .payload = 0, .pad = 18), SHUNT_FORWARDED },
	{ "later fragment, longer than the frame",
	  KNOWN4(OPEN, IPPROTO_UDP, ID_KNOWN, .ip_len_off = 1), SHUNT_BAD_LENGTH },
	{ "later fragment, longer than the frame, IPv6",
	  KNOWN6(OPEN, IPPROTO_UDP, ID_KNOWN, .ip_len_off = 1), SHUNT_BAD_LENGTH },
	{ "later fragment, shorter than its header",
	  KNOWN4(OPEN, IPPROTO_UDP, ID_KNOWN, .ip_len_off = -73), SHUNT_BAD_LENGTH },
	{ "later fragment, shorter than its header, IPv6",
	  KNOWN6(OPEN, IPPROTO_UDP, ID_KNOWN, .ip_len_off = -73), SHUNT_BAD_LENGTH },
	{ "later fragment, ends in the options",
	  KNOWN4(OPEN, IPPROTO_UDP, ID_KNOWN, .options = 40, .cut = 70), SHUNT_TRUNCATED },
	{ "ends in the fragment header", UDP6(OPEN, 80, FIRST6, .cut = 61), SHUNT_TRUNCATED },
	{ "tiny first fragment: TCP", TCP4(SHOP, PORT_DIRECT, FIRST4, .payload = 0, .cut = 50,
	  .ip_len_off = -4), SHUNT_TRUNCATED },
	{ "tiny first fragment, padded: TCP", TCP4(SHOP, PORT_DIRECT, FIRST4, .payload = 0, .pad = 6,
	  .ip_len_off = -4), SHUNT_BAD_LENGTH },
	{ "tiny first fragment: UDP", UDP4(SHOP, PORT_DIRECT, FIRST4, .payload = 0, .pad = 20,
	  .ip_len_off = -1), SHUNT_BAD_LENGTH },
	{ "tiny first fragment: TCP, IPv6", TCP6(SHOP, PORT_DIRECT, FIRST6, .payload = 0, .cut = 70,
	  .ip_len_off = -12), SHUNT_TRUNCATED },
	{ "fragment of ICMP", OTHER4(IPPROTO_ICMP, LATER4(185)), SHUNT_FRAGMENT },
	{ "first fragment of ICMPv6", OTHER6(IPPROTO_ICMPV6, FIRST6), SHUNT_FRAGMENT },
	{ "later fragment of ICMPv6", OTHER6(IPPROTO_ICMPV6, LATER6(185)), SHUNT_FRAGMENT },
	{ "first fragment of ESP", OTHER6(IPPROTO_ESP, FIRST6), SHUNT_NOT_L4 },
	{ "later fragment of ESP", OTHER6(IPPROTO_ESP, LATER6(185)), SHUNT_NOT_L4 },
	{ "two fragment headers", UDP6(SHOP, PORT_DIRECT, .fragment = MF,
	  .extension = { EXT(44), EXT(44) }), SHUNT_EXTENSION },
	{ "two fragment headers, options between them", UDP6(SHOP, PORT_DIRECT, .fragment = MF,
	  .extension = { EXT(44), EXT(60), EXT(44) }), SHUNT_EXTENSION },
	{ "hop-by-hop options in a fragment", UDP6(SHOP, PORT_DIRECT, .fragment = MF,
	  .extension = { EXT(44), EXT(0) }), SHUNT_EXTENSION },
	{ "seven extension headers in a fragment", UDP6(SHOP, PORT_DIRECT, .fragment = MF,
	  .extension = { EXT(44), DSTOPTS6, EXT(60) }), SHUNT_EXTENSION },

	/* A service that wants none. */
	EACH("no fragments: whole", FORWARDED, SHOP, PORT_WHOLE),
	{ "no fragments: an atomic one", UDP6(SHOP, PORT_WHOLE, ATOMIC6), SHUNT_FORWARDED },
	{ "no fragments: the first one", UDP4(SHOP, PORT_WHOLE, FIRST4, .id = 0x2020),
	  SHUNT_FRAGMENT },
	{ "no fragments: the first one, IPv6", TCP6(SHOP, PORT_WHOLE, FIRST6, .id = 0x2020),
	  SHUNT_FRAGMENT },
	{ "no fragments: a later one", KNOWN4(SHOP, IPPROTO_UDP, ID_KNOWN), SHUNT_FRAGMENT },
	{ "no fragments: a later one, IPv6", KNOWN6(SHOP, IPPROTO_UDP, ID_KNOWN), SHUNT_FRAGMENT },
	{ "no fragments: a later one of an unknown one", KNOWN4(SHOP, IPPROTO_UDP, ID_UNKNOWN),
	  SHUNT_LATE_FRAGMENT },

	/* A service that is hashed without ports. */
	EACH("hashed without ports", FORWARDED, HASHED, PORT_HASHED),
	{ "hashed: first fragment", UDP4(HASHED, PORT_HASHED, FIRST4, .id = 0x2010),
	  SHUNT_FORWARDED },
	{ "hashed: first fragment, IPv6", UDP6(HASHED, PORT_HASHED, FIRST6, .id = 0x2010),
	  SHUNT_FORWARDED },
	{ "hashed: first fragment of the other service",
	  UDP4(HASHED, PORT_NOT_HASHED, FIRST4, .id = 0x2011), SHUNT_FORWARDED },
	KNOWN("hashed: later fragment", FORWARDED, HASHED, ID_UNKNOWN),
	KNOWN("hashed: later fragment of the other service", FORWARDED, HASHED, ID_KNOWN),
	KNOWN("hashed: later fragment, expired", FORWARDED, HASHED, ID_EXPIRED),
	{ "hashed: later fragment, TCP", KNOWN4(HASHED, IPPROTO_TCP, ID_UNKNOWN), SHUNT_FORWARDED },
	{ "hashed: later fragment of what began with options",
	  KNOWN6(HASHED, IPPROTO_UDP, ID_UNKNOWN, .extension = { EXT(44), EXT(60) }),
	  SHUNT_LATE_FRAGMENT },

	/* The MSS of SYNs. */
	EACH_SYN("MSS, larger", OPTIONS(4, MSS(8960))),
	EACH_SYN("MSS, one more", OPTIONS(4, MSS(TOWN_MSS + 1))),
	EACH_SYN("MSS, equal", OPTIONS(4, MSS(TOWN_MSS))),
	EACH_SYN("MSS, smaller", OPTIONS(4, MSS(536))),
	EACH_SYN("MSS 65535", OPTIONS(4, MSS(65535))),
	EACH_SYN("MSS 0", OPTIONS(4, MSS(0))),
	EACH_SYN("MSS at an odd place", OPTIONS(8, NOP, MSS(1460))),
	EACH_SYN("MSS at the other odd place", OPTIONS(8, NOP, NOP, NOP, MSS(1460))),
	EACH_SYN("MSS at the third place", OPTIONS(8, NOP, NOP, MSS(1460))),
	EACH_SYN("MSS in the end", OPTIONS(40, 8, 10, 9, 8, 7, 6, 5, 4, 3, 2, 4, 2, 3, 3, 7,
		 254, 19, 8, 7, 6, 5, 4, 3, 2, 1, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, MSS(1460))),
	EACH_SYN("MSS behind 36 times nothing",
		 OPTIONS(40, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, MSS(1460))),
	EACH_SYN("MSS as Linux sends it",
		 OPTIONS(20, MSS(1460), 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, NOP, 3, 3, 7)),
	EACH_SYN("MSS twice", OPTIONS(12, MSS(1460), NOP, MSS(1400))),
	EACH_SYN("MSS behind the end of options", OPTIONS(8, 0, 0, 0, 0, MSS(1460))),
	EACH_SYN("no MSS", OPTIONS(4, NOP, 3, 3, 7)),
	EACH_SYN("no options", .tcp_options_len = 0),
	EACH_SYN("MSS of 3 bytes", OPTIONS(8, 2, 3, 0xff, MSS(1460))),
	EACH_SYN("MSS of 5 bytes", OPTIONS(8, 2, 5, 0xff, 0xff, 0xff)),
	EACH_SYN("an option of 0 bytes", OPTIONS(8, 8, 0, MSS(1460))),
	EACH_SYN("an option of 1 byte", OPTIONS(8, 8, 1, MSS(1460))),
	EACH_SYN("an option past the end", OPTIONS(8, MSS(1460), 8, 5)),
	EACH_SYN("an option ends before its length", OPTIONS(8, MSS(1460), NOP, NOP, NOP, 8)),
	EACH_SYN("MSS past the end", OPTIONS(4, NOP, 2, 4, 0xff)),
	EACH_SYN("MSS, SYN and data", OPTIONS(4, MSS(1460)), .payload = 33),
	EACH_SYN("MSS, SYN and ACK", OPTIONS(4, MSS(1460)), .flags = FRAME_SYN | FRAME_ACK),
	EACH_SYN("MSS, no SYN", OPTIONS(4, MSS(1460)), .flags = FRAME_ACK),
	EACH_SYN("MSS, tags", OPTIONS(8, NOP, MSS(1460)), .tags = 2),
	EACH_SYN("MSS, TTL 2", OPTIONS(4, MSS(1460)), .ttl = 2),
	EACH("MSS: UDP or no SYN", FORWARDED, SHOP, PORT_MSS),
	{ "MSS, IPv4 options", TCP4(SHOP, PORT_MSS, SYN, OPTIONS(8, NOP, MSS(1460)), .options = 40),
	  SHUNT_FORWARDED },
	{ "MSS, extension headers", TCP6(SHOP, PORT_MSS, SYN, OPTIONS(4, MSS(1460)),
	  .extension = { EXT(0), EXT(43), EXT(51), EXT(60) }), SHUNT_FORWARDED },
	{ "MSS, atomic fragment", TCP6(SHOP, PORT_MSS, SYN, OPTIONS(4, MSS(1460)),
	  .extension = { EXT(60), EXT(44), EXT(60) }), SHUNT_FORWARDED },
	{ "MSS, first fragment", TCP4(SHOP, PORT_MSS, SYN, OPTIONS(4, MSS(1460)), FIRST4,
	  .id = 0x2030, .payload = 4), SHUNT_FORWARDED },
	{ "MSS, first fragment, ends in it", TCP4(SHOP, PORT_MSS, SYN, OPTIONS(8, MSS(1460)), FIRST4,
	  .id = 0x2030, .ip_len_off = -5), SHUNT_FORWARDED },
	{ "MSS, TCP header longer than the packet", TCP4(SHOP, PORT_MSS, SYN, OPTIONS(4, MSS(1460)),
	  .ip_len_off = -4), SHUNT_FORWARDED },
	{ "MSS, but no backend", TCP4(SHOP, PORT_MSS_NO_BACKEND, SYN, OPTIONS(4, MSS(1460))),
	  SHUNT_NO_BACKEND },
	{ "MSS, another service", TCP4(SHOP, PORT_DIRECT, SYN, OPTIONS(4, MSS(1460))),
	  SHUNT_FORWARDED },

	/* None of our business. */
	EACH("group address", NOT_UNICAST, SHOP, PORT_DIRECT, .group = true),
	EACH("three tags", NOT_IP, SHOP, PORT_DIRECT, .tags = 3),
	EACH("a tag of nobody", NOT_IP, SHOP, PORT_DIRECT, .tags = 1, .tpid = 0x9100),
	EACH("a tag of nobody inside", NOT_IP, SHOP, PORT_DIRECT, .tags = 1, .ethertype = 0x9100),
	EACH("ARP, a tag", NOT_IP, SHOP, PORT_DIRECT, .tags = 1, .ethertype = 0x0806),
	EACH("group address, a tag", NOT_UNICAST, SHOP, PORT_DIRECT, .tags = 1, .group = true),
	EACH("ends in the tag", NOT_IP, SHOP, PORT_DIRECT, .tags = 1, .cut = 15),
	EACH("ends in the type behind the tag", NOT_IP, SHOP, PORT_DIRECT, .tags = 1, .cut = 17),
	EACH("ends in the second tag", NOT_IP, SHOP, PORT_DIRECT, .tags = 2, .cut = 19),
	EACH("ends in the type behind two tags", NOT_IP, SHOP, PORT_DIRECT, .tags = 2, .cut = 21),
	EACH("ends behind the tag", RUNT, SHOP, PORT_DIRECT, .tags = 1, .cut = 18),
	EACH("another host, a tag", NOT_SERVICE, STRANGER, PORT_DIRECT, .tags = 1),
	EACH("another host, two tags", NOT_SERVICE, STRANGER, PORT_DIRECT, .tags = 2),
	EACH("ARP", NOT_IP, SHOP, PORT_DIRECT, .ethertype = 0x0806),
	EACH("a length in place of the type", NOT_IP, SHOP, PORT_DIRECT, .ethertype = 60),
	EACH("ends in the IP header", RUNT, SHOP, PORT_DIRECT, .cut = 33),
	EACH("ends behind Ethernet", RUNT, SHOP, PORT_DIRECT, .cut = 14),
	EACH("version of the future", RUNT, SHOP, PORT_DIRECT, .version = 7),
	{ "IPv6 behind the type of IPv4", TCP6(SHOP, PORT_DIRECT, .ethertype = 0x0800),
	  SHUNT_RUNT },
	{ "IPv4 behind the type of IPv6", TCP4(SHOP, PORT_DIRECT, .ethertype = 0x86dd),
	  SHUNT_RUNT },
	{ "IPv4 header of 16 bytes", TCP4(SHOP, PORT_DIRECT, .ihl = 4), SHUNT_RUNT },
	{ "IPv6 ends in the address", TCP6(SHOP, PORT_DIRECT, .cut = 53), SHUNT_RUNT },
	{ "ICMP to a VIP", OTHER4(IPPROTO_ICMP), SHUNT_NOT_L4 },
	{ "ICMP to a VIP, a fragment", OTHER4(IPPROTO_ICMP, .fragment = MF), SHUNT_FRAGMENT },
	{ "ICMP to a VIP, too short", OTHER4(IPPROTO_ICMP, .cut = 36), SHUNT_TRUNCATED },
	{ "ICMPv6 to a VIP", OTHER6(IPPROTO_ICMPV6), SHUNT_NOT_L4 },
	{ "SCTP", OTHER4(IPPROTO_SCTP), SHUNT_NOT_L4 },
	{ "ESP, IPv4", OTHER4(IPPROTO_ESP), SHUNT_NOT_L4 },
	{ "ESP, IPv6", OTHER6(IPPROTO_ESP), SHUNT_NOT_L4 },
	{ "AH, IPv4", OTHER4(IPPROTO_AH), SHUNT_NOT_L4 },
	{ "protocol 0, IPv4", OTHER4(0), SHUNT_NOT_L4 },
	{ "no next header", OTHER6(IPPROTO_NONE), SHUNT_NOT_L4 },
	EACH("another host", NOT_SERVICE, STRANGER, PORT_DIRECT),
	EACH("another host, TTL 1", NOT_SERVICE, STRANGER, PORT_DIRECT, .ttl = 1),
	EACH("a VIP, a port without a service", NOT_SERVICE, SHOP, PORT_NOBODY),
	EACH("a VIP, port 0", NOT_SERVICE, SHOP, 0),
	EACH("a VIP, its port in the other byte order", NOT_SERVICE, SHOP, PORT_DIRECT << 8),
	EACH("a VIP, a port without a service, TTL 1", NOT_SERVICE, SHOP, PORT_NOBODY, .ttl = 1),
	{ "a service for TCP only: TCP, IPv4", TCP4(IDLE, 80), SHUNT_FORWARDED },
	{ "a service for TCP only: UDP, IPv4", UDP4(IDLE, 80), SHUNT_NOT_SERVICE },
	{ "a service for TCP only: TCP, IPv6", TCP6(IDLE, 80), SHUNT_FORWARDED },
	{ "a service for TCP only: UDP, IPv6", UDP6(IDLE, 80), SHUNT_NOT_SERVICE },

	/* Malformed: ours to drop if the destination is a VIP. */
	{ "ends in the IPv4 options", TCP4(SHOP, PORT_DIRECT, .options = 40, .cut = 70),
	  SHUNT_TRUNCATED },
	{ "IPv4 options past the end", UDP4(SHOP, PORT_DIRECT, .payload = 0, .ihl = 15),
	  SHUNT_TRUNCATED },
	{ "ends before the last byte of TCP: IPv4", TCP4(SHOP, PORT_DIRECT, .cut = 53),
	  SHUNT_TRUNCATED },
	{ "ends before the last byte of TCP: IPv6", TCP6(SHOP, PORT_DIRECT, .cut = 73),
	  SHUNT_TRUNCATED },
	{ "ends before the last byte of UDP: IPv4", UDP4(SHOP, PORT_DIRECT, .cut = 41),
	  SHUNT_TRUNCATED },
	{ "ends before the last byte of UDP: IPv6", UDP6(SHOP, PORT_DIRECT, .cut = 61),
	  SHUNT_TRUNCATED },
	{ "another host's, ends in TCP", TCP4(STRANGER, 80, .cut = 53), SHUNT_NOT_SERVICE },
	{ "another host's, ends in UDP", UDP6(STRANGER, 80, .cut = 61), SHUNT_NOT_SERVICE },
	EACH("longer than the frame", BAD_LENGTH, SHOP, PORT_DIRECT, .ip_len_off = 1),
	EACH("longer than the frame, of no service", BAD_LENGTH, SHOP, PORT_NOBODY, .ip_len_off = 1),
	EACH("shorter than its headers", BAD_LENGTH, SHOP, PORT_DIRECT, .ip_len_off = -41),
	EACH("payload cut off", BAD_LENGTH, SHOP, PORT_DIRECT, .payload = 60, .cut = 80),
	EACH("another host's, longer than the frame", NOT_SERVICE, STRANGER, PORT_DIRECT,
	     .ip_len_off = 1),
	{ "another host's fragment", UDP4(STRANGER, 80, .fragment = MF), SHUNT_NOT_SERVICE },
	{ "another host's IPv6 fragment", UDP6(STRANGER, 80, FIRST6),
	  SHUNT_NOT_SERVICE },
	{ "another host's later fragment", UDP4(STRANGER, 80, .fragment = 185), SHUNT_NOT_SERVICE },
	{ "another host's later IPv6 fragment", UDP6(STRANGER, 80, LATER6(185)), SHUNT_NOT_SERVICE },
	{ "seven extension headers", TCP6(SHOP, PORT_DIRECT, .extension = { DSTOPTS6, EXT(43) }),
	  SHUNT_EXTENSION },
	{ "eight extension headers",
	  TCP6(SHOP, PORT_IPIP4, .extension = { DSTOPTS6, EXT(60), EXT(51) }), SHUNT_EXTENSION },
	{ "hop-by-hop options in second place",
	  TCP6(SHOP, PORT_DIRECT, .extension = { EXT(60), EXT(0) }), SHUNT_EXTENSION },
	{ "hop-by-hop options twice", TCP6(SHOP, PORT_DIRECT, .extension = { EXT(0), EXT(0) }),
	  SHUNT_EXTENSION },
	{ "hop-by-hop options in seventh place",
	  TCP6(SHOP, PORT_DIRECT, .extension = { DSTOPTS6, EXT(0) }), SHUNT_EXTENSION },
	{ "authentication header of 8 bytes",
	  TCP6(SHOP, PORT_DIRECT, .extension = { EXT(51) }, .extension_len = 8), SHUNT_EXTENSION },
	{ "another host's, seven extension headers",
	  TCP6(STRANGER, 80, .extension = { DSTOPTS6, EXT(43) }), SHUNT_NOT_SERVICE },
	{ "another host's routing header", TCP6(STRANGER, 80, .extension = { EXT(43) }),
	  SHUNT_NOT_SERVICE },
	{ "an extension header past the end",
	  TCP6(SHOP, PORT_DIRECT, .extension = { EXT(43), EXT(60) }, .extension_off = 30),
	  SHUNT_TRUNCATED },
	{ "an authentication header past the end",
	  UDP6(SHOP, PORT_DIRECT, .extension = { EXT(51) }, .extension_off = 200),
	  SHUNT_TRUNCATED },
	{ "ends in an extension header",
	  TCP6(SHOP, PORT_DIRECT, .extension = { EXT(43), EXT(60) }, .cut = 63), SHUNT_TRUNCATED },
	{ "ends in TCP behind extension headers",
	  TCP6(SHOP, PORT_DIRECT, .extension = { EXT(43), EXT(60) }, .cut = 89), SHUNT_TRUNCATED },
	{ "another host's, ends in an extension header",
	  TCP6(STRANGER, 80, .extension = { EXT(43), EXT(60) }, .cut = 63), SHUNT_NOT_SERVICE },
	{ "extension headers longer than the packet says",
	  UDP6(SHOP, PORT_DIRECT, .extension = { EXT(43), EXT(60) }, .ip_len_off = -34),
	  SHUNT_BAD_LENGTH },
	{ "ICMPv6 behind options", OTHER6(IPPROTO_ICMPV6, .extension = { EXT(0) }), SHUNT_NOT_L4 },
	{ "ESP behind options", OTHER6(IPPROTO_ESP, .extension = { EXT(60) }), SHUNT_NOT_L4 },
	{ "nothing behind options", OTHER6(IPPROTO_NONE, .extension = { EXT(60) }), SHUNT_NOT_L4 },
	{ "a mobility header", TCP6(SHOP, PORT_DIRECT, .extension = { EXT(135) }), SHUNT_NOT_L4 },
	{ "a tag, longer than the frame", TCP4(SHOP, PORT_DIRECT, .tags = 1, .ip_len_off = 1),
	  SHUNT_BAD_LENGTH },
	{ "two tags, ends in TCP", TCP6(SHOP, PORT_DIRECT, .tags = 2, .cut = 81), SHUNT_TRUNCATED },

	/* Connections: none is known, and none can begin. */
	EACH_CONNECTION("nat: begins", CONNECTIONS_FULL, PORT_NAT),
	EACH_CONNECTION("nat: begins, a tag", CONNECTIONS_FULL, PORT_NAT, .tags = 1),
	EACH_CONNECTION("nat: begins, TTL 1", TTL_EXPIRED, PORT_NAT, .ttl = 1),
	EACH_CONNECTION("nat: begins, no backend", NO_BACKEND, PORT_NAT_NO_BACKEND),
	{ "nat: IPv4 options", UDP4(SHOP, PORT_NAT, .options = 40), SHUNT_CONNECTIONS_FULL },
	{ "nat: extension headers", UDP6(SHOP, PORT_NAT, .extension = { EXT(0), EXT(51) }),
	  SHUNT_CONNECTIONS_FULL },
	{ "nat: goes on, IPv4", TCP4(SHOP, PORT_NAT), SHUNT_NO_CONNECTION },
	{ "nat: goes on, IPv6", TCP6(SHOP, PORT_NAT), SHUNT_NO_CONNECTION },
	{ "nat: SYN and ACK", TCP4(SHOP, PORT_NAT, .flags = FRAME_SYN | FRAME_ACK),
	  SHUNT_NO_CONNECTION },
	{ "nat: SYN and RST", TCP6(SHOP, PORT_NAT, .flags = FRAME_SYN | FRAME_RST),
	  SHUNT_NO_CONNECTION },
	{ "nat: SYN and FIN", TCP4(SHOP, PORT_NAT, .flags = FRAME_SYN | FRAME_FIN),
	  SHUNT_NO_CONNECTION },
	{ "nat: first fragment", UDP4(SHOP, PORT_NAT, .fragment = MF), SHUNT_CONNECTIONS_FULL },
	{ "nat: cut", TCP4(SHOP, PORT_NAT, .flags = FRAME_SYN, .cut = 53), SHUNT_TRUNCATED },

	/* Well-formed and of a service, but it ends here. */
	EACH("TTL 1: VLAN", TTL_EXPIRED, SHOP, PORT_DIRECT, .ttl = 1, .tags = 1),
	EACH("no device: VLAN", NO_DEVICE, SHOP, PORT_NO_DEVICE, .tags = 1),
	{ "tags do not count for the MTU",
	  TCP4(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 60, .tags = 2),
	  SHUNT_FORWARDED },
	{ "one byte too long: QinQ",
	  TCP4(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 59, .tags = 2), SHUNT_TOO_BIG },
	{ "hop limit 1: extension headers",
	  TCP6(SHOP, PORT_DIRECT, .ttl = 1, .extension = { EXT(43) }), SHUNT_TTL_EXPIRED },
	{ "extension headers count for the MTU",
	  TCP6(SHOP, PORT_IPIP4_SMALL, .payload = TOWN_SMALL_MTU - 80 - 7, .extension = { EXT(60) }),
	  SHUNT_TOO_BIG },
	EACH("TTL 1: direct", TTL_EXPIRED, SHOP, PORT_DIRECT, .ttl = 1),
	EACH("TTL 0: direct", TTL_EXPIRED, SHOP, PORT_DIRECT, .ttl_zero = true),
	EACH("TTL 1: IPv4 tunnel", TTL_EXPIRED, SHOP, PORT_IPIP4, .ttl = 1),
	EACH("TTL 1: any port", TTL_EXPIRED, OPEN, 5, .ttl = 1),
	EACH("no backend", NO_BACKEND, SHOP, PORT_NO_BACKEND),
	EACH("no backend any more", NO_BACKEND, SHOP, PORT_NO_BACKEND_NOW),
	{ "all backends are full: IPv4", UDP4(SHOP, PORT_FULL), SHUNT_OVER_LIMIT },
	{ "all backends are full: IPv6", UDP6(SHOP, PORT_FULL), SHUNT_OVER_LIMIT },
	EACH("no leg", NO_LEG, SHOP, PORT_NO_LEG),
	EACH("no neighbour: direct", NO_NEIGHBOUR, SHOP, PORT_NO_NEIGHBOUR),
	EACH("no neighbour: tunnel", NO_NEIGHBOUR, SHOP, PORT_NO_NEIGHBOUR_IPIP),
	EACH("no IPv4 address to tunnel from", NO_SOURCE, SHOP, PORT_NO_SOURCE4),
	EACH("no IPv6 address to tunnel from", NO_SOURCE, SHOP, PORT_NO_SOURCE6),
	EACH("no IPv4 address to send GUE from", NO_SOURCE, SHOP, PORT_GUE4_NO_SOURCE),
	EACH("no IPv6 address to send GUE from", NO_SOURCE, SHOP, PORT_GUE6_NO_SOURCE),
	EACH("no device below the VLAN device", NO_DEVICE, SHOP, PORT_VLAN_NO_DEVICE),
	EACH("no device below the VLAN device: VLAN", NO_DEVICE, SHOP, PORT_VLAN_NO_DEVICE, .tags = 1),
	EACH("no device: direct", NO_DEVICE, SHOP, PORT_NO_DEVICE),
	EACH("no device: tunnel", NO_DEVICE, SHOP, PORT_NO_DEVICE_IPIP),
	EACH("a member with the first id behind the map", BAD_SLOT, SHOP, PORT_BAD_BACKEND),
	EACH("a member with the largest id", BAD_SLOT, SHOP, PORT_BAD_BACKEND_MAX),
	EACH("a hop with the first egress behind the map", BAD_SLOT, SHOP, PORT_BAD_EGRESS),
	EACH("a hop with the largest egress", BAD_SLOT, SHOP, PORT_BAD_EGRESS_MAX),
	EACH("a hop with a free egress", BAD_SLOT, SHOP, PORT_BAD_EGRESS_FREE),
	EACH("a service with a table behind the map", BAD_SLOT, SHOP, PORT_BAD_TABLE),
	EACH("a service with a table far behind the map", BAD_SLOT, SHOP, PORT_BAD_TABLE_MAX),
};
/* clang-format on */

const size_t n_fixtures = sizeof(fixtures) / sizeof(fixtures[0]);
