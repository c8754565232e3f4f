/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "health/agent_line.h"

int agent_line_feed(struct agent_line *l, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = data[i];

		if (c == '\n' || c == '\r')
			return 1;
		if (c < ' ' && c != '\t')
			return -EBADMSG;
		if (l->n == AGENT_LINE_MAX_BYTES)
			return -EMSGSIZE;
		l->text[l->n++] = c <= '~' ? c : '?';
	}
	return 0;
}

/* Of @len bytes: "75%". Return: the number, or -1. */
static int percent_of(const char *word, size_t len)
{
	int percent = 0;

	if (len < 2 || len > 4 || word[len - 1] != '%')
		return -1;
	for (size_t i = 0; i < len - 1; i++) {
		if (word[i] < '0' || word[i] > '9')
			return -1;
		percent = percent * 10 + (word[i] - '0');
	}
	return percent <= 100 ? percent : -1;
}

static bool is_word(const char *word, size_t len, const char *known)
{
	return strlen(known) == len && !strncasecmp(word, known, len);
}

/* A word of state: it says how the backend is, or what it wants. */
static bool read_state(const char *word, size_t len, struct agent_says *says)
{
	static const struct {
		const char *name;
		bool is_health;
		unsigned int value;
	} words[] = {
		{ "up", true, false },
		{ "down", true, true },
		{ "fail", true, true },
		{ "stopped", true, true },
		{ "ready", false, HEALTH_AGENT_READY },
		{ "drain", false, HEALTH_AGENT_DRAIN },
		{ "maint", false, HEALTH_AGENT_MAINT },
	};

	array_for_each (w, words, array_len(words)) {
		if (!is_word(word, len, w->name))
			continue;
		if (w->is_health)
			says->down = w->value;
		else
			says->state = w->value;
		return true;
	}
	return false;
}

static bool read_word(const char *word, size_t len, struct agent_says *says)
{
	static const char ignored[] = "maxconn:";
	int percent = percent_of(word, len);

	if (percent >= 0)
		says->percent = percent;
	return percent >= 0 || read_state(word, len, says) ||
	       (len > sizeof(ignored) - 1 && !strncasecmp(word, ignored, sizeof(ignored) - 1));
}

int agent_line_read(const struct agent_line *l, struct agent_says *out)
{
	struct agent_says says = { .state = HEALTH_AGENT_READY, .percent = 100 };
	const char *p = l->text;
	size_t n = 0, len;

	for (;;) {
		p += strspn(p, " \t,");
		if (!*p || *p == '#')
			break;
		len = strcspn(p, " \t,#");
		if (!read_word(p, len, &says))
			return -EBADMSG;
		p += len;
		n++;
	}
	if (!n)
		return -EBADMSG;
	*out = says;
	return 0;
}
