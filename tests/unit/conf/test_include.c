/* SPDX-License-Identifier: BSD-2-Clause */
/* One config in several texts, and backends that an operator adds and removes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "conf/conf_read.h"
#include "rows.h"

#define INPUT(name, text)                                                                          \
	{                                                                                          \
		name, text, sizeof(text) - 1                                                       \
	}

static int read_texts(struct conf_request *r, struct buf *said, struct conf **conf)
{
	buf_free(said);
	return conf_read(r, said, conf);
}

/* Without the excerpts. */
static void keep_messages(const char *said, struct buf *out)
{
	for (const char *line = said; *line; line += strcspn(line, "\n") + 1)
		if (!strncmp(line, "/c/", 3))
			buf_printf(out, "%.*s\n", (int)strcspn(line, "\n"), line);
}

static void expect_said(const struct conf_input *inputs, size_t n, const char *want)
{
	struct conf_request r = { .inputs = inputs, .n_inputs = n };
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf said = { 0 }, got = { 0 };

	read_texts(&r, &said, &conf);
	keep_messages(buf_str(&said), &got);
	cr_expect_str_eq(buf_str(&got), want, "%s", buf_str(&said));
}

#define INCLUDING HEAD "include: [/c/all.yaml, /c/conf.d/*.yaml]\n"
#define DNS                                                                                        \
	"services:\n"                                                                              \
	"  dns:\n"                                                                                 \
	"    vip: 192.0.2.2\n"                                                                     \
	"    ports: 53/udp\n"                                                                      \
	"    check: { type: none }\n"                                                              \
	"    backends: [{ name: b, address: 192.0.2.53 }]\n"

Test(include, texts_become_one_config)
{
	static const struct conf_input inputs[] = {
		INPUT("/c/shunt.yaml", INCLUDING SERVICES),
		INPUT("/c/conf.d/dns.yaml", "version: 1\n" DNS),
		INPUT("/c/conf.d/.hidden.yaml", "nonsense"),
		INPUT("/c/conf.d/empty.yaml", "# nothing\n"),
		INPUT("/c/all.yaml", "interfaces: { eth1: }\ndefaults: { forward: ipip }\n"
				     "services:\n"),
	};
	struct conf_request r = { .inputs = inputs, .n_inputs = 5 };
	_cleanup_(conf_freep) struct conf *conf = NULL, *again = NULL;
	_cleanup_(buf_free) struct buf said = { 0 };

	cr_assert_eq(read_texts(&r, &said, &conf), 0, "%s", buf_str(&said));
	cr_expect_str_eq(buf_str(&said), "");
	cr_assert_eq(conf->n_services, 2);
	cr_expect_str_eq(conf->services[0].name, "a");
	cr_expect_str_eq(conf->services[0].file, "/c/shunt.yaml");
	cr_expect_str_eq(conf->services[1].name, "dns");
	cr_expect_str_eq(conf->services[1].file, "/c/conf.d/dns.yaml");
	cr_expect_eq(conf->services[1].line, 3);
	cr_expect_eq(conf->services[1].forward, SHUNT_FORWARD_IPIP);
	cr_expect_eq(conf->n_interfaces, 2);
	cr_expect_eq(conf->n_includes, 2);
	/* What it was read from makes the same once more. */
	cr_assert_eq(conf->n_inputs, 4);
	r = (struct conf_request){ .inputs = conf->inputs, .n_inputs = conf->n_inputs };
	cr_assert_eq(read_texts(&r, &said, &again), 0);
	cr_expect_eq(again->n_services, 2);
}

Test(include, mistakes_name_their_file)
{
	static const struct conf_input twice[] = {
		INPUT("/c/shunt.yaml", HEAD "include: /c/all.yaml\ndaemon:\n" SERVICES),
		INPUT("/c/all.yaml", "daemon: {}\nservices: { a: }\ninclude: /x\nversion: 2\n"),
	};
	static const struct conf_input syntax[] = {
		INPUT("/c/shunt.yaml", "version: 1\ninclude: /c/all.yaml\n" SERVICES),
		INPUT("/c/all.yaml", "interfaces: [\n"),
	};
	static const struct conf_input vip[] = {
		INPUT("/c/shunt.yaml", HEAD "include: /c/all.yaml\n" SERVICES),
		INPUT("/c/all.yaml",
		      "services: { b: { vip: 192.0.2.1, ports: 80/tcp, backends: [{ name: "
		      "a, address: 192.0.2.11 }, { name: a, address: 192.0.2.12 }] } }\n"),
	};

	expect_said(twice, 2,
		    "/c/all.yaml:1:1: error: duplicate key \"daemon\" (first on line 4 of "
		    "/c/shunt.yaml)\n"
		    "/c/all.yaml:2:13: error: services: duplicate key \"a\" (first on line 5 of "
		    "/c/shunt.yaml)\n"
		    "/c/all.yaml:2:13: error: services.a: \"vip\" is missing\n"
		    "/c/all.yaml:2:13: error: services.a: \"ports\" is missing\n"
		    "/c/all.yaml:2:13: warning: services.a: no backends: its packets are dropped\n"
		    "/c/all.yaml:3:1: error: a file that is included cannot include others\n"
		    "/c/all.yaml:4:1: error: duplicate key \"version\" (first on line 1 of "
		    "/c/shunt.yaml)\n");
	expect_said(
		syntax, 2,
		"/c/all.yaml:1:1: error: interfaces: expected a mapping (key: value), found a "
		"list\n"
		"/c/all.yaml:2:1: error: not valid YAML: the text ends while parsing a flow node "
		"that starts here\n");
	expect_said(
		vip, 2,
		"/c/all.yaml:1:23: error: services.b.vip: 192.0.2.1 80/tcp belongs to service "
		"\"a\" already (line 4 of /c/shunt.yaml)\n"
		"/c/all.yaml:1:102: error: services.b.backends[1].name: another backend is called "
		"\"a\" (line 1)\n");
}

