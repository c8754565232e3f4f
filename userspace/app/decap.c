/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of shunt-decap, the helper of backends without tunnel devices. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/decap.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/nearest.h"

static const char usage[] =
	"usage: shunt-decap attach IFACE --from PREFIX[,PREFIX...] [--gue-port PORT]\n"
	"                          [--mode native|generic]\n"
	"       shunt-decap detach IFACE\n"
	"       shunt-decap show [IFACE]\n"
	"\n"
	"Takes the outer headers off what a balancer with `forward: ipip` or `gue` sends to\n"
	"this backend (4in4, 6in4, 4in6, 6in6; in UDP), in XDP. No process stays.\n"
	"\n"
	"  attach         onto an interface, or with new options in place of the old ones:\n"
	"                 without a gap, and the counters go on\n"
	"  detach         off the interface; nothing is left\n"
	"  show           what is attached, and what became of the packets\n"
	"\n"
	"      --from PREFIX[,PREFIX...]\n"
	"                 whose tunnelled packets to take: the balancers' own addresses;\n"
	"                 those of others are dropped, and counted\n"
	"      --gue-port PORT\n"
	"                 all that comes to this UDP port is tunnelled, too: for `forward:\n"
	"                 gue`, whose port is 6080 unless the config says another\n"
	"      --mode native|generic\n"
	"                 native, the default, is in the driver; generic works with every\n"
	"                 driver, and is slow\n"
	"      --pin-dir DIR\n"
	"                 where the state is, on bpffs (" DECAP_PIN_DIR "): one for\n"
	"                 each network namespace\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"exit codes: 0 ok, 1 failed, 2 usage, 3 not attached\n";

enum exit_code {
	EXIT_OK,
	EXIT_FAILED,
	EXIT_USAGE,
	EXIT_NOT_ATTACHED,
};

static const char *const commands[] = { "attach", "detach", "show" };

enum command {
	COMMAND_ATTACH,
	COMMAND_DETACH,
	COMMAND_SHOW,
	COMMANDS,
};

struct options {
	struct decap_target target;
	bool help;
	bool version;
};

static void options_done(struct options *o)
{
	decap_from_free(&o->target.from);
}

static bool parse_from(struct decap_from *from, const char *text)
{
	_cleanup_(buf_free) struct buf error = { 0 };

	if (!decap_from_add(from, text, &error))
		return true;
	fprintf(stderr, "shunt-decap: --from: %s\n", buf_str(&error));
	return false;
}

static bool parse_mode(enum decap_mode *mode, const char *text)
{
	for (enum decap_mode m = DECAP_NATIVE; m <= DECAP_GENERIC; m++) {
		if (strcmp(text, decap_mode_name(m)))
			continue;
		*mode = m;
		return true;
	}
	fprintf(stderr, "shunt-decap: --mode is native or generic, not \"%s\"\n", text);
	return false;
}

static bool parse_port(uint16_t *port, const char *text)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !n || n > UINT16_MAX) {
		fprintf(stderr, "shunt-decap: --gue-port is 1 to 65535, not \"%s\"\n", text);
		return false;
	}
	*port = n;
	return true;
}

/* False if there is something wrong, and it has been said. */
static bool parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "gue-port", required_argument, NULL, 'g' },
		{ "mode", required_argument, NULL, 'm' },
		{ "pin-dir", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	bool good = true;
	int c;

	while (good && (c = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			good = parse_from(&o->target.from, optarg);
			break;
		case 'g':
			good = parse_port(&o->target.gue_port, optarg);
			break;
		case 'm':
			good = parse_mode(&o->target.mode, optarg);
			break;
		case 'p':
			o->target.pin_dir = optarg;
			break;
		case 'h':
			o->help = true;
			break;
		case 'V':
			o->version = true;
			break;
		default:
			return false;
		}
	}
	return good;
}

/* The command, or COMMANDS if there is none of that name, and it has been said. */
static enum command find_command(const char *name)
{
	struct nearest near = { .typed = name };

	for (enum command c = COMMAND_ATTACH; c < COMMANDS; c++) {
		if (!strcmp(name, commands[c]))
			return c;
		nearest_offer(&near, commands[c]);
	}
	fprintf(stderr, "shunt-decap: no command \"%s\"", name);
	if (near.best)
		fprintf(stderr, " (did you mean \"%s\"?)", near.best);
	fputs("; --help lists them\n", stderr);
	return COMMANDS;
}

/* Can it be one? It becomes part of a path. */
static bool is_ifname(const char *name)
{
	return *name && strlen(name) < IF_NAMESIZE && !strpbrk(name, "/:");
}

/* What the command needs, and nothing else, was given? */
static bool check_options(enum command c, const struct decap_target *t)
{
	if (!t->ifname && c != COMMAND_SHOW)
		fprintf(stderr, "shunt-decap: %s needs an interface\n", commands[c]);
	else if (t->ifname && !is_ifname(t->ifname))
		fprintf(stderr, "shunt-decap: \"%s\" is no name of an interface\n", t->ifname);
	else if (c != COMMAND_ATTACH && (t->from.n || t->mode || t->gue_port))
		fputs("shunt-decap: --from, --gue-port and --mode are for attach\n", stderr);
	else if (c == COMMAND_ATTACH && !t->from.n)
		fputs("shunt-decap: attach needs --from: without it anybody could send packets "
		      "into this host as if they came from elsewhere. Say from which addresses the "
		      "balancers send, those of the interfaces they reach this host by: --from "
		      "192.0.2.1,2001:db8::1\n",
		      stderr);
	else
		return true;
	return false;
}

static int show(const struct decap_target *t)
{
	_cleanup_(buf_free) struct buf out = { 0 };
	const int err = decap_show(t, &out);

	fputs(buf_str(&out), stdout);
	return err;
}

static enum exit_code run(enum command c, const struct decap_target *t)
{
	const int err = c == COMMAND_ATTACH   ? decap_attach(t)
			: c == COMMAND_DETACH ? decap_detach(t)
					      : show(t);

	return !err ? EXIT_OK : err == -ENOENT ? EXIT_NOT_ATTACHED : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	_cleanup_(options_done) struct options o = { .target.pin_dir = DECAP_PIN_DIR };
	enum command c;

	if (!parse_options(argc, argv, &o))
		return EXIT_USAGE;
	if (o.help || o.version) {
		fputs(o.help ? usage : "shunt-decap " SHUNT_VERSION "\n", stdout);
		return EXIT_OK;
	}
	if (optind == argc || argc - optind > 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	c = find_command(argv[optind]);
	o.target.ifname = argv[optind + 1];
	if (c == COMMANDS || !check_options(c, &o.target))
		return EXIT_USAGE;
	return run(c, &o.target);
}
