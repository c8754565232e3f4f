/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "health/health.h"

const uint32_t health_bucket_us[HEALTH_BUCKETS] = { 250,    1000,   5000,    25000,
						    100000, 250000, 1000000, 5000000 };

const char *health_code_name(enum health_code code)
{
	static const char *const names[] = {
#define NAME(name, text) #name,
		HEALTH_CODE_LIST(NAME)
#undef NAME
	};

	assert(code < HEALTH_CODES);
	return names[code];
}

const char *health_code_text(enum health_code code)
{
	static const char *const texts[] = {
#define TEXT(name, text) text,
		HEALTH_CODE_LIST(TEXT)
#undef TEXT
	};

	assert(code < HEALTH_CODES);
	return texts[code];
}

static const char *const agent_names[HEALTH_AGENT_STATES] = {
	[HEALTH_AGENT_SILENT] = "silent",
	[HEALTH_AGENT_READY] = "ready",
	[HEALTH_AGENT_DRAIN] = "drain",
	[HEALTH_AGENT_MAINT] = "maint",
};

const char *health_agent_name(enum health_agent agent)
{
	return agent_names[agent];
}

int health_agent_parse(const char *name, enum health_agent *out)
{
	for (size_t i = 0; i < HEALTH_AGENT_STATES; i++) {
		if (strcmp(agent_names[i], name))
			continue;
		*out = i;
		return 0;
	}
	return -EINVAL;
}

const char *health_state_name(enum health_state state)
{
	static const char *const names[] = {
		[HEALTH_UNKNOWN] = "unknown",
		[HEALTH_UP] = "up",
		[HEALTH_DOWN] = "down",
	};

	return names[state];
}
