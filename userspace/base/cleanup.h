/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ownership by cleanup attributes: what is declared with one of these is
 * released at the end of its scope unless take_ptr() or take_fd() hands it on.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define _cleanup_free_ _cleanup_(cleanup_freep)
#define _cleanup_close_ _cleanup_(cleanup_closep)
#define _cleanup_fclose_ _cleanup_(cleanup_fclosep)

/* The pointer in *@p; the variable no longer owns it. */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) take_p_ = (p);                                                       \
		__typeof__(*take_p_) take_v_ = *take_p_;                                           \
		*take_p_ = NULL;                                                                   \
		take_v_;                                                                           \
	})

/* The descriptor in *@fd; the variable no longer owns it. */
static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#endif /* BASE_CLEANUP_H */
