/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Internal to tls: how OpenSSL reaches a socket. Its own way is read() and write(),
 * which know no MSG_NOSIGNAL, which the prober's filter of system calls does not
 * let through, and whose errors it forgets.
 */
#ifndef HEALTH_TLS_BIO_H
#define HEALTH_TLS_BIO_H

#include <openssl/bio.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct tls_socket - BIO_set_data() of such a BIO
 * @err: of the last system call that failed for good, negative; else 0
 * @eof: the peer has sent its last
 * @n_read: bytes so far, which end with -EMSGSIZE
 */
struct tls_socket {
	int fd;
	int err;
	bool eof;
	size_t n_read;
};

/* NULL if out of memory; to be released with BIO_meth_free(). */
BIO_METHOD *tls_bio_method(void);

#endif /* HEALTH_TLS_BIO_H */
