/* SPDX-License-Identifier: BSD-2-Clause */
/* What all parts of the page need: to read what is shown, and states. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "export/html.h"
#include "export/page.h"

const char *page_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

double page_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool page_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const json_t *page_member(const json_t *object, const char *key, const char *key2)
{
	return json_object_get(json_object_get(object, key), key2);
}

double page_newest(const json_t *rates)
{
	const size_t n = json_array_size(rates);

	return n ? json_number_value(json_array_get(rates, n - 1)) : 0;
}

size_t page_count(const json_t *list, const char *key, const char *word)
{
	const json_t *item;
	size_t i, n = 0;

	json_array_foreach(list, i, item)
	{
		n += !strcmp(page_text(item, key), word);
	}
	return n;
}

/* In the words of operators. */
static const struct {
	const char *state;
	const char *means;
} states[] = {
	{ "up", "usable" },
	{ "degraded", "some backends are not usable" },
	{ "unhealthy", "fewer backends are usable than min_healthy asks for" },
	{ "down", "not usable" },
	{ "unknown", "not usable until its first check has ended" },
	{ "drain", "gets no new flows and keeps those that it has" },
	{ "maint", "gets nothing" },
};

void page_state(struct buf *out, const char *state)
{
	const char *means = "";

	array_for_each (s, states, array_len(states))
		if (!strcmp(s->state, state))
			means = s->means;
	buf_puts(out, "<span class=\"state ");
	html_text(out, state);
	buf_printf(out, "\" title=\"%s\">", means);
	html_text(out, state);
	buf_puts(out, "</span>");
}

size_t page_count_services(const json_t *status, const char *state)
{
	return page_count(json_object_get(status, "services"), "state", state);
}

void page_note(struct buf *notes, const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(notes, "%s%s", notes->len ? ", " : "", text);
}
