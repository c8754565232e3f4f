/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/socket.h>

#include "health/check.h"
#include "health/tls.h"

ssize_t check_send(const struct probe *p, const void *data, size_t len)
{
	ssize_t n;

	if (p->tls)
		return tls_send(p->tls, data, len);
	n = send(p->fd, data, len, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

ssize_t check_recv(const struct probe *p, void *data, size_t len)
{
	ssize_t n;

	if (p->tls)
		return tls_recv(p->tls, data, len);
	n = recv(p->fd, data, len, 0);
	return n < 0 ? -errno : n;
}

bool check_stream_fail(const struct probe *p, struct check_result *r, int err)
{
	if (p->tls && err == -EPROTO)
		return check_end(r, HEALTH_L6RSP_CODE, "%s", tls_error(p->tls));
	return check_fail(r, HEALTH_L7RSP_CODE, err);
}
