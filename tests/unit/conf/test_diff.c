/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of two configs, in the order in which it is said. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_diff.h"
#include "conf/conf_print.h"
#include "conf/conf_tables.h"
#include "full.h"
#include "rows.h"

static void note(void *arg, const struct conf_change *c)
{
	static const char *const marks[] = {
		[CONF_CHANGED] = "~",
		[CONF_ADDED] = "+",
		[CONF_REMOVED] = "-",
	};
	struct buf *out = arg;

	buf_printf(out, "%s %s", marks[c->kind], c->path);
	if (c->kind == CONF_CHANGED)
		buf_printf(out, ": %s -> %s", c->before, c->after);
	buf_printf(out, "%s\n", c->needs_restart ? " (restart)" : "");
}

static struct conf *parse(const char *text)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;

	conf_parse("t.yaml", text, strlen(text), &said, &conf);
	cr_assert_not_null(conf, "%s", buf_str(&said));
	return conf;
}

static void expect_diff(const char *old_text, const char *new_text, const char *want)
{
	_cleanup_(conf_freep) struct conf *old = parse(old_text), *new = parse(new_text);
	_cleanup_(buf_free) struct buf said = { 0 };

	cr_assert_eq(conf_diff(old, new, note, &said), 0);
	cr_expect_str_eq(buf_str(&said), want, "%s\nsays\n%s", new_text, buf_str(&said));
}

#define WEB(service, backends)                                                                     \
	"  web:\n"                                                                                 \
	"    vip: 192.0.2.1\n"                                                                     \
	"    ports: 80/tcp\n" service "    backends:\n" backends
#define B(name, address, more) "      - { name: " name ", address: " address more " }\n"

static const char plain[] =
	HEAD "services:\n" WEB("", B("a", "192.0.2.11", "") B("b", "192.0.2.12", ", weight: 50"));

Test(diff, same)
{
	expect_diff(plain, plain, "");
	expect_diff(full_text, full_text, "");
	/* Written in another way, or as what it is without. */
	expect_diff(plain,
		    HEAD
		    "daemon:\nservices:\n" WEB("    udp: keep\n    check: { interval: 2000ms }\n",
					       B("a", "192.0.2.11", ", weight: 100")
						       B("b", "192.0.2.12", ", weight: 50")),
		    "");
}

Test(diff, values)
{
	expect_diff(plain,
		    HEAD "services:\n" WEB("    affinity: 10m\n    check: { type: http }\n",
					   B("a", "192.0.2.11", "") B("b", "192.0.2.13", "")),
		    "~ services.web.affinity: off -> 10m\n"
		    "~ services.web.check.type: tcp -> http\n"
		    "~ services.web.backends.b.address: 192.0.2.12 -> 192.0.2.13\n"
		    "~ services.web.backends.b.weight: 50 -> 100\n");
	expect_diff(plain,
		    HEAD
		    "daemon: { state_dir: /s, log: { level: debug }, metrics: { listen: none } }\n"
		    "services:\n" WEB("    mss: 1400\n",
				      B("a", "192.0.2.11", "")
					      B("b", "192.0.2.12", ", weight: 50")),
		    "~ daemon.state_dir: /var/lib/shunt -> /s (restart)\n"
		    "~ daemon.log.level: info -> debug\n"
		    "~ daemon.metrics.listen: 127.0.0.1:9924 -> none\n"
		    "~ services.web.mss:  -> 1400\n");
}

/* What services follow is said once, as long as they follow it. */
Test(diff, defaults)
{
	expect_diff(plain,
		    HEAD "defaults: { forward: ipip, check: { rise: 7 } }\nservices:\n" WEB(
			    "", B("a", "192.0.2.11", "")
					B("b", "192.0.2.12", ", weight: 50, check: { rise: 8 }")),
		    "~ defaults.forward: direct -> ipip\n"
		    "~ defaults.check.rise: 2 -> 7\n"
		    "~ services.web.backends.b.check.rise: 2 -> 8\n");
}

Test(diff, elements)
{
	expect_diff(plain,
		    HEAD "services:\n" WEB(
			    "", B("c", "192.0.2.13", ", backup: true")
					B("a", "192.0.2.11",
					  "")) "  dns:\n"
					       "    vip: 192.0.2.2\n    ports: [53/udp, 53/tcp]\n"
					       "    backends: [{ name: a, address: 192.0.2.53 }]\n",
		    "- services.web.backends.b\n"
		    "+ services.web.backends.c\n"
		    "~ services.web.backends.c.address:  -> 192.0.2.13\n"
		    "~ services.web.backends.c.backup: false -> true\n"
		    "+ services.dns\n"
		    "~ services.dns.vip:  -> 192.0.2.2\n"
		    "~ services.dns.ports:  -> [53/udp, 53/tcp]\n"
		    "~ services.dns.check.port:  -> 53\n"
		    "+ services.dns.backends.a\n"
		    "~ services.dns.backends.a.address:  -> 192.0.2.53\n");
	expect_diff(plain, "version: 1\ninterfaces: { eth1: { mode: generic } }\n",
		    "- interfaces.eth0\n"
		    "+ interfaces.eth1\n"
		    "~ interfaces.eth1.mode: auto -> generic\n"
		    "- services.web\n");
}

Test(diff, order)
{
	expect_diff(plain,
		    HEAD "services:\n" WEB("", B("b", "192.0.2.12", ", weight: 50")
						       B("a", "192.0.2.11", "")),
		    "~ services.web.backends: a, b -> b, a\n");
}

static void note_files(void *arg, const struct conf_change *c)
{
	if (c->names_file)
		buf_printf(arg, "%s\n", c->path);
}

/* What a program does is in its arguments. */
Test(diff, files)
{
	static const char exec[] = HEAD
		"services:\n" WEB("    check: { type: exec, command: /bin/sh, args: [/etc/ok] }\n",
				  B("a", "192.0.2.11", ""));
	static const char other[] = HEAD
		"services:\n" WEB("    check: { type: exec, command: /bin/sh, args: [-c, id] }\n",
				  B("a", "192.0.2.11", ""));
	_cleanup_(conf_freep) struct conf *old = parse(exec), *new = parse(other);
	_cleanup_(buf_free) struct buf said = { 0 };

	cr_assert_eq(conf_diff(old, new, note_files, &said), 0);
	cr_expect_str_eq(buf_str(&said), "services.web.check.args\n");
	buf_cut(&said, 0);
	cr_assert_eq(conf_diff(old, old, note_files, &said), 0);
	cr_expect_str_eq(buf_str(&said), "");
}
