/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>

/* All of it, however many calls that takes. 0 or a negative errno. */
int fd_write_all(int fd, const void *data, size_t len);

#endif /* BASE_FD_H */
