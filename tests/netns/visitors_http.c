/* SPDX-License-Identifier: BSD-2-Clause */
/* See visitors.h. Sockets block, with a time limit for each step. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "visitors.h"

#define ANSWER_BYTES 16384

static bool fail(char *why, const char *step, const char *reason)
{
	snprintf(why, HTTP_WHY, "%s: %s", step, reason);
	return false;
}

static SSL_CTX *make_tls(const char *ca_file)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (!tls || !ca_file || SSL_CTX_load_verify_locations(tls, ca_file, NULL) != 1)
		return NULL;
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	/* A server that is killed sends no goodbye; lengths say whether all came. */
	SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
	return tls;
}

bool http_site_parse(struct http_site *site, const char *url, const char *method,
		     const char *ca_file)
{
	char scheme[8], path[200] = "/";

	if (sscanf(url, "%7[a-z]://%255[^/]%199s", scheme, site->host, path) < 2)
		return false;
	snprintf(site->port, sizeof(site->port), "%s", strcmp(scheme, "https") ? "80" : "443");
	snprintf(site->request, sizeof(site->request), "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
		 method, path, site->host, strcmp(method, "POST") ? "" : "Content-Length: 0\r\n");
	site->tls = NULL;
	if (!strcmp(scheme, "http"))
		return true;
	site->tls = make_tls(ca_file);
	return site->tls;
}

static void limit_time(int fd, unsigned int ms)
{
	const struct timeval limit = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool connect_to(const struct http_site *site, int family, struct http_conn *conn, char *why)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int err = getaddrinfo(site->host, site->port, &hints, &found);
	bool is_connected;

	if (err)
		return fail(why, "name", gai_strerror(err));
	conn->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	limit_time(conn->fd, site->timeout_ms);
	is_connected = !connect(conn->fd, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return is_connected || fail(why, "connect", strerror(errno));
}

/* What OpenSSL says, or else the socket. */
static bool fail_tls(const struct http_conn *conn, char *why, const char *step)
{
	const long verified = SSL_get_verify_result(conn->tls);
	const unsigned long code = ERR_get_error();
	const int number = errno;

	ERR_clear_error();
	if (verified != X509_V_OK)
		return fail(why, step, X509_verify_cert_error_string(verified));
	return fail(why, step, code ? ERR_reason_error_string(code) : strerror(number));
}

bool http_open(const struct http_site *site, int family, struct http_conn *conn, char *why)
{
	*conn = (struct http_conn){ .fd = -1 };
	if (!connect_to(site, family, conn, why))
		return false;
	if (!site->tls)
		return true;
	conn->tls = SSL_new(site->tls);
	if (!conn->tls || SSL_set_tlsext_host_name(conn->tls, site->host) != 1 ||
	    SSL_set1_host(conn->tls, site->host) != 1 || SSL_set_fd(conn->tls, conn->fd) != 1)
		return fail(why, "tls", "no memory");
	errno = 0;
	return SSL_connect(conn->tls) == 1 || fail_tls(conn, why, "tls");
}

static bool send_all(struct http_conn *conn, const char *text, char *why)
{
	const size_t len = strlen(text);

	errno = 0;
	if (!conn->tls)
		return send(conn->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len ||
		       fail(why, "send", strerror(errno));
	return SSL_write(conn->tls, text, (int)len) == (int)len || fail_tls(conn, why, "send");
}

/* Take what is there, into @buf behind @len bytes; it stays a string. */
static bool receive_more(struct http_conn *conn, char *buf, size_t *len, char *why)
{
	const size_t room = ANSWER_BYTES - 1 - *len;
	ssize_t n;

	if (!room)
		return fail(why, "receive", "more than a page");
	errno = 0;
	n = conn->tls ? SSL_read(conn->tls, buf + *len, (int)room)
		      : recv(conn->fd, buf + *len, room, 0);
	if (n == 0 ||
	    (n < 0 && conn->tls && SSL_get_error(conn->tls, (int)n) == SSL_ERROR_ZERO_RETURN))
		return fail(why, "receive", "closed");
	if (n < 0)
		return conn->tls ? fail_tls(conn, why, "receive")
				 : fail(why, "receive", strerror(errno));
	*len += (size_t)n;
	buf[*len] = '\0';
	return true;
}

/* The value of a header in lower or upper case, in the head that ends at @end. */
static const char *find_header(const char *head, const char *end, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = head; at < end; at = strstr(at, "\r\n") + 2)
		if (!strncasecmp(at, name, len))
			return at + len;
	return NULL;
}

static void copy_word(const char *from, char to[HTTP_NAME])
{
	const size_t len = from ? strcspn(from, " \r\n") : 0;

	snprintf(to, HTTP_NAME, "%.*s", (int)len, len ? from : "");
}

static bool read_head(const char *buf, const char *end, struct http_answer *answer, char *why)
{
	char status[64];

	copy_word(find_header(buf, end, "X-Server: "), answer->server);
	copy_word(find_header(buf, end, "X-Database: "), answer->database);
	if (!strncmp(buf, "HTTP/1.1 200 ", 13))
		return true;
	snprintf(status, sizeof(status), "%.*s from %s", (int)strcspn(buf, "\r\n") % 32, buf,
		 answer->server[0] ? answer->server : "nobody");
	return fail(why, "status", status);
}

bool http_ask(const struct http_site *site, struct http_conn *conn, struct http_answer *answer,
	      char *why)
{
	char buf[ANSWER_BYTES] = "";
	size_t len = 0, whole;
	const char *end, *length;

	if (!send_all(conn, site->request, why))
		return false;
	do {
		if (!receive_more(conn, buf, &len, why))
			return false;
		end = strstr(buf, "\r\n\r\n");
	} while (!end);
	if (!read_head(buf, end, answer, why))
		return false;
	length = find_header(buf, end, "Content-Length: ");
	if (!length)
		return fail(why, "receive", "no length");
	whole = (size_t)(end + 4 - buf) + strtoul(length, NULL, 10);
	while (len < whole)
		if (!receive_more(conn, buf, &len, why))
			return false;
	return len == whole || fail(why, "receive", "more than it says");
}

void http_close(struct http_conn *conn)
{
	SSL_free(conn->tls);
	if (conn->fd >= 0)
		close(conn->fd);
	*conn = (struct http_conn){ .fd = -1 };
}
