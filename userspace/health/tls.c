/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "health/tls.h"
#include "health/tls_bio.h"
#include "health/tls_internal.h"
#include "net/addr.h"

/* Alerts of the peer are errors from here on. */
#define ALERTS SSL_AD_REASON_OFFSET

void tls_close(struct tls *t)
{
	if (!t)
		return;
	/* Without it servers write of a client that broke off into their logs. */
	if (t->up && !t->broken)
		SSL_shutdown(t->ssl);
	SSL_free(t->ssl);
	ERR_clear_error();
	free(t);
}

static void tls_closep(struct tls **t)
{
	tls_close(*t);
}

static int plug_in(struct tls *t, BIO_METHOD *method)
{
	BIO *bio = BIO_new(method);

	if (!bio)
		return -ENOMEM;
	BIO_set_data(bio, &t->socket);
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_connect_state(t->ssl);
	return 0;
}

int tls_open(const struct tls_client *c, int fd, uint32_t trust, struct tls **out)
{
	_cleanup_(tls_closep) struct tls *t = NULL;

	if (trust >= TLS_TRUST_PLACES || !c->ctx[trust])
		return -ENOENT;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->socket.fd = fd;
	t->ssl = SSL_new(c->ctx[trust]);
	if (!t->ssl || plug_in(t, c->bio))
		return -ENOMEM;
	*out = take_ptr(&t);
	return 0;
}

int tls_expect(struct tls *t, const char *name, const struct shunt_addr *addr)
{
	char text[ADDR_TEXT];

	if (!name || !*name)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl),
						     addr_format(addr, text))
			       ? 0
			       : -ENOMEM;
	SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(t->ssl, name) && SSL_set1_host(t->ssl, name) ? 0 : -ENOMEM;
}

/* What people need to hear of OpenSSL's error; else its own words. */
static const char *error_text(unsigned long err)
{
	const char *text = ERR_reason_error_string(err) ?: "a fault in the library";

	if (ERR_GET_LIB(err) != ERR_LIB_SSL)
		return text;
	switch (ERR_GET_REASON(err)) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_RECORD_LENGTH_MISMATCH:
		return "the answer is not TLS";
	case SSL_R_UNSUPPORTED_PROTOCOL:
		return "no version of TLS in common";
	default:
		return text;
	}
}

static int fail(struct tls *t)
{
	unsigned long err = ERR_peek_error();
	int reason = ERR_GET_REASON(err);

	t->broken = true;
	if (ERR_GET_LIB(err) == ERR_LIB_SSL && reason > ALERTS && reason < ALERTS + 256)
		snprintf(t->why, sizeof(t->why), "the server's alert: %s",
			 SSL_alert_desc_string_long(reason - ALERTS));
	else if (t->socket.err)
		return t->socket.err;
	else
		snprintf(t->why, sizeof(t->why), "%s",
			 t->socket.eof ? "closed by the server" : error_text(err));
	return -EPROTO;
}

/* @ret: of a call that has not succeeded. Return: 0 at the end, or an error. */
static int outcome(struct tls *t, int ret)
{
	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return fail(t);
	}
}

int tls_handshake(struct tls *t)
{
	int ret;

	if (t->up)
		return 0;
	ERR_clear_error();
	ret = SSL_do_handshake(t->ssl);
	t->up = ret == 1;
	if (t->up)
		return 0;
	/* It cannot end well before it is complete. */
	return outcome(t, ret) ?: fail(t);
}

const char *tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

bool tls_is_up(const struct tls *t)
{
	return t->up;
}

ssize_t tls_send(struct tls *t, const void *data, size_t len)
{
	size_t n;
	int ret;

	ERR_clear_error();
	ret = SSL_write_ex(t->ssl, data, len, &n);
	/* After the peer's good-bye one may still speak, but nobody listens. */
	return ret == 1 ? (ssize_t)n : outcome(t, ret) ?: -EPIPE;
}

ssize_t tls_recv(struct tls *t, void *data, size_t len)
{
	size_t n;
	int ret;

	ERR_clear_error();
	ret = SSL_read_ex(t->ssl, data, len, &n);
	return ret == 1 ? (ssize_t)n : outcome(t, ret);
}

const char *tls_error(const struct tls *t)
{
	return t->why;
}
