/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator says: what it does, and what it is answered. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "rig.h"

static struct rig r;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(commands, .init = setup, .fini = teardown);

static void expect(enum ctl_exit code, enum ctl_exit want, const char *out, const char *err)
{
	cr_assert_eq(code, want, "exit %d, not %d: %s%s", code, want, buf_str(&r.out),
		     buf_str(&r.err));
	cr_assert_str_eq(buf_str(&r.out), out);
	cr_assert_str_eq(buf_str(&r.err), err);
}

static const struct admin_entry *said_of(const char *backend)
{
	return admin_find(&r.daemon.admin, "web", backend);
}

Test(commands, drain_and_enable)
{
	expect(rig_run(&r, "backend", "drain", "web/nginx2", NULL), CTL_OK,
	       "web/nginx2: down -> drain\n", "");
	cr_assert_eq(said_of("nginx2")->state, ADMIN_DRAIN);
	expect(rig_run(&r, "backend", "enable", "web/nginx3", NULL), CTL_OK,
	       "web/nginx3: drain -> up\n", "");
	cr_assert_eq(said_of("nginx3")->state, ADMIN_ENABLED);
	cr_assert_eq(r.daemon.sets, 2);
}

Test(commands, saying_it_twice_changes_nothing)
{
	expect(rig_run(&r, "backend", "drain", "web/nginx3", NULL), CTL_OK,
	       "web/nginx3: already drained\n", "");
	expect(rig_run(&r, "backend", "enable", "web/nginx1", NULL), CTL_OK,
	       "web/nginx1: already enabled\n", "");
	expect(rig_run(&r, "backend", "weight", "web/nginx1", "100%", NULL), CTL_OK,
	       "web/nginx1: already weight 100\n", "");
	cr_assert_eq(r.daemon.sets, 0);
}

Test(commands, the_last_usable_backend_is_kept)
{
	static const char refusal[] = "web/nginx1 is the last usable backend of web: "
				      "with --force it is taken all the same\n";

	expect(rig_run(&r, "backend", "drain", "web/nginx1", NULL), CTL_FAILED, "", refusal);
	expect(rig_run(&r, "backend", "weight", "web/nginx1", "0", NULL), CTL_FAILED, "", refusal);
	expect(rig_run(&r, "backend", "weight", "web/nginx1", "0%", NULL), CTL_FAILED, "", refusal);
	cr_assert_eq(r.daemon.sets, 0);
	expect(rig_run(&r, "backend", "drain", "web/nginx1", "--force", NULL), CTL_OK,
	       "web/nginx1: up -> drain\n", "");
}

Test(commands, with_two_usable_backends_one_may_go)
{
	rig_run(&r, "backend", "enable", "web/nginx3", NULL);
	expect(rig_run(&r, "backend", "drain", "web/nginx1", NULL), CTL_OK,
	       "web/nginx1: up -> drain\n", "");
	cr_assert_eq(rig_run(&r, "backend", "drain", "web/nginx3", NULL), CTL_FAILED);
}

Test(commands, weights)
{
	expect(rig_run(&r, "backend", "weight", "web/nginx1", "50", NULL), CTL_OK,
	       "web/nginx1: weight 100 -> weight 50\n", "");
	cr_assert_eq(said_of("nginx1")->weight, 50);
	cr_assert_eq(said_of("nginx1")->weight_percent, -1);
	expect(rig_run(&r, "backend", "weight", "web/nginx1", "10%", NULL), CTL_OK,
	       "web/nginx1: weight 50 -> weight 10\n", "");
	cr_assert_eq(said_of("nginx1")->weight, -1);
	cr_assert_eq(said_of("nginx1")->weight_percent, 10);
	expect(rig_run(&r, "backend", "weight", "web/nginx1", "100%", NULL), CTL_OK,
	       "web/nginx1: weight 10 -> weight 100\n", "");
	cr_assert_eq(said_of("nginx1")->weight, -1);
	cr_assert_eq(said_of("nginx1")->weight_percent, -1);
}

