/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/cleanup.h"
#include "health/tls_bio.h"
#include "health/tls_client.h"

static void free_ctx(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

/*
 * OpenSSL itself refuses nobody: the session's owner looks at the certificate
 * before it says a word, and can tell all of what is wrong with it.
 */
static SSL_CTX *new_ctx(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	return ctx;
}

int tls_client_init(struct tls_client *c)
{
	*c = (struct tls_client){ 0 };
	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
				      OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
			      NULL))
		return -ENOMEM;
	c->bio = tls_bio_method();
	c->ctx[TLS_TRUST_NONE] = new_ctx();
	return c->bio && c->ctx[TLS_TRUST_NONE] ? 0 : -ENOMEM;
}

void tls_client_free(struct tls_client *c)
{
	for (size_t i = 0; i < TLS_TRUST_PLACES; i++)
		SSL_CTX_free(c->ctx[i]);
	BIO_meth_free(c->bio);
	*c = (struct tls_client){ 0 };
}

/* The text is at its end where no other certificate begins; all else is damage. */
static bool is_at_end(void)
{
	unsigned long err = ERR_peek_last_error();

	return ERR_GET_LIB(err) == ERR_LIB_PEM && ERR_GET_REASON(err) == PEM_R_NO_START_LINE;
}

/* Return: how many certificates were added to @store, which may be NULL; or an error. */
static int read_certificates(const char *pem, size_t len, X509_STORE *store)
{
	_cleanup_(free_bio) BIO *text = len <= INT_MAX ? BIO_new_mem_buf(pem, len) : NULL;
	int n = 0, added = 1;
	X509 *cert;

	if (!text)
		return -ENOMEM;
	ERR_clear_error();
	while (added && (cert = PEM_read_bio_X509(text, NULL, NULL, ""))) {
		added = !store || X509_STORE_add_cert(store, cert);
		X509_free(cert);
		n++;
	}
	if (!added)
		return -ENOMEM;
	return n && is_at_end() ? n : -EBADMSG;
}

int tls_count_certificates(const char *pem, size_t len)
{
	int n = read_certificates(pem, len, NULL);

	ERR_clear_error();
	return n;
}

int tls_client_trust(struct tls_client *c, uint32_t place, const char *pem, size_t len)
{
	_cleanup_(free_ctx) SSL_CTX *ctx = new_ctx();
	int n;

	assert(place != TLS_TRUST_NONE && place < TLS_TRUST_PLACES);
	if (!ctx)
		return -ENOMEM;
	n = read_certificates(pem, len, SSL_CTX_get_cert_store(ctx));
	ERR_clear_error();
	if (n < 0)
		return n;
	SSL_CTX_free(c->ctx[place]);
	c->ctx[place] = take_ptr(&ctx);
	return 0;
}
