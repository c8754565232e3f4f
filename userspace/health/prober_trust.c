/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "health/prober_trust.h"

/*
 * Mapped, because nothing in the jail may read a file. It cannot shrink meanwhile:
 * the parent has sealed it.
 */
void prober_trust_take(struct tls_client *c, const struct prober_trust *t, int fd)
{
	_cleanup_close_ int file = fd;
	char *pem = mmap(NULL, t->len, PROT_READ, MAP_PRIVATE, file, 0);
	int err = pem == MAP_FAILED ? -errno : 0;

	if (!err) {
		err = tls_client_trust(c, t->place, pem, t->len);
		munmap(pem, t->len);
	}
	if (err)
		log_err(err, "prober: certificates to verify with");
}
