/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "health/verdict.h"

/* So many lines a minute about what one backend says: it may say something else each time. */
#define WORDS_PER_MINUTE 6

static enum check_outcome outcome_of(enum health_code code)
{
	switch (code) {
	case HEALTH_OK_CODE:
		return CHECK_PASSED;
	case HEALTH_SOCKERR_CODE:
	case HEALTH_INTERNAL_CODE:
		return CHECK_VOID;
	default:
		return CHECK_FAILED;
	}
}

void verdict_note_duration(struct target *t, uint32_t duration_us)
{
	size_t i = 0;

	while (i < HEALTH_BUCKETS && duration_us > health_bucket_us[i])
		i++;
	t->status.bucket[i]++;
	t->status.duration_sum_us += duration_us;
	t->status.duration_us = duration_us;
}

static void log_words(struct target *t, enum log_level level, uint64_t now_ms, const char *words)
{
	/* Of sixty seconds each. */
	if (!ration_take(&t->words, WORDS_PER_MINUTE, now_ms / 60)) {
		t->n_quiet++;
		return;
	}
	if (t->n_quiet)
		log_line(level, "%s: %s (and %llu such lines before, which were too many)", t->name,
			 words, (unsigned long long)t->n_quiet);
	else
		log_line(level, "%s: %s", t->name, words);
	t->n_quiet = 0;
}

bool verdict_note_agent(struct target *t, const struct prober_answer *a, uint64_t now_ms)
{
	struct health_status *s = &t->status;
	char words[64];

	if (t->request.type != CONF_CHECK_AGENT || a->agent == HEALTH_AGENT_SILENT)
		return false;
	if (s->agent == a->agent && s->agent_percent == a->agent_percent)
		return false;
	if (s->agent != a->agent && (s->agent || a->agent != HEALTH_AGENT_READY)) {
		snprintf(words, sizeof(words), "its agent wants %s", health_agent_name(a->agent));
		log_words(t, LOG_LEVEL_INFO, now_ms, words);
	} else {
		log_debug("%s: its agent wants %u%% of the weight", t->name, a->agent_percent);
	}
	s->agent = a->agent;
	s->agent_percent = a->agent_percent;
	return true;
}

static void log_change(const struct target *t, enum health_state old)
{
	const struct health_status *s = &t->status;
	uint32_t needed = s->state == HEALTH_UP ? t->timing.rise : t->timing.fall;

	if (old == HEALTH_UNKNOWN)
		needed = 1;
	log_info("%s: %s -> %s (%s: %s, %u of %u)", t->name, health_state_name(old),
		 health_state_name(s->state), health_code_name(s->code), s->detail, needed, needed);
}

bool verdict_note(struct target *t, enum health_code code, const char *detail, uint64_t now_ms)
{
	struct health_status *s = &t->status;
	enum health_state old = s->state;
	bool changed = check_state_finish(&t->check, &t->timing, outcome_of(code), now_ms);

	snprintf(s->detail, sizeof(s->detail), "%s", detail);
	s->code = code;
	s->state = t->check.state;
	s->rising = t->check.rising;
	s->falling = t->check.falling;
	s->results[code == HEALTH_OK_CODE]++;
	if (changed) {
		s->since_wall_s = clock_wall_s();
		log_change(t, old);
	}
	return changed;
}

/* A failure in between is no news of the certificate. */
void verdict_note_certificate(struct target *t, const struct prober_answer *a, uint64_t now_ms)
{
	if (a->code != HEALTH_OK_CODE)
		return;
	if (a->warning && !t->warned)
		log_words(t, LOG_LEVEL_WARN, now_ms, a->detail);
	t->warned = a->warning;
	t->status.cert_ends_s = a->cert_ends_s;
}