Test(commands, a_drain_does_not_forget_the_weight)
{
	rig_run(&r, "backend", "weight", "web/nginx1", "20", NULL);
	rig_run(&r, "backend", "drain", "web/nginx1", "--force", NULL);
	cr_assert_eq(said_of("nginx1")->weight, 20);
	cr_assert_eq(said_of("nginx1")->state, ADMIN_DRAIN);
	rig_run(&r, "backend", "weight", "web/nginx1", "30", NULL);
	cr_assert_eq(said_of("nginx1")->state, ADMIN_DRAIN);
	rig_run(&r, "backend", "enable", "web/nginx1", NULL);
	cr_assert_eq(said_of("nginx1")->weight, 30);
}

Test(commands, what_is_no_weight)
{
	static const char *const bad[] = {
		"",  "x",   "-1",  "1001", "101%", "5 %",
		"%", "5%%", "1e3", "+5",   " 5",   "99999999999999999999"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(rig_run(&r, "backend", "weight", "web/nginx1", bad[i], NULL),
			     CTL_USAGE, "\"%s\"", bad[i]);
	cr_assert_eq(r.daemon.sets, 0);
	expect(rig_run(&r, "backend", "weight", "web/nginx1", "2000", NULL), CTL_USAGE, "",
	       "\"2000\" is not a weight: 0 to 1000, or 0% to 100%\n");
}

Test(commands, who_is_not_there)
{
	expect(rig_run(&r, "backend", "drain", "web/nginxx", NULL), CTL_NOT_FOUND, "",
	       "no backend \"web/nginxx\" (did you mean \"web/nginx1\"?)\n");
	expect(rig_run(&r, "backend", "drain", "wbe/nginx1", NULL), CTL_NOT_FOUND, "",
	       "no service \"wbe\" (did you mean \"web\"?)\n");
	expect(rig_run(&r, "service", "show", "nothing-like-it", NULL), CTL_NOT_FOUND, "",
	       "no service \"nothing-like-it\"\n");
	expect(rig_run(&r, "backend", "list", "dsn", NULL), CTL_NOT_FOUND, "",
	       "no service \"dsn\" (did you mean \"dns\"?)\n");
	expect(rig_run(&r, "backend", "drain", "web", NULL), CTL_USAGE, "",
	       "\"web\" is not SERVICE/BACKEND\n");
}

Test(commands, a_daemon_that_cannot)
{
	r.daemon.admin_err = -ENOSPC;
	expect(rig_run(&r, "backend", "enable", "web/nginx3", NULL), CTL_FAILED, "",
	       "web/nginx3: No space left on device\n");
}

Test(commands, reload)
{
	expect(rig_run(&r, "reload", NULL), CTL_OK, "reloaded\n", "");
	cr_assert_eq(r.daemon.reloads, 1);
	r.daemon.reload_says = "shunt.yaml:3:1: warning: nothing listens";
	expect(rig_run(&r, "reload", "--dry-run", NULL), CTL_OK,
	       "shunt.yaml:3:1: warning: nothing listens\n"
	       "the config is fit; nothing was changed\n",
	       "");
	cr_assert_eq(r.daemon.dry_runs, 1);
	cr_assert_eq(r.daemon.reloads, 1);
}

/* A bad line of the config is shown as it is, even where it is not UTF-8. */
Test(commands, reload_of_a_wrong_config)
{
	r.daemon.reload_err = -EINVAL;
	r.daemon.reload_says = "shunt.yaml:3:1: error: what is \"caf\xe9\"\n";
	expect(rig_run(&r, "reload", NULL), CTL_USAGE, "",
	       "shunt.yaml:3:1: error: what is \"caf?\"\n");
	r.daemon.reload_err = -EIO;
	r.daemon.reload_says = NULL;
	expect(rig_run(&r, "reload", NULL), CTL_FAILED, "", "reload: Input/output error\n");
}

Test(commands, typos)
{
	expect(rig_run(&r, "bakend", "list", NULL), CTL_USAGE, "",
	       "shunt: no command \"bakend\" (did you mean \"backend\"?)\n");
	expect(rig_run(&r, "backend", "drian", "web/nginx1", NULL), CTL_USAGE, "",
	       "shunt: no command \"backend drian\" (did you mean \"drain\"?)\n"
	       "usage: shunt backend list [SERVICE]\n"
	       "usage: shunt backend drain SERVICE/BACKEND [--force] [--timeout DURATION] "
	       "[--wait]\n"
	       "usage: shunt backend maint SERVICE/BACKEND [--force]\n"
	       "usage: shunt backend enable SERVICE/BACKEND\n"
	       "usage: shunt backend weight SERVICE/BACKEND WEIGHT [--force]\n"
	       "usage: shunt backend add SERVICE/BACKEND [KEY=VALUE]...\n"
	       "usage: shunt backend del SERVICE/BACKEND [--force]\n");
	expect(rig_run(&r, "status", "--jsno", NULL), CTL_USAGE, "",
	       "shunt: no option \"--jsno\" (did you mean \"--json\"?)\n");
	expect(rig_run(&r, "backend", "drain", NULL), CTL_USAGE, "",
	       "usage: shunt backend drain SERVICE/BACKEND [--force] [--timeout DURATION] "
	       "[--wait]\n");
	expect(rig_run(&r, "status", "now", NULL), CTL_USAGE, "", "usage: shunt status\n");
	expect(rig_run(&r, "status", "--force", NULL), CTL_USAGE, "", "usage: shunt status\n");
	expect(rig_run(&r, "--socket", NULL), CTL_USAGE, "", "shunt: --socket needs a path\n");
	expect(rig_run(&r, "backend", "drain", "web/nginx1", "--timeout", NULL), CTL_USAGE, "",
	       "shunt: --timeout needs a DURATION\n");
}

Test(commands, help)
{
	expect(rig_run(&r, "help", "backend", "maint", NULL), CTL_OK,
	       "  shunt backend maint SERVICE/BACKEND [--force]  "
	       "the same at once, and do not check it: its flows are not kept\n"
	       "  --force                                        "
	       "do it even where that is refused to be on the safe side\n",
	       "");
	cr_assert_eq(rig_run(&r, "backend", "--help", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "shunt backend weight"));
	cr_assert_null(strstr(buf_str(&r.out), "shunt show"));
	cr_assert_eq(rig_run(&r, "help", "nonsense", NULL), CTL_USAGE);
	/* Every command that is not hidden is there. */
	cr_assert_eq(rig_run(&r, "help", NULL), CTL_OK);
	for (size_t i = 0; i < ctl_n_commands; i++) {
		char name[COMMAND_NAME], line[COMMAND_NAME + 16];

		snprintf(line, sizeof(line), "  shunt %s ", command_name(&ctl_commands[i], name));
		cr_assert_eq(strstr(buf_str(&r.out), line) != NULL, !ctl_commands[i].hidden, "%s",
			     line);
	}
}

Test(commands, nobody_at_the_socket)
{
	static const char *const words[] = { "status", "doctor", "top", "events" };
	_cleanup_(buf_free) struct buf want = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/nobody.sock", r.dir);
	buf_printf(&want,
		   "shunt: cannot reach shuntd at %s: No such file or directory. "
		   "Is it running?\n",
		   path);
	array_for_each (word, words, array_len(words)) {
		struct cli cli = { .socket = path };

		expect(rig_run_as(&r, &cli, word, 1), CTL_UNREACHABLE, "", buf_str(&want));
		cli = (struct cli){ .socket = path, .json = true };
		cr_assert_eq(rig_run_as(&r, &cli, word, 1), CTL_UNREACHABLE);
		cr_assert_not_null(strstr(buf_str(&r.out), "\"ok\":false,\"exit\":4,"), "%s",
				   *word);
	}
}

Test(commands, version_and_help_need_no_daemon)
{
	static const char *const version[] = { "version" }, *const help[] = { "--help" };
	char path[128];

	snprintf(path, sizeof(path), "%s/nobody.sock", r.dir);
	expect(rig_run_as(&r, &(struct cli){ .socket = path }, version, 1), CTL_OK,
	       "shunt " SHUNT_VERSION "\n", "");
	cr_assert_eq(rig_run_as(&r, &(struct cli){ .socket = path }, help, 1), CTL_OK);
}

/* A file of that text in the rig's directory, removed by the caller. */
static void write_file(char path[128], const char *text)
{
	FILE *f;

	snprintf(path, 128, "%s/shunt.yaml", r.dir);
	f = fopen(path, "we");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

Test(commands, config_explain_and_schema)
{
	cr_assert_eq(rig_run(&r, "config", "explain", "check.rise", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "defaults.check.rise\n    a number, 1 to 100"));
	cr_assert_eq(rig_run(&r, "config", "explain", "check.raise", NULL), CTL_NOT_FOUND);
	cr_assert_str_eq(buf_str(&r.out), "");
	cr_assert_eq(rig_run(&r, "config", "explain", "rise", "--json", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "\"ok\":true,"));
	cr_assert_eq(rig_run(&r, "config", "schema", NULL), CTL_OK);
	cr_assert_not_null(strstr(buf_str(&r.out), "\"title\": \"shunt.yaml\""));
}

Test(commands, config_check)
{
	_cleanup_(buf_free) struct buf want = { 0 };
	char path[128];

	write_file(path, "version: 1\n"
			 "interfaces: { eth0: { mode: auto } }\n"
			 "services:\n"
			 "  web:\n"
			 "    vip: [192.0.2.80]\n"
			 "    ports: [80/tcp]\n"
			 "    backends:\n"
			 "      - { name: b1, address: 192.0.2.11 }\n"
			 "      - { name: b2, address: 192.0.2.12 }\n");
	buf_printf(&want, "%s: ok (1 services, 2 backends)\n", path);
	expect(rig_run(&r, "config", "check", path, NULL), CTL_OK, buf_str(&want), "");
	write_file(path, "version: 1\nservcies: {}\n");
	cr_assert_eq(rig_run(&r, "config", "check", path, NULL), CTL_USAGE);
	cr_assert_str_eq(buf_str(&r.out), "");
	cr_assert_not_null(strstr(buf_str(&r.err), "shunt.yaml:2:1: error: "), "%s",
			   buf_str(&r.err));
	cr_assert_eq(rig_run(&r, "config", "check", path, "--json", NULL), CTL_USAGE);
	cr_assert_not_null(strstr(buf_str(&r.out), "{\"schema\":1,\"ok\":false,\"exit\":2,"));
	unlink(path);
}

static const char *completed(const char *a, const char *b, const char *c)
{
	rig_run(&r, "__complete", a, b, c, NULL);
	return buf_str(&r.out);
}

Test(commands, completion)
{
	cr_assert_str_eq(completed("s", NULL, NULL), "status\nservice\nshow\n");
	cr_assert_str_eq(completed("backend", "", NULL),
			 "list\ndrain\nmaint\nenable\nweight\nadd\ndel\n");
	cr_assert_str_eq(completed("show", "ne", NULL), "neighbors\n");
	cr_assert_str_eq(completed("service", "show", ""), "web\ndns\n");
	cr_assert_str_eq(completed("backend", "list", "w"), "web\n");
	cr_assert_str_eq(completed("backend", "drain", "web/"),
			 "web/nginx1\nweb/nginx2\nweb/nginx3\n");
	cr_assert_str_eq(completed("backend", "drain", "--f"), "--force\n");
	cr_assert_str_eq(completed("backend", "drain", "--s"), "--socket\n");
	rig_run(&r, "__complete", "backend", "drain", "--timeout", "5m", "web/nginx1", NULL);
	cr_assert_str_eq(buf_str(&r.out), "web/nginx1\n");
	cr_assert_str_eq(completed("config", "check", ""), "@file\n");
	cr_assert_str_eq(completed("config", "explain", "daemon.metrics.l"),
			 "daemon.metrics.listen\n");
	cr_assert_str_eq(completed("config", "explain", "services.NAME.backends[].we"),
			 "services.NAME.backends[].weight\n");
	cr_assert_str_eq(completed("config", "explain", "password_f"), "password_file\n");
	cr_assert_str_eq(completed("status", "--socket", ""), "@file\n");
	cr_assert_str_eq(completed("status", "", NULL), "");
	cr_assert_str_eq(completed("nonsense", "", NULL), "");
	cr_assert_str_eq(buf_str(&r.err), "");
}

Test(commands, completion_without_a_daemon_says_nothing)
{
	char path[128];
	const char *words[] = { "__complete", "--socket", path, "service", "show", "" };

	snprintf(path, sizeof(path), "%s/nobody.sock", r.dir);
	cr_assert_eq(rig_run_as(&r, &(struct cli){ 0 }, words, 6), CTL_OK);
	cr_assert_str_eq(buf_str(&r.out), "");
	cr_assert_str_eq(buf_str(&r.err), "");
}
