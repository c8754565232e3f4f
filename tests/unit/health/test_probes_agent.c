/* SPDX-License-Identifier: BSD-2-Clause */
/* Agents on backends: what they say, and what health makes of it. */
#include <criterion/criterion.h>
#include <string.h>

#include "world.h"

static struct world w;

static void setup(void)
{
	world_init(&w);
}

static void teardown(void)
{
	world_free(&w);
}

TestSuite(probes_agent, .init = setup, .fini = teardown, .timeout = 120);

static void say(struct server *s, const char *text)
{
	s->reply = text;
	s->reply_len = strlen(text);
}

static struct server *add_agent(const char *text)
{
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_AGENT);

	s->speaks_first = true;
	say(s, text);
	return s;
}

static void expect(size_t backend, enum health_code code, const char *detail)
{
	const struct health_status *s = world_status(&w, backend);

	cr_expect_eq(s->code, code, "%s: %s", health_code_name(s->code), s->detail);
	cr_expect_str_eq(s->detail, detail);
}

Test(probes_agent, what_it_says_is_the_verdict)
{
	add_agent("up ready\t75%\n");
	add_agent("down#disk full\r\n");
	add_agent("SSH-2.0-OpenSSH_9.2\r\n");
	add_agent("drain")->hang_up = true;
	world_start(&w, prober_main);
	for (int i = 0; i < 4; i++)
		world_wait_probes(&w, i, 2);
	expect(0, HEALTH_OK_CODE, "agent: up ready 75%");
	expect(1, HEALTH_AGENT_CODE, "agent: down#disk full");
	expect(2, HEALTH_L7RSP_CODE, "an agent says something else");
	expect(3, HEALTH_OK_CODE, "agent: drain");
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);
	cr_expect_eq(world_status(&w, 1)->state, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 0)->agent, HEALTH_AGENT_READY);
	cr_expect_eq(world_status(&w, 0)->agent_percent, 75);
	cr_expect_eq(world_status(&w, 2)->agent, HEALTH_AGENT_SILENT);
	cr_expect_eq(world_status(&w, 2)->agent_percent, 100);
	cr_expect_eq(world_status(&w, 3)->agent, HEALTH_AGENT_DRAIN);
}

/* Each word that changes something is a change to whoever makes tables of it. */
Test(probes_agent, what_it_wants_is_a_change)
{
	struct server *s = add_agent("up\n");

	world_start(&w, prober_main);
	world_wait_probes(&w, 0, 4);
	cr_expect_eq(w.changes, 1, "%d", w.changes);
	say(s, "50%\n");
	while (world_status(&w, 0)->agent_percent != 50)
		world_turn(&w);
	cr_expect_eq(w.changes, 2, "%d", w.changes);
	say(s, "50% maint\n");
	while (world_status(&w, 0)->agent != HEALTH_AGENT_MAINT)
		world_turn(&w);
	cr_expect_eq(w.changes, 3, "%d", w.changes);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);

	/* Without an answer it wants what it wanted. */
	server_close(s);
	world_wait_state(&w, 0, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 0)->agent, HEALTH_AGENT_MAINT);
	cr_expect_eq(world_status(&w, 0)->agent_percent, 50);
}

Test(probes_agent, is_forgotten_with_its_check)
{
	add_agent("drain 10%\n");
	world_start(&w, prober_main);
	world_wait_probes(&w, 0, 1);
	cr_expect_eq(world_status(&w, 0)->agent, HEALTH_AGENT_DRAIN);
	w.backends[0].check.type = CONF_CHECK_TCP;
	world_configure(&w);
	cr_expect_eq(world_status(&w, 0)->agent, HEALTH_AGENT_SILENT);
	cr_expect_eq(world_status(&w, 0)->agent_percent, 100);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);
}

/* A backend may hold the connection open, or say more than anybody reads. */
Test(probes_agent, need_not_be_polite)
{
	static char endless[400];

	memset(endless, 'x', sizeof(endless) - 1);
	add_agent("up");
	add_agent(endless);
	add_agent("up\n\x01\x02 and much more\n");
	add_agent("\x16\x03\x01")->hang_up = true;
	w.backends[0].check.timeout_ms = 150;
	world_start(&w, prober_main);
	for (int i = 0; i < 4; i++)
		world_wait_probes(&w, i, 2);
	expect(0, HEALTH_L7TOUT_CODE, "no complete answer within 150 ms");
	expect(1, HEALTH_L7RSP_CODE, "a line that does not end");
	expect(2, HEALTH_OK_CODE, "agent: up");
	expect(3, HEALTH_L7RSP_CODE, "no text");
}
