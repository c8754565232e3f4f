/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of what balancers share, as labels of metrics have them. */
#include "dataplane/snapshot.h"

const char *peer_told_name(enum peer_told t)
{
	static const char *const names[PEER_TOLD] = {
		[PEER_TOLD_CONNECTIONS] = "connection",
		[PEER_TOLD_ENDS] = "end",
		[PEER_TOLD_FLOWS] = "flow",
	};

	return names[t];
}

const char *peer_datagram_name(enum peer_datagram d)
{
	static const char *const names[PEER_DATAGRAMS] = {
		[PEER_TAKEN] = "taken",		[PEER_UNPROVED] = "unproved",
		[PEER_FOREIGN] = "foreign",	[PEER_REPLAYED] = "replayed",
		[PEER_MALFORMED] = "malformed", [PEER_CROWDED] = "crowded",
	};

	return names[d];
}

const char *peer_heard_name(enum peer_heard h)
{
	static const char *const names[PEER_HEARD] = {
		[PEER_ENTERED] = "entered",
		[PEER_REFRESHED] = "refreshed",
		[PEER_ENDED] = "ended",
		[PEER_OURS] = "ours",
		[PEER_CLASH] = "clash",
		[PEER_FULL] = "full",
		[PEER_UNKNOWN] = "unknown",
		[PEER_OTHER_KEY] = "other_key",
		[PEER_OTHER_BLOCK] = "other_block",
		[PEER_OTHER_SIZE] = "other_size",
	};

	return names[h];
}
