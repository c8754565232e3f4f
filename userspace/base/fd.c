/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *next = data;

	while (len) {
		const ssize_t n = write(fd, next, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		next += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
	return 0;
}
