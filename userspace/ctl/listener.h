/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket in the file system: made, and taken away by whoever made it. */
#ifndef CTL_LISTENER_H
#define CTL_LISTENER_H

#include <sys/stat.h>
#include <sys/un.h>

/**
 * struct listener - to be closed also if it could not be opened
 * @made: the socket's inode, to remove no other
 * @fd: non-blocking; -1: none
 */
struct listener {
	struct sockaddr_un addr;
	struct stat made;
	int fd;
};

/*
 * Listen at @path with access @mode, in place of what a daemon that died left there, but
 * not of one that answers. 0 or a negative errno, which has been logged.
 */
int listener_open(struct listener *l, const char *path, mode_t mode, int backlog);
void listener_close(struct listener *l);

#endif /* CTL_LISTENER_H */
