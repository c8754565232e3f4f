/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of the daemon. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/manual.h"
#include "base/cleanup.h"
#include "conf/conf_reference.h"

#define DEFAULT_CONFIG "/etc/shunt/shunt.yaml"
#define PROBER_FD 3

static const char usage[] =
	"usage: shuntd [--config FILE] [--pin-dir DIR]\n"
	"       shuntd --detach [--config FILE] [--pin-dir DIR]\n"
	"       shuntd --check FILE\n"
	"       shuntd --explain [KEY]\n"
	"\n"
	"  -c, --config FILE    the config (" DEFAULT_CONFIG ")\n"
	"      --detach         take off what a daemon that was stopped left forwarding\n"
	"      --check FILE     report every error of a config and exit\n"
	"      --explain [KEY]  what config keys mean\n"
	"      --pin-dir DIR    where maps are pinned (" DATAPLANE_PIN_DIR ")\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"exit codes: 0 ok, 1 failed, 2 bad config or usage, 3 a privilege or a kernel\n"
	"feature is missing, 4 already running\n"
	"signals: HUP reload, USR1 write a summary to the log, TERM and INT stop; packets\n"
	"go on being forwarded then, unless the config says on_stop: detach\n";

enum action {
	ACTION_RUN,
	ACTION_DETACH,
	ACTION_CHECK,
	ACTION_EXPLAIN,
	ACTION_MANUAL,
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_USAGE,
};

struct options {
	enum action action;
	const char *conf_path;
	const char *pin_dir;
	const char *key;
};

static struct options options_parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", required_argument, NULL, 'k' },
		{ "explain", no_argument, NULL, 'e' },
		{ "manual", required_argument, NULL, 'm' }, /* for the build alone */
		{ "detach", no_argument, NULL, 'd' },
		{ "pin-dir", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct options o = { .conf_path = DEFAULT_CONFIG, .pin_dir = DATAPLANE_PIN_DIR };
	int c;

	while ((c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'k':
			o.action = ACTION_CHECK;
			o.conf_path = optarg;
			break;
		case 'c':
			o.conf_path = optarg;
			break;
		case 'p':
			o.pin_dir = optarg;
			break;
		case 'e':
			o.action = ACTION_EXPLAIN;
			break;
		case 'm':
			o.action = ACTION_MANUAL;
			o.key = optarg;
			break;
		case 'd':
			o.action = ACTION_DETACH;
			break;
		case 'h':
			o.action = ACTION_HELP;
			break;
		case 'V':
			o.action = ACTION_VERSION;
			break;
		default:
			o.action = ACTION_USAGE;
			return o;
		}
	}
	if (o.action == ACTION_EXPLAIN)
		o.key = argv[optind];
	else if (optind < argc)
		o.action = ACTION_USAGE;
	return o;
}

static int check(const struct conf *conf, const char *path)
{
	size_t backends = 0;

	for (size_t i = 0; i < conf->n_services; i++)
		backends += conf->services[i].n_backends;
	printf("%s: ok (%zu services, %zu backends)\n", path, conf->n_services, backends);
	return DAEMON_OK;
}

static int with_config(const struct options *o)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf errors = { 0 };
	int err;

	err = conf_load(o->conf_path, &errors, &conf);
	fputs(buf_str(&errors), stderr);
	if (err)
		return DAEMON_BAD_CONFIG;
	if (o->action == ACTION_CHECK)
		return check(conf, o->conf_path);
	privilege_raise_files();
	return daemon_run(take_ptr(&conf), o->conf_path, o->pin_dir);
}

static int explain(const char *key)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	conf_explain(key, &text);
	fputs(buf_str(&text), stdout);
	if (text.len)
		return DAEMON_OK;
	fprintf(stderr, "shuntd: no config key \"%s\"; --explain alone lists them all\n", key);
	return DAEMON_BAD_CONFIG;
}

/* Of a config that cannot be read nobody knows what its daemon has announced. */
static int detach(const struct options *o)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(buf_free) struct buf errors = { 0 };

	if (!access(o->conf_path, F_OK) && conf_load(o->conf_path, &errors, &conf))
		log_warn("%s is wrong: what it had announced, if anything, stays so", o->conf_path);
	return daemon_detach(o->pin_dir, conf);
}

/* A part of the manual pages; see manual.h. */
static int manual(const char *part)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	if (!manual_write(part, &text) || text.failed)
		return DAEMON_BAD_CONFIG;
	fputs(buf_str(&text), stdout);
	return DAEMON_OK;
}

int main(int argc, char **argv)
{
	struct options o;

	if (argc > 0 && prober_is_asked_for(argv[0]))
		return prober_main_as(argv[0], PROBER_FD);
	o = options_parse(argc, argv);
	switch (o.action) {
	case ACTION_HELP:
		fputs(usage, stdout);
		return DAEMON_OK;
	case ACTION_VERSION:
		printf("shuntd %s (ABI %d)\n", SHUNT_VERSION, SHUNT_ABI_VERSION);
		return DAEMON_OK;
	case ACTION_EXPLAIN:
		return explain(o.key);
	case ACTION_MANUAL:
		return manual(o.key);
	case ACTION_DETACH:
		return detach(&o);
	case ACTION_USAGE:
		fputs(usage, stderr);
		return DAEMON_BAD_CONFIG;
	default:
		return with_config(&o);
	}
}
