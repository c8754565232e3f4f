/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of agents, whole and in pieces. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "health/agent_line.h"

static int read_text(const char *text, struct agent_says *says)
{
	struct agent_line l = { 0 };

	cr_assert_eq(agent_line_feed(&l, text, strlen(text)), 0, "\"%s\"", text);
	return agent_line_read(&l, says);
}

Test(agent_line, reads_words)
{
	static const struct {
		const char *text;
		struct agent_says says;
	} rows[] = {
		{ "75%", { false, HEALTH_AGENT_READY, 75 } },
		{ "0%", { false, HEALTH_AGENT_READY, 0 } },
		{ "100%", { false, HEALTH_AGENT_READY, 100 } },
		{ "up", { false, HEALTH_AGENT_READY, 100 } },
		{ "ready", { false, HEALTH_AGENT_READY, 100 } },
		{ "drain", { false, HEALTH_AGENT_DRAIN, 100 } },
		{ "MAINT", { false, HEALTH_AGENT_MAINT, 100 } },
		{ "down", { true, HEALTH_AGENT_READY, 100 } },
		{ "fail", { true, HEALTH_AGENT_READY, 100 } },
		{ "stopped", { true, HEALTH_AGENT_READY, 100 } },
		{ "Down#for 50% of us, drain", { true, HEALTH_AGENT_READY, 100 } },
		{ "up ready 30%", { false, HEALTH_AGENT_READY, 30 } },
		{ " \t,drain,, 5%\t# why", { false, HEALTH_AGENT_DRAIN, 5 } },
		{ "maxconn:30 up", { false, HEALTH_AGENT_READY, 100 } },
		{ "maint ready", { false, HEALTH_AGENT_READY, 100 } },
	};

	array_for_each (row, rows, array_len(rows)) {
		struct agent_says says;

		cr_expect_eq(read_text(row->text, &says), 0, "\"%s\"", row->text);
		cr_expect_eq(says.down, row->says.down, "\"%s\"", row->text);
		cr_expect_eq(says.state, row->says.state, "\"%s\"", row->text);
		cr_expect_eq(says.percent, row->says.percent, "\"%s\"", row->text);
	}
}

Test(agent_line, refuses_other_words)
{
	static const char *const bad[] = { "",	  " ",	    ",",	"#up",		"101%",
					   "%",	  "-1%",    "5 %",	"1e1%",		"0050%",
					   "ups", "up up2", "maxconn:", "HTTP/1.1 400", "220 mx" };

	array_for_each (text, bad, array_len(bad)) {
		struct agent_says says = { .percent = 42 };

		cr_expect_eq(read_text(*text, &says), -EBADMSG, "\"%s\"", *text);
		cr_expect_eq(says.percent, 42, "\"%s\"", *text);
	}
}

Test(agent_line, comes_in_pieces)
{
	static const char text[] = "up 30%\r\nmaint\n";
	struct agent_line l = { 0 };
	struct agent_says says;

	for (size_t i = 0; i < 6; i++)
		cr_expect_eq(agent_line_feed(&l, text + i, 1), 0);
	cr_expect_eq(agent_line_feed(&l, text + 6, sizeof(text) - 7), 1);
	cr_expect_str_eq(l.text, "up 30%");
	cr_assert_eq(agent_line_read(&l, &says), 0);
	cr_expect_eq(says.percent, 30);
}

Test(agent_line, has_an_end)
{
	struct agent_line l = { 0 };

	for (int i = 0; i < AGENT_LINE_MAX_BYTES; i++)
		cr_assert_eq(agent_line_feed(&l, "x", 1), 0);
	cr_expect_eq(strlen(l.text), AGENT_LINE_MAX_BYTES);
	cr_expect_eq(agent_line_feed(&l, "x", 1), -EMSGSIZE);
	cr_expect_eq(agent_line_feed(&l, "\n", 1), 1);
}

/* It goes to logs and terminals. */
Test(agent_line, is_plain_text)
{
	struct agent_line l = { 0 };
	struct agent_says says;

	cr_expect_eq(agent_line_feed(&l, "up#\xc3\xa9\x7f\n", 7), 1);
	cr_expect_str_eq(l.text, "up#???");
	cr_expect_eq(agent_line_read(&l, &says), 0);
	l = (struct agent_line){ 0 };
	cr_expect_eq(agent_line_feed(&l, "up\0\n", 4), -EBADMSG);
	l = (struct agent_line){ 0 };
	cr_expect_eq(agent_line_feed(&l, "up\x1b[1m\n", 7), -EBADMSG);
}
