/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys, certificates, and a server that shows them, all in memory. */
#ifndef TEST_HEALTH_PKI_H
#define TEST_HEALTH_PKI_H

#include <openssl/ssl.h>

#define PKI_DAY (24 * 3600L)

/* Zero-initialised is empty; to be released with pki_free(). */
struct pki {
	EVP_PKEY *key;
	X509 *cert;
};

/**
 * struct pki_wish - a certificate to be made
 * @issuer: NULL: it is signed with its own key
 * @names: as in openssl.cnf: "DNS:www.example.com,IP:192.0.2.1"; NULL: none
 * @from_s, @to_s: from now
 */
struct pki_wish {
	const struct pki *issuer;
	const char *common_name;
	const char *names;
	bool is_ca;
	long from_s;
	long to_s;
};

struct pki pki_make(const struct pki_wish *wish);
void pki_free(struct pki *p);

/* Add it to @out as text. Return: the length in all. */
size_t pki_print(const struct pki *p, char *out, size_t size);

/* A context for a server with @p, and @chain if that is not NULL. */
SSL_CTX *pki_server(const struct pki *p, const struct pki *chain);

#endif /* TEST_HEALTH_PKI_H */
