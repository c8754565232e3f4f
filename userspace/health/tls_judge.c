/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at certificates (RFC 5280; names by RFC 6125). OpenSSL has verified
 * the chain during the handshake; here is what it found, for people.
 */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "health/tls_internal.h"
#include "net/addr.h"

#define NAME_ROOM 32

static void free_names(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

/* 0 if it cannot be told. */
static uint64_t end_of(const X509 *cert)
{
	struct tm tm;
	time_t s;

	if (!ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm))
		return 0;
	s = timegm(&tm);
	return s > 0 ? s : 0;
}

/* Printable, and cut where there is no more room. */
static void copy_name(char out[NAME_ROOM], const unsigned char *name, int len)
{
	int i;

	for (i = 0; i < len && i < NAME_ROOM - 1; i++)
		out[i] = name[i] > ' ' && name[i] <= '~' ? name[i] : '?';
	out[i] = '\0';
}

/* The first name that the certificate is for, "" if there is none. */
static void first_name(const X509 *cert, char out[NAME_ROOM])
{
	_cleanup_(free_names) GENERAL_NAMES *names =
		X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int n = names ? sk_GENERAL_NAME_num(names) : 0;

	out[0] = '\0';
	for (int i = 0; i < n; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS)
			continue;
		copy_name(out, ASN1_STRING_get0_data(name->d.dNSName),
			  ASN1_STRING_length(name->d.dNSName));
		return;
	}
}

static void tell_name(const struct tls *t, const X509 *cert, char why[TLS_TEXT])
{
	const char *wanted = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
	char got[NAME_ROOM];

	first_name(cert, got);
	snprintf(why, TLS_TEXT, "certificate is%s%s, not for %.35s", *got ? " for " : "", got,
		 wanted ?: "this address");
}

static void tell_expiry(const X509 *cert, uint64_t now_s, char why[TLS_TEXT])
{
	uint64_t end_s = end_of(cert);
	struct tm tm;

	if (end_s < now_s && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm))
		snprintf(why, TLS_TEXT, "certificate expired on %d-%02d-%02d", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday);
	else
		snprintf(why, TLS_TEXT, "a CA's certificate has expired");
}

bool tls_judge(const struct tls *t, uint64_t now_s, char why[TLS_TEXT])
{
	const X509 *cert = SSL_get0_peer_certificate(t->ssl);
	long err = SSL_get_verify_result(t->ssl);

	if (!cert) {
		snprintf(why, TLS_TEXT, "no certificate");
		return false;
	}
	switch (err) {
	case X509_V_OK:
		return true;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		tell_name(t, cert, why);
		return false;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		tell_expiry(cert, now_s, why);
		return false;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		snprintf(why, TLS_TEXT, "certificate of nobody who is trusted");
		return false;
	default:
		snprintf(why, TLS_TEXT, "%s", X509_verify_cert_error_string(err));
		return false;
	}
}

uint64_t tls_ends_s(const struct tls *t, bool *is_server)
{
	const STACK_OF(X509) *chain = SSL_get0_verified_chain(t->ssl);
	const X509 *cert = SSL_get0_peer_certificate(t->ssl);
	uint64_t first_s = cert ? end_of(cert) : 0, s;

	*is_server = true;
	for (int i = 1; chain && i < sk_X509_num(chain); i++) {
		s = end_of(sk_X509_value(chain, i));
		if (s && s < first_s) {
			first_s = s;
			*is_server = false;
		}
	}
	return first_s;
}
