/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the line of an agent: what is kept of it is plain text with an end,
 * and what it says is something that there is.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "health/agent_line.h"

static bool is_plain(const struct agent_line *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->text[i] != '\t' && (l->text[i] < ' ' || l->text[i] > '~'))
			return false;
	}
	return l->n <= AGENT_LINE_MAX_BYTES && strlen(l->text) == l->n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_says says = { .percent = 255 };
	struct agent_line l = { 0 };
	int got = agent_line_feed(&l, (const char *)data, size), err;

	require(got == 0 || got == 1 || got == -EBADMSG || got == -EMSGSIZE);
	require(is_plain(&l));
	err = agent_line_read(&l, &says);
	require(err == 0 || err == -EBADMSG);
	require((err == 0) == (says.percent <= 100));
	require(err || (says.state >= HEALTH_AGENT_READY && says.state < HEALTH_AGENT_STATES));
	return 0;
}
