/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is at the other end of a Unix socket, and what that permits. */
#ifndef CTL_PEER_H
#define CTL_PEER_H

#include <stdbool.h>
#include <sys/types.h>

enum peer_right {
	PEER_NOTHING,
	PEER_LOOK,
	PEER_CHANGE,
};

/**
 * struct peer_policy - whom the socket serves
 * @group: members may change things
 * @read_group: members may look
 *
 * Root and the uid that the daemon runs as may do everything.
 */
struct peer_policy {
	bool has_group;
	bool has_read_group;
	gid_t group;
	gid_t read_group;
};

/**
 * struct peer - the other end
 * @passed_fd: a descriptor that came with the request at hand; -1: none
 */
struct peer {
	uid_t uid;
	enum peer_right right;
	int passed_fd;
};

/**
 * peer_policy_init() - look the groups up
 * @group, @read_group: names, or NULL
 *
 * Return: 0; -ENOENT, logged, if there is no such group.
 */
int peer_policy_init(const char *group, const char *read_group, struct peer_policy *out);

/* Who is connected to @fd: as it was when connect() was called. 0 or a negative errno. */
int peer_identify(int fd, const struct peer_policy *policy, struct peer *out);

#endif /* CTL_PEER_H */
