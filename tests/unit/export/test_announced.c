/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics of what the network is told. */
#include <criterion/criterion.h>
#include <string.h>

#include "../../lib/snapshot_fixture.h"
#include "export/export.h"

static struct snapshot *snap;
static struct buf page;

static void setup(void)
{
	snap = fixture_snapshot();
}

static void teardown(void)
{
	snapshot_free(snap);
	buf_free(&page);
}

TestSuite(announced, .init = setup, .fini = teardown);

static bool says(const char *text)
{
	return strstr(buf_str(&page), text);
}

Test(announced, nobody_is_told_anything)
{
	metrics_write(snap, &page);
	cr_expect(says("\n# TYPE shunt_vip_announced gauge\n# HELP "), "no samples");
	cr_expect(says("\nshunt_balancer_drained 0\n"));
}

Test(announced, vips_and_no_pool)
{
	static const struct snapshot_announcement list[] = {
		{ .addr = V4(203, 0, 113, 10), .state = ANNOUNCE_ANNOUNCED, .is_there = true },
		{ .addr = V6_DB8(0x10), .state = ANNOUNCE_WITHDRAWN },
		{ .addr = V4(198, 51, 100, 1), .is_pool = true, .is_there = true },
	};
	const struct admin admin = { .drained_since_wall_s = 1 };
	struct conf conf = *snap->conf;

	conf.ha.announce = CONF_ANNOUNCE_ROUTES;
	snap->conf = &conf;
	snap->admin = &admin;
	snap->announcements = fixture_copy(list, sizeof(list));
	snap->n_announcements = array_len(list);
	metrics_write(snap, &page);
	cr_expect(says("\nshunt_vip_announced{vip=\"203.0.113.10\",method=\"routes\"} 1\n"
		       "shunt_vip_announced{vip=\"2001:db8::10\",method=\"routes\"} 0\n# HELP "));
	cr_expect(says("\nshunt_balancer_drained 1\n"));
}
