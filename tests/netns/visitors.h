/* SPDX-License-Identifier: BSD-2-Clause */
/* One page after another over HTTP or HTTPS, and nothing forgiven. Part of visitors.c. */
#ifndef TESTS_NETNS_VISITORS_H
#define TESTS_NETNS_VISITORS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define HTTP_NAME 16
#define HTTP_WHY 160

struct http_site {
	char host[256];
	char port[8];
	char request[512];
	SSL_CTX *tls; /* NULL: without */
	unsigned int timeout_ms; /* of each step: connect, send, receive */
};

struct http_conn {
	int fd; /* -1: not open */
	SSL *tls; /* owned; NULL without TLS */
};

/* Who says that he served it: headers X-Server and X-Database; empty if they are not there. */
struct http_answer {
	char server[HTTP_NAME];
	char database[HTTP_NAME];
};

/**
 * http_site_parse() - what to ask, from a URL
 * @method: GET or POST
 * @ca_file: whom to trust for https; without one that is an error
 *
 * Return: false if that is no URL, or the file holds no certificate.
 */
bool http_site_parse(struct http_site *site, const char *url, const char *method,
		     const char *ca_file);

/**
 * http_open() - look the name up, connect, shake hands and verify the certificate
 * @family: AF_INET or AF_INET6
 * @why: HTTP_WHY bytes for the reason of a failure
 */
bool http_open(const struct http_site *site, int family, struct http_conn *conn, char *why);

/* http_ask() - send the request, and take a whole answer with status 200. */
bool http_ask(const struct http_site *site, struct http_conn *conn, struct http_answer *answer,
	      char *why);

/* http_close() - also of one that is not open. */
void http_close(struct http_conn *conn);

#endif /* TESTS_NETNS_VISITORS_H */