Test(include, what_cannot_be_included)
{
	static const struct conf_input inputs[] = {
		INPUT("/c/shunt.yaml", HEAD "include: [a.yaml, /c/*/a.yaml, /c/none.yaml, "
					    "/c/shunt.yaml, /c/none*, [a]]\n" SERVICES),
	};

	expect_said(
		inputs, 1,
		"/c/shunt.yaml:3:11: error: include[0]: \"a.yaml\" is not an absolute path\n"
		"/c/shunt.yaml:3:19: error: include[1]: \"/c/*/a.yaml\" is not the path of files: "
		"wildcards stand behind the last slash\n"
		"/c/shunt.yaml:3:32: error: include[2]: /c/none.yaml is not there\n"
		"/c/shunt.yaml:3:46: error: include[3]: /c/shunt.yaml is read already\n"
		"/c/shunt.yaml:3:71: error: include[5]: expected a single value\n");
}

/* --- files ------------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

static void remove_file(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

Test(include, files)
{
	_cleanup_(buf_free) struct buf text = { 0 }, said = { 0 }, want = { 0 };
	_cleanup_(conf_freep) struct conf *conf = NULL;
	char dir[] = "/tmp/shunt-conf.XXXXXX", path[256];

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/shunt.yaml", dir);
	buf_printf(&text, HEAD "include: [%s/no*.yaml, %s/*.inc]\n" SERVICES, dir, dir);
	write_file(dir, "shunt.yaml", buf_str(&text));
	write_file(dir, "dns.inc", DNS);
	cr_assert_eq(conf_load(path, &said, &conf), 0, "%s", buf_str(&said));
	cr_expect_eq(conf->n_services, 2);
	/* A pipe is not waited for. */
	snprintf(path, sizeof(path), "%s/pipe.inc", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/shunt.yaml", dir);
	conf_free(take_ptr(&conf));
	cr_expect_neq(conf_load(path, &said, &conf), 0);
	buf_printf(&want, "cannot read %s/pipe.inc: Invalid argument\n", dir);
	cr_expect_not_null(strstr(buf_str(&said), buf_str(&want)), "%s", buf_str(&said));
	remove_file(dir, "shunt.yaml");
	remove_file(dir, "dns.inc");
	remove_file(dir, "pipe.inc");
	rmdir(dir);
}

/* --- edits --------------------------------------------------------------------- */

static const struct conf_input plain = INPUT("t.yaml", SERVICE "  empty: { vip: 192.0.2.3, ports: "
							       "80/tcp }\n");

/* Names of the backends of each service: "a,b|c". */
static void list_backends(const struct conf *conf, struct buf *out)
{
	for (size_t i = 0; i < conf->n_services; i++) {
		buf_puts(out, i ? "|" : "");
		for (size_t j = 0; j < conf->services[i].n_backends; j++)
			buf_printf(out, "%s%s", j ? "," : "", conf->services[i].backends[j].name);
	}
}

static void expect_backends(struct conf_edit *edits, size_t n, const char *want)
{
	struct conf_request r = {
		.inputs = &plain,
		.n_inputs = 1,
		.edits = edits,
		.n_edits = n,
	};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf said = { 0 }, got = { 0 };

	cr_assert_eq(conf_read(&r, &said, &conf), 0, "%s", buf_str(&said));
	cr_expect_eq(conf->n_inputs, 1);
	list_backends(conf, &got);
	cr_expect_str_eq(buf_str(&got), want);
}

Test(edit, backends_come_and_go)
{
	struct conf_edit edits[] = {
		{ "web", "b", "{ name: b, address: 192.0.2.12, weight: 7 }", false },
		{ "web", "a", NULL, false },
		{ "empty", "x", "{ name: x, address: 192.0.2.12 }", false },
	};

	expect_backends(edits, 0, "a|");
	expect_backends(edits, 1, "a,b|");
	expect_backends(edits, 2, "b|");
	expect_backends(edits, 3, "b|x");
	for (size_t i = 0; i < 3; i++)
		cr_expect_not(edits[i].is_idle);
}

Test(edit, that_change_nothing_are_told)
{
	struct conf_edit edits[] = {
		{ "web", "a", "{ name: a, address: 192.0.2.99 }", false },
		{ "web", "z", NULL, false },
		{ "nowhere", "b", "{ name: b, address: 192.0.2.12 }", false },
		{ "empty", "a", NULL, false },
	};

	expect_backends(edits, 4, "a|");
	for (size_t i = 0; i < 4; i++)
		cr_expect(edits[i].is_idle, "%zu", i);
}

Test(edit, mistakes_are_shown_where_they_are)
{
	struct conf_edit edit = { "web", "b", "{ name: b, adress: \"192.0.2.12\" }", false };
	struct conf_request r = { .inputs = &plain, .n_inputs = 1, .edits = &edit, .n_edits = 1 };
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf said = { 0 };

	cr_assert_neq(conf_read(&r, &said, &conf), 0);
	cr_expect_not_null(
		strstr(buf_str(&said),
		       "backend web/b:1:12: error: services.web.backends[1]: unknown key "
		       "\"adress\" (did you mean \"address\"?)\n"
		       "{ name: b, adress: \"192.0.2.12\" }\n           ^~~~~~\n"),
		"%s", buf_str(&said));
}
