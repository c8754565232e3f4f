/* SPDX-License-Identifier: BSD-2-Clause */
/* What services have beside their backends: as JSON, and as people read it. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/settings.h"
#include "net/addr.h"

#define UNSAID "\"on_down\":\"move\",\"drain_timeout_ms\":0,\"slow_start_ms\":0,\"min_healthy\":0"

static void expect_settings(const struct conf_service *s, const char *json, const char *text)
{
	json_auto_t *object = json_object();
	_cleanup_(buf_free) struct buf out = { 0 };
	_cleanup_free_ char *dump = NULL;

	settings_describe(s, object);
	dump = json_dumps(object, JSON_COMPACT);
	cr_expect_str_eq(dump, json);
	settings_render(object, &out);
	cr_expect_str_eq(buf_str(&out), text);
}

Test(settings, of_a_service_that_says_nothing)
{
	const struct conf_service s = { .forward = SHUNT_FORWARD_DIRECT, .gue_port = 6080 };

	expect_settings(&s,
			"{\"fragments\":\"track\",\"affinity_ms\":0,\"mss\":0,"
			"\"max_connections\":0," UNSAID "}",
			"");
}

Test(settings, of_a_tunnel)
{
	const struct conf_service s = {
		.forward = SHUNT_FORWARD_GUE,
		.gue_port = 6081,
		.fragments = CONF_FRAGMENTS_L3HASH,
		.affinity_ms = 600 * 1000,
		.mss = 1400,
		.max_connections = 50,
	};

	expect_settings(&s,
			"{\"gue_port\":6081,\"fragments\":\"l3hash\",\"affinity_ms\":600000,"
			"\"mss\":1400,\"max_connections\":50," UNSAID "}",
			", gue_port 6081, fragments l3hash, affinity 600s, mss 1400, "
			"max_connections 50");
}

Test(settings, of_connections)
{
	const struct conf_service s = {
		.forward = SHUNT_FORWARD_NAT,
		.fragments = CONF_FRAGMENTS_DROP,
		.timeouts = { 1000, 2000, 3000, 4000, 5000, 6000 },
	};

	expect_settings(&s,
			"{\"fragments\":\"drop\",\"affinity_ms\":0,\"mss\":0,"
			"\"max_connections\":0," UNSAID ",\"timeouts\":{\"syn_ms\":1000,"
			"\"established_ms\":2000,\"closing_ms\":3000,\"closed_ms\":4000,"
			"\"udp_ms\":5000,\"udp_replied_ms\":6000}}",
			", fragments drop, timeouts syn 1s established 2s closing 3s closed 4s "
			"udp 5s udp_replied 6s");
}

Test(settings, of_what_becomes_of_backends)
{
	const struct conf_service s = {
		.on_down = CONF_ON_DOWN_KEEP,
		.drain.timeout_ms = 300000,
		.slow_start_ms = 30000,
		.min_healthy = 2,
	};

	expect_settings(&s,
			"{\"fragments\":\"track\",\"affinity_ms\":0,\"mss\":0,"
			"\"max_connections\":0,\"on_down\":\"keep\",\"drain_timeout_ms\":300000,"
			"\"slow_start_ms\":30000,\"min_healthy\":2}",
			", on_down keep, drain timeout 300s, slow_start 30s, min_healthy 2");
}

Test(settings, of_a_backend)
{
	const struct conf_backend b = { .port = 8443, .max_connections = 7 };
	json_auto_t *object = json_object();
	_cleanup_(buf_free) struct buf out = { 0 };

	settings_describe_backend(&b, object);
	settings_render_backend(object, &out);
	cr_expect_str_eq(buf_str(&out), ", port 8443, max_connections 7");
}

static struct shunt_addr address(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

/* The pool, where there is one; connections, where some service has any. */
Test(settings, of_nat_are_shown_where_they_are_used)
{
	struct conf_service service = {
		.name = "web",
		.forward = SHUNT_FORWARD_NAT,
		.check = { .type = CONF_CHECK_NONE },
	};
	struct shunt_addr pool[] = { address("198.51.100.1"), address("2001:db8:9::1") };
	struct conf conf = {
		.path = "t.yaml",
		.socket = "/s",
		.state_dir = "/d",
		.services = &service,
		.n_services = 1,
		.nat_connections = 4096,
		.nat_pool = pool,
		.nat_first_port = 10000,
		.nat_last_port = 20000,
	};
	static const char *const lines[] = {
		"\nnat 4096 connections\n",
		"\nnat 4096 connections, from 198.51.100.1, 2001:db8:9::1 ports 10000-20000\n",
	};

	for (int i = 0; i < 3; i++) {
		json_auto_t *data = json_pack("{s:o}", "config", describe_conf(&conf));
		const struct ctl_view view = { .data = data };
		_cleanup_(buf_free) struct buf out = { 0 };

		render_show_config(&view, &out);
		if (i < 2)
			cr_expect_not_null(strstr(buf_str(&out), lines[i]), "%s", buf_str(&out));
		else
			cr_expect_null(strstr(buf_str(&out), "\nnat "), "%s", buf_str(&out));
		conf.n_nat_pool = i ? 0 : 2;
		service.forward = i ? SHUNT_FORWARD_DIRECT : SHUNT_FORWARD_NAT;
	}
}
