/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process may do, asked before anything is begun. */
#include <cap-ng.h>
#include <errno.h>
#include <sys/resource.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/cleanup.h"

static bool have(unsigned int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, capability);
}

int privilege_check(void)
{
	static const struct {
		unsigned int capability;
		unsigned int instead; /* also enough */
		const char *name;
	} needed[] = {
		{ CAP_NET_ADMIN, CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		{ CAP_BPF, CAP_SYS_ADMIN, "CAP_BPF" },
		{ CAP_PERFMON, CAP_SYS_ADMIN, "CAP_PERFMON" },
	};
	_cleanup_(buf_free) struct buf missing = { 0 };

	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_get_caps_process())
		return log_err(-EPERM, "read my own capabilities");
	array_for_each (n, needed, array_len(needed)) {
		if (!have(n->capability) && !have(n->instead))
			buf_printf(&missing, " %s", n->name);
	}
	if (!missing.len)
		return 0;
	log_error("missing capabilities:%s: run as root, or give the service these",
		  buf_str(&missing));
	return -EPERM;
}

void privilege_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}
