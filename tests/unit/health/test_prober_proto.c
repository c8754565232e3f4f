/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages between parent and prober: what is let in. */
#include <criterion/criterion.h>
#include <string.h>

#include "health/check_state.h"
#include "health/prober_proto.h"

static struct prober_answer good_answer(void)
{
	return (struct prober_answer){ .serial = 1, .code = HEALTH_OK_CODE, .detail = "http 200" };
}

static bool accepts(const struct prober_answer *a)
{
	return prober_answer_is_valid(a, sizeof(*a));
}

Test(prober_proto, an_answer_is_right_in_every_field)
{
	struct prober_answer a = good_answer();

	cr_expect(accepts(&a));
	cr_expect_not(prober_answer_is_valid(&a, sizeof(a) - 1));
	cr_expect_not(prober_answer_is_valid(&a, sizeof(a) + 1));
	cr_expect_not(prober_answer_is_valid(&a, 0));
	a.serial = 0;
	cr_expect_not(accepts(&a));
	a = good_answer();
	a.duration_us = UINT32_MAX;
	cr_expect_not(accepts(&a));
}

Test(prober_proto, an_answer_has_a_code_of_a_probe)
{
	struct prober_answer a = good_answer();

	for (a.code = 0; a.code < HEALTH_CODES; a.code++)
		cr_expect_eq(accepts(&a),
			     a.code != HEALTH_NONE_CODE && a.code != HEALTH_UNCHECKED_CODE);
	cr_expect_not(accepts(&a));
	a.code = UINT32_MAX;
	cr_expect_not(accepts(&a));
}

Test(prober_proto, an_answer_has_an_agent_or_none)
{
	struct prober_answer a = good_answer();

	a.agent_percent = 1;
	cr_expect_not(accepts(&a), "nobody wants this");
	a.agent = HEALTH_AGENT_READY;
	cr_expect(accepts(&a));
	a.agent_percent = 101;
	cr_expect_not(accepts(&a));
	a.agent_percent = 100;
	a.agent = HEALTH_AGENT_STATES;
	cr_expect_not(accepts(&a));
}

/* A detail ends in the log: no escapes, no line breaks, an end. */
Test(prober_proto, a_detail_is_printable_and_ends)
{
	static const char bad[] = "\n\r\t\x1b\x7f\x80\xff";
	struct prober_answer a = good_answer();

	for (size_t i = 0; i < sizeof(bad) - 1; i++) {
		a.detail[2] = bad[i];
		cr_expect_not(accepts(&a), "byte %d", bad[i]);
	}
	memset(a.detail, 'x', sizeof(a.detail));
	cr_expect_not(accepts(&a));
	a.detail[sizeof(a.detail) - 1] = '\0';
	cr_expect(accepts(&a));
}

Test(prober_proto, noise_is_let_in_only_if_it_is_an_answer)
{
	struct check_state dice = { .random = 5 };
	size_t accepted = 0;

	for (int round = 0; round < 200000; round++) {
		struct prober_answer a = good_answer();
		unsigned char *bytes = (unsigned char *)&a;

		for (uint64_t n = check_state_draw(&dice, 4); n; n--)
			bytes[check_state_draw(&dice, sizeof(a))] = check_state_draw(&dice, 256);
		if (!accepts(&a))
			continue;
		accepted++;
		cr_assert_lt(a.code, HEALTH_CODES);
		cr_assert_lt(strnlen(a.detail, sizeof(a.detail)), sizeof(a.detail));
	}
	cr_expect(accepted > 1000 && accepted < 199000, "%zu", accepted);
}

static struct prober_request good_request(void)
{
	return (struct prober_request){ .serial = 1,
					.timeout_ms = 1000,
					.port = 80,
					.type = CONF_CHECK_HTTP,
					.http = { .n_status = 1, .path = "/", .host = "h" } };
}

static bool asks(const struct prober_request *r)
{
	return prober_request_is_valid(r, sizeof(*r));
}

Test(prober_proto, a_request_cannot_break_out_of_its_line)
{
	struct prober_request r = good_request();

	cr_expect(asks(&r));
	strcpy(r.http.path, "/a b");
	cr_expect_not(asks(&r));
	strcpy(r.http.path, "/a\r\nX: y");
	cr_expect_not(asks(&r));
	strcpy(r.http.path, "no-slash");
	cr_expect_not(asks(&r));
	r = good_request();
	strcpy(r.http.host, "h\r\nX: y");
	cr_expect_not(asks(&r));
	memset(r.http.host, 'h', sizeof(r.http.host));
	cr_expect_not(asks(&r));
}

Test(prober_proto, a_request_is_of_its_type)
{
	struct prober_request r = { .serial = 1, .timeout_ms = 1, .type = CONF_CHECK_ICMP };

	cr_expect(asks(&r), "no port");
	r.type = CONF_CHECK_UDP;
	cr_expect_not(asks(&r), "no port");
	r.port = 53;
	cr_expect(asks(&r));
	r.udp.n_send = CONF_MAX_SEND + 1;
	cr_expect_not(asks(&r));
	r.udp.n_send = 0;
	r.udp.n_payload = CONF_MAX_PAYLOAD + 1;
	cr_expect_not(asks(&r));
	r.type = CONF_CHECK_DNS;
	r.dns = (struct prober_dns){ .name = "a.example", .qtype = 1, .rcodes = 1 };
	cr_expect(asks(&r));
	r.dns.rcodes = 0;
	cr_expect_not(asks(&r), "nothing would pass");
	r.dns = (struct prober_dns){ .name = "a..example", .qtype = 1, .rcodes = 1 };
	cr_expect_not(asks(&r));
	memset(r.dns.name, 'a', sizeof(r.dns.name));
	cr_expect_not(asks(&r), "no end");
}

Test(prober_proto, a_request_has_all_it_needs)
{
	struct prober_request r = good_request();

	r.port = 0;
	cr_expect_not(asks(&r));
	r = good_request();
	r.type = CONF_CHECK_NONE;
	cr_expect_not(asks(&r));
	r.type = 200;
	cr_expect_not(asks(&r));
	r = good_request();
	r.http.n_status = CONF_STATUS_RANGES + 1;
	cr_expect_not(asks(&r));
	r = good_request();
	r.timeout_ms = PROBER_MAX_TIMEOUT_MS + 1;
	cr_expect_not(asks(&r));
	r.timeout_ms = 0;
	cr_expect_not(asks(&r));
}
