/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of commands. The daemon finds handler and permission here, the
 * CLI usage, help, completion and renderer: a new command is one row and its
 * body in cmd_*.c.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ctl/ctl.h"

#define CTL_SCHEMA 1
#define CTL_MAX_ARGS 10

/*
 * X(BIT, "option", "VALUE" or NULL, on the wire, "help"): options that belong to commands.
 * Those with a value take one: --option VALUE, or --option=VALUE.
 */
#define CTL_OPTION_LIST(X)                                                                         \
	X(FORCE, "force", NULL, true, "do it even where that is refused to be on the safe side")   \
	X(TIMEOUT, "timeout", "DURATION", true, "for how long it keeps its flows: 5m; or off")     \
	X(WAIT, "wait", NULL, false, "until it has none left; exit 124 if its time is over first") \
	X(CONFIRM, "confirm", "DURATION", true, "go back then, unless it is confirmed: 60s, 5m")   \
	X(DRY_RUN, "dry-run", NULL, true, "check only, change nothing")                            \
	X(SYN, "syn", NULL, true, "the first packet of a connection")                              \
	X(ALL, "all", NULL, false, "counters at zero, too")                                        \
	X(FOLLOW, "follow", NULL, false, "go on as things happen (-f)")                            \
	X(DELAY, "delay", "SECONDS", false, "between two looks, 1 if not said (-d)")               \
	X(COUNT, "count", "N", false, "end after so many (-n, -c)")                                \
	X(WRITE, "write", "FILE", false, "packets as they are, for tcpdump and others (-w)")       \
	X(FOR, "for", "DURATION", true, "it ends then by itself: 30s, 5m, 1h")                     \
	X(SERVICE, "service", "SERVICE", true, "of this service only")                             \
	X(ALLOW, "allow", NULL, true, "what may pass, whatever is denied")                         \
	X(QUIET, "quiet", NULL, false, "print nothing, only exit")

enum ctl_option_index {
#define CTL_OPTION_INDEX(name, ...) CTL_OPTION_##name,
	CTL_OPTION_LIST(CTL_OPTION_INDEX)
#undef CTL_OPTION_INDEX
	CTL_OPTIONS,
};

/* A set of them. */
enum ctl_option_bit {
#define CTL_OPTION_BIT(name, ...) CTL_##name = 1 << CTL_OPTION_##name,
	CTL_OPTION_LIST(CTL_OPTION_BIT)
#undef CTL_OPTION_BIT
};

struct ctl_option {
	const char *name;
	const char *value; /* what it is called in usage lines; NULL: it takes none */
	bool on_wire; /* else it only concerns what is printed */
	const char *help;
};

extern const struct ctl_option ctl_options[CTL_OPTIONS];

/* The option of that name (no dashes) as a bit; 0 if there is none. */
unsigned int option_find(const char *name, size_t len);

/**
 * struct ctl_call - one request, in the daemon
 * @uid: of the peer
 * @options: enum ctl_option_bit
 * @values: of those that take one, where they are in @options
 * @files, @fd: a config that came with it, see handover.h; NULL and -1: none did
 * @ring_fd: what is behind the answer: packets, as they come; -1: nothing
 * @data: an object; the handler fills it in
 * @error: why not, if the handler does not return CTL_OK
 */
struct ctl_call {
	const struct ctl_ops *ops;
	void *app;
	uid_t uid;
	unsigned int options;
	const char *values[CTL_OPTIONS];
	const char *args[CTL_MAX_ARGS];
	size_t n_args;
	const json_t *files;
	int fd;
	int ring_fd;
	json_t *data;
	struct buf error;
};

/* By root, or by whom the daemon runs as. */
bool call_is_by_root(const struct ctl_call *call);

/**
 * struct cli - one run of the CLI
 * @socket: where the daemon listens
 * @values: as in struct ctl_call
 * @live: cli_flush() prints; else the whole is read from @out and @err in the end
 * @out, @err: what goes to stdout and stderr
 * @color: @out may carry escape sequences
 */
struct cli {
	const char *socket;
	unsigned int options;
	const char *values[CTL_OPTIONS];
	bool json;
	bool color;
	bool live;
	struct buf *out;
	struct buf *err;
};

/* An answer's data to text. */
struct ctl_view {
	const json_t *data;
	unsigned int options;
	bool color;
};

struct client_request;

/**
 * struct ctl_command - a row
 * @verb: NULL if the noun is the whole command
 * @args: as in the usage line; its words also say how arguments are completed
 * @changes: needs the right to change things
 * @apart: answered by a copy of the daemon (ctl/apart.h), which changes nothing
 * @hidden: another spelling, not in help and completion
 * @hand_over: in the CLI, before it asks: adds a config to the request
 * @answer: in the daemon; NULL where @local does without it. What it returns is the
 *	exit code; with @data filled in also if that is not 0 (`health`)
 * @render: in the CLI
 * @follow: in the CLI, after an answer that is ok, and rendered; may be NULL
 * @local: in the CLI, instead of asking and rendering
 */
struct ctl_command {
	const char *noun;
	const char *verb;
	const char *args;
	const char *help;
	uint8_t min_args;
	uint8_t max_args;
	unsigned int options;
	bool changes;
	bool apart;
	bool hidden;
	enum ctl_exit (*hand_over)(struct cli *cli, const char *const *args, size_t n,
				   struct client_request *request);
	enum ctl_exit (*answer)(struct ctl_call *call);
	void (*render)(const struct ctl_view *view, struct buf *out);
	enum ctl_exit (*follow)(struct cli *cli, const char *const *args);
	enum ctl_exit (*local)(struct cli *cli, const char *const *args, size_t n);
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_n_commands;

/* Room for "noun verb". */
#define COMMAND_NAME 64

/* "noun verb" in @out; returns @out. */
const char *command_name(const struct ctl_command *c, char out[COMMAND_NAME]);

/* The row of "noun verb" as it is on the wire; NULL if there is none. */
const struct ctl_command *command_by_name(const char *name);

/**
 * command_find() - the row that a command line starts with
 * @words, @n: options taken out; @n is at least 1
 * @used: how many words name the command
 * @err: gets what is wrong, with the nearest command, if there is none
 */
const struct ctl_command *command_find(const char *const *words, size_t n, size_t *used,
				       struct buf *err);

/* "usage: shunt backend drain SERVICE/BACKEND [--force]" and a newline. */
void command_usage(const struct ctl_command *c, struct buf *out);

/* The help of every command whose name starts with @words; false if none does. */
bool command_help(const char *const *words, size_t n, struct buf *out);

#endif /* CTL_COMMAND_H */
