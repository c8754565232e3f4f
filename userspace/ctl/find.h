/* SPDX-License-Identifier: BSD-2-Clause */
/* Services and backends by the names that people type. */
#ifndef CTL_FIND_H
#define CTL_FIND_H

#include "ctl/command.h"
#include "dataplane/snapshot.h"

/*
 * By name; NULL if there is none, with the nearest one suggested in the error of
 * @call: its exit is CTL_NOT_FOUND.
 */
const struct snapshot_service *find_service(struct ctl_call *call, const struct snapshot *s,
					    const char *name);

/* One backend, and the service it is of. */
struct found_backend {
	const struct snapshot_service *service;
	const struct snapshot_backend *backend;
};

/* By "SERVICE/BACKEND". Return: CTL_OK, CTL_USAGE or CTL_NOT_FOUND, said. */
enum ctl_exit find_backend(struct ctl_call *call, const struct snapshot *s, const char *path,
			   struct found_backend *out);

#endif /* CTL_FIND_H */
