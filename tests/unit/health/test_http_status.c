/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "health/http_status.h"

/* Feed @text in pieces of @piece bytes. */
static int feed(const char *text, size_t piece)
{
	struct http_status h = { 0 };
	size_t len = strlen(text);
	int status = 0;

	for (size_t at = 0; at < len && !status; at += piece)
		status = http_status_feed(&h, text + at, len - at < piece ? len - at : piece);
	return status;
}

static const struct {
	const char *text;
	int status;
} cases[] = {
	{ "HTTP/1.1 200 OK\r\n", 200 },
	{ "HTTP/1.0 404 Not Found\r\n", 404 },
	{ "HTTP/1.1 599 \r\n", 599 },
	{ "HTTP/1.1 200\r\n", 200 },
	{ "HTTP/1.1 200 caf\xc3\xa9\tbar\r\n", 200 },
	{ "HTTP/1.1 101 Switching Protocols\r\n", 101 },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", 200 },
	{ "HTTP/1.1 103 Hints\r\nA: b\r\nC: d\r\n\r\nHTTP/1.1 103 H\r\n\r\nHTTP/1.1 204 N\r\n",
	  204 },
	{ "HTTP/1.1 100 Continue\r\nHTTP/1.1 200 OK\r\n", 0 },
	{ "HTTP/1.1 200 OK", 0 },
	{ "HTTP/1.1 200 OK\r", 0 },
	{ "", 0 },
	{ "HTTP/1.1 200 OK\n", -EBADMSG },
	{ "HTTP/1.1 200 OK\rX", -EBADMSG },
	{ "HTTP/1.1 200 O\x01K\r\n", -EBADMSG },
	{ "HTTP/1.1  200 OK\r\n", -EBADMSG },
	{ "HTTP/1.1 99 OK\r\n", -EBADMSG },
	{ "HTTP/1.1 099 OK\r\n", -EBADMSG },
	{ "HTTP/1.1 600 OK\r\n", -EBADMSG },
	{ "HTTP/1.1 2000 OK\r\n", -EBADMSG },
	{ "HTTP/1.1 2x0 OK\r\n", -EBADMSG },
	{ "HTTP/1.2 200 OK\r\n", -EBADMSG },
	{ "HTTP/2.0 200 OK\r\n", -EBADMSG },
	{ "HTTP/2 200\r\n", -EBADMSG },
	{ "http/1.1 200 OK\r\n", -EBADMSG },
	{ " HTTP/1.1 200 OK\r\n", -EBADMSG },
	{ "\r\nHTTP/1.1 200 OK\r\n", -EBADMSG },
	{ "<html>", -EBADMSG },
};

Test(http_status, fixtures_in_pieces_of_every_size)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t piece = 1; piece < 80; piece++) {
			int status = feed(cases[i].text, piece);

			cr_expect_eq(status, cases[i].status, "\"%s\" by %zu: %d", cases[i].text,
				     piece, status);
		}
	}
}

Test(http_status, stops_at_its_limit)
{
	static const char start[] = "HTTP/1.1 200 ";
	static char text[HTTP_STATUS_MAX_BYTES + 2];

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, start, strlen(start));
	cr_expect_eq(feed(text, 1000), -EMSGSIZE);
	memcpy(text + HTTP_STATUS_MAX_BYTES - 2, "\r\n", 2);
	cr_expect_eq(feed(text, 1000), 200);
}

/* Whatever comes: an end or a wish for more, and no more than it was given. */
Test(http_status, survives_noise)
{
	static const char alphabet[] = "HTTP/1.0 125\r\n\t\x7f\xff";
	uint64_t random = 1;

	for (int round = 0; round < 20000; round++) {
		char text[64] = "HTTP/1.1 1";
		int status;

		for (size_t i = round % 11; i < sizeof(text) - 1; i++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			text[i] = alphabet[(random >> 33) % (sizeof(alphabet) - 1)];
		}
		status = feed(text, 1 + round % 7);
		cr_assert(status == 0 || status == -EBADMSG || status == 101 ||
				  (status >= 200 && status <= 599),
			  "%d", status);
	}
}
