/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The status line of an HTTP/1 response (RFC 9112, section 4), read byte by
 * byte as it arrives and held to the letter. The one liberty: "HTTP/1.1 200"
 * without the blank before an empty reason, which many servers send.
 * Interim responses (1xx, RFC 9110 section 15.2) are skipped.
 */
#ifndef HEALTH_HTTP_STATUS_H
#define HEALTH_HTTP_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* Whoever has not said a status by now never will. */
#define HTTP_STATUS_MAX_BYTES 8192

enum http_status_phase {
	HTTP_STATUS_VERSION,
	HTTP_STATUS_DIGITS,
	HTTP_STATUS_AFTER_DIGITS,
	HTTP_STATUS_REASON,
	HTTP_STATUS_LINE_FEED,
	HTTP_STATUS_INTERIM, /* in the header of an interim response */
};

/**
 * struct http_status - zero-initialised is ready for the first byte
 * @at: bytes done within @phase
 * @line: bytes in this line of an interim header
 */
struct http_status {
	enum http_status_phase phase;
	uint16_t at;
	uint16_t code;
	size_t line;
	size_t bytes;
};

/**
 * http_status_feed() - read on
 *
 * Return: the status (101, 200..599) once its line is complete; 0 to go on; -EBADMSG
 * if this is not HTTP/1; -EMSGSIZE past HTTP_STATUS_MAX_BYTES. After anything
 * but 0 the struct is spent.
 */
int http_status_feed(struct http_status *h, const char *data, size_t len);

#endif /* HEALTH_HTTP_STATUS_H */
