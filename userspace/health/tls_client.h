/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the TLS probes of a process share: one OpenSSL context for each set of
 * CA certificates that they trust, known by its place.
 *
 * No file is read here, not even OpenSSL's own config: the certificates come as
 * text, so that it works in a jail without files, and what a probe takes for
 * good does not hang on what the host is set up for. Sessions are not resumed: a
 * probe that skips the certificate proves nothing of it.
 */
#ifndef HEALTH_TLS_CLIENT_H
#define HEALTH_TLS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct bio_method_st;
struct ssl_ctx_st;

/* The place of the context that trusts nobody. */
#define TLS_TRUST_NONE 0

/* Places are below this. */
#define TLS_TRUST_PLACES 1024

/* Most of PEM that is taken for one place. */
#define TLS_MAX_BYTES (4 * 1024 * 1024)

/**
 * struct tls_client - to be set up with tls_client_init()
 * @bio: how sessions reach their sockets
 * @ctx: by place; NULL where nobody said whom to trust
 */
struct tls_client {
	struct bio_method_st *bio;
	struct ssl_ctx_st *ctx[TLS_TRUST_PLACES];
};

/* Return: 0 or -ENOMEM; in both cases tls_client_free() releases what there is. */
int tls_client_init(struct tls_client *c);
void tls_client_free(struct tls_client *c);

/**
 * tls_client_trust() - trust the certificates of @pem, and no others, at @place
 * @place: [1, TLS_TRUST_PLACES); sessions that are open keep what was there before
 * @pem: certificates one after the other; each is trusted by itself, be it of a CA
 *	or of a server. What is not a certificate is passed over.
 *
 * Return: 0; -EBADMSG if there is no certificate in it, or a damaged one; -ENOMEM.
 */
int tls_client_trust(struct tls_client *c, uint32_t place, const char *pem, size_t len);

/* The number of certificates in @pem, or an error as above. */
int tls_count_certificates(const char *pem, size_t len);

#endif /* HEALTH_TLS_CLIENT_H */
