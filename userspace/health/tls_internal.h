/* SPDX-License-Identifier: BSD-2-Clause */
/* Internal to tls: what a session is made of. */
#ifndef HEALTH_TLS_INTERNAL_H
#define HEALTH_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "health/tls.h"
#include "health/tls_bio.h"

/**
 * struct tls - one session
 * @up: the handshake is complete
 * @broken: it failed for good; OpenSSL must not be asked for more
 * @why: the last -EPROTO
 */
struct tls {
	SSL *ssl;
	struct tls_socket socket;
	bool up;
	bool broken;
	char why[TLS_TEXT];
};

#endif /* HEALTH_TLS_INTERNAL_H */
