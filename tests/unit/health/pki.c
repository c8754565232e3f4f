/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "pki.h"

static void extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	cr_assert_not_null(e);
	cr_assert_eq(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

struct pki pki_make(const struct pki_wish *wish)
{
	static long serial = 1;
	struct pki p = { .key = EVP_EC_gen("P-256"), .cert = X509_new() };
	const struct pki *by = wish->issuer ?: &p;
	X509_NAME *name = X509_get_subject_name(p.cert);

	cr_assert(p.key && p.cert);
	X509_set_version(p.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(p.cert), wish->from_s);
	X509_gmtime_adj(X509_getm_notAfter(p.cert), wish->to_s);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)wish->common_name, -1, -1, 0);
	X509_set_issuer_name(p.cert, X509_get_subject_name(by->cert));
	X509_set_pubkey(p.cert, p.key);
	extend(p.cert, NID_basic_constraints, wish->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (wish->names)
		extend(p.cert, NID_subject_alt_name, wish->names);
	cr_assert(X509_sign(p.cert, by->key, EVP_sha256()));
	return p;
}

void pki_free(struct pki *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
	*p = (struct pki){ 0 };
}

size_t pki_print(const struct pki *p, char *out, size_t size)
{
	size_t len = strlen(out);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	cr_assert(PEM_write_bio_X509(bio, p->cert));
	n = BIO_get_mem_data(bio, &text);
	cr_assert_lt(len + n, size);
	memcpy(out + len, text, n);
	out[len + n] = '\0';
	BIO_free(bio);
	return len + n;
}

SSL_CTX *pki_server(const struct pki *p, const struct pki *chain)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	cr_assert_not_null(ctx);
	cr_assert_eq(SSL_CTX_use_certificate(ctx, p->cert), 1);
	cr_assert_eq(SSL_CTX_use_PrivateKey(ctx, p->key), 1);
	if (chain)
		cr_assert_eq(SSL_CTX_add1_chain_cert(ctx, chain->cert), 1);
	return ctx;
}
