/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/peer.h"

static int find_group(const char *name, bool *has, gid_t *gid)
{
	const struct group *g;

	*has = name != NULL;
	if (!name)
		return 0;
	g = getgrnam(name);
	if (!g)
		return log_err(-ENOENT, "control socket: no group \"%s\"", name);
	*gid = g->gr_gid;
	return 0;
}

int peer_policy_init(const char *group, const char *read_group, struct peer_policy *out)
{
	struct peer_policy p = { 0 };
	int err = find_group(group, &p.has_group, &p.group)
			  ?: find_group(read_group, &p.has_read_group, &p.read_group);

	if (!err)
		*out = p;
	return err;
}

static enum peer_right right_of_group(gid_t gid, const struct peer_policy *policy)
{
	if (policy->has_group && gid == policy->group)
		return PEER_CHANGE;
	if (policy->has_read_group && gid == policy->read_group)
		return PEER_LOOK;
	return PEER_NOTHING;
}

/* Supplementary groups; *@n of them, released with free(). */
static int read_groups(int fd, gid_t **out, size_t *n)
{
	_cleanup_free_ gid_t *groups = NULL;
	socklen_t len = 0;

	/* With no room at all it says how much is needed. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) && errno != ERANGE)
		return -errno;
	if (!len) {
		*n = 0;
		*out = NULL;
		return 0;
	}
	groups = malloc(len);
	if (!groups)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return -errno;
	*n = len / sizeof(*groups);
	*out = take_ptr(&groups);
	return 0;
}

int peer_identify(int fd, const struct peer_policy *policy, struct peer *out)
{
	_cleanup_free_ gid_t *groups = NULL;
	enum peer_right right, best;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	size_t n = 0;
	int err;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	err = read_groups(fd, &groups, &n);
	if (err)
		return err;
	best = cred.uid == 0 || cred.uid == geteuid() ? PEER_CHANGE
						      : right_of_group(cred.gid, policy);
	for (size_t i = 0; i < n; i++) {
		right = right_of_group(groups[i], policy);
		if (right > best)
			best = right;
	}
	*out = (struct peer){ .uid = cred.uid, .right = best, .passed_fd = -1 };
	return 0;
}
