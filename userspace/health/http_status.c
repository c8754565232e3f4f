/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>

#include "health/http_status.h"

static void enter(struct http_status *h, enum http_status_phase phase)
{
	h->phase = phase;
	h->at = 0;
}

static int feed_version(struct http_status *h, char c)
{
	static const char version[] = "HTTP/1.x ";
	bool fits = version[h->at] == 'x' ? c == '0' || c == '1' : c == version[h->at];

	if (!fits)
		return -EBADMSG;
	if (++h->at == sizeof(version) - 1) {
		h->code = 0;
		enter(h, HTTP_STATUS_DIGITS);
	}
	return 0;
}

static int feed_digit(struct http_status *h, char c)
{
	bool first = h->at == 0;

	if (c < '0' || c > '9' || (first && (c < '1' || c > '5')))
		return -EBADMSG;
	h->code = h->code * 10 + (c - '0');
	if (++h->at == 3)
		enter(h, HTTP_STATUS_AFTER_DIGITS);
	return 0;
}

static int feed_after_digits(struct http_status *h, char c)
{
	if (c != ' ' && c != '\r')
		return -EBADMSG;
	enter(h, c == ' ' ? HTTP_STATUS_REASON : HTTP_STATUS_LINE_FEED);
	return 0;
}

/* Blanks, tabs, printable ASCII, and bytes above it. */
static int feed_reason(struct http_status *h, char c)
{
	unsigned char u = c;

	if (c == '\r')
		enter(h, HTTP_STATUS_LINE_FEED);
	else if ((u < ' ' && c != '\t') || u == 0x7f)
		return -EBADMSG;
	return 0;
}

static int feed_line_feed(struct http_status *h, char c)
{
	if (c != '\n')
		return -EBADMSG;
	/* 101 is final: it answers an upgrade, and nobody asked for one. */
	if (h->code >= 200 || h->code == 101)
		return h->code;
	h->line = 0;
	enter(h, HTTP_STATUS_INTERIM);
	return 0;
}

static int feed_interim(struct http_status *h, char c)
{
	if (c == '\n') {
		if (!h->line)
			enter(h, HTTP_STATUS_VERSION);
		h->line = 0;
	} else if (c != '\r') {
		h->line++;
	}
	return 0;
}

static int feed_byte(struct http_status *h, char c)
{
	switch (h->phase) {
	case HTTP_STATUS_VERSION:
		return feed_version(h, c);
	case HTTP_STATUS_DIGITS:
		return feed_digit(h, c);
	case HTTP_STATUS_AFTER_DIGITS:
		return feed_after_digits(h, c);
	case HTTP_STATUS_REASON:
		return feed_reason(h, c);
	case HTTP_STATUS_LINE_FEED:
		return feed_line_feed(h, c);
	case HTTP_STATUS_INTERIM:
		return feed_interim(h, c);
	}
	return -EBADMSG;
}

int http_status_feed(struct http_status *h, const char *data, size_t len)
{
	int status = 0;

	for (size_t i = 0; i < len && !status; i++) {
		if (h->bytes++ == HTTP_STATUS_MAX_BYTES)
			return -EMSGSIZE;
		status = feed_byte(h, data[i]);
	}
	return status;
}
