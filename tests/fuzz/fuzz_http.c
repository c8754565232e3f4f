/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as an HTTP response: the same comes out whether they arrive at once or
 * one by one, and a status is one that there is.
 */
#include <errno.h>

#include "fuzz.h"
#include "health/http_status.h"

static int feed_bytewise(const char *data, size_t size)
{
	struct http_status h = { 0 };
	int got = 0;

	for (size_t i = 0; i < size && !got; i++)
		got = http_status_feed(&h, data + i, 1);
	return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_status h = { 0 };
	int got = http_status_feed(&h, (const char *)data, size);

	require(got <= 0 || got == 101 || (got >= 200 && got <= 599));
	require(got >= 0 || got == -EBADMSG || got == -EMSGSIZE);
	require(got == feed_bytewise((const char *)data, size));
	return 0;
}
