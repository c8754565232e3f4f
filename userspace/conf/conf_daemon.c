/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon, dataplane and interfaces: what belongs to this machine. */
#include <string.h>

#include "conf/conf_tables.h"
#include "conf/conf_value.h"

#define OFF(member) offsetof(struct conf, member)

/* Of a Unix socket's path and of an interface's name, NUL not counted. */
#define SOCKET_MAX_BYTES 107
#define IFNAME_MAX_BYTES 15

static const struct conf_field control_rows[] = {
	{
		.key = "socket",
		.kind = CONF_FILE,
		.effect = CONF_RESTART,
		.off = OFF(socket),
		.max = SOCKET_MAX_BYTES,
		.preset = "/run/shunt/shunt.sock",
		.doc = "Unix socket that the shunt command talks to.",
	},
	{
		.key = "group",
		.kind = CONF_NAME,
		.effect = CONF_RESTART,
		.off = OFF(group),
		.doc = "Group whose members may look and change things. Without it only root "
		       "may change things.",
	},
	{
		.key = "read_group",
		.kind = CONF_NAME,
		.effect = CONF_RESTART,
		.off = OFF(read_group),
		.doc = "Group whose members may look.",
	},
};

static const struct conf_fields control_fields = { CONF_FIELDS(control_rows) };

static const struct conf_field log_rows[] = {
	{
		.key = "level",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(log_level),
		.words = conf_log_level_words,
		.preset = "info",
		.doc = "The least important kind of message that is logged.",
	},
};

static const struct conf_fields log_fields = { CONF_FIELDS(log_rows) };

static const struct conf_field metrics_rows[] = {
	{
		.key = "listen",
		.kind = CONF_LISTEN,
		.effect = CONF_LIVE,
		.off = OFF(metrics_listen),
		.preset = "127.0.0.1:9924",
		.doc = "Where Prometheus finds /metrics. An IPv6 address stands in brackets.",
	},
	{
		.key = "per_backend",
		.kind = CONF_BOOL,
		.effect = CONF_LIVE,
		.off = OFF(metrics_per_backend),
		.preset = "true",
		.doc = "Whether there are series for each backend, or for services only.",
	},
};

static const struct conf_fields metrics_fields = { CONF_FIELDS(metrics_rows) };

static const struct conf_field daemon_rows[] = {
	{
		.key = "control",
		.kind = CONF_GROUP,
		.fields = &control_fields,
		.doc = "Who may control the daemon.",
	},
	{
		.key = "state_dir",
		.kind = CONF_FILE,
		.effect = CONF_RESTART,
		.off = OFF(state_dir),
		.max = 1023,
		.preset = "/var/lib/shunt",
		.doc = "Directory for what must survive a restart.",
	},
	{
		.key = "on_stop",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(on_stop),
		.words = conf_on_stop_words,
		.preset = "keep",
		.doc = "keep: a daemon that stops leaves the program on the interfaces: "
		       "connections go on, without health checks, until the next one takes over "
		       "or `shuntd --detach` takes it off. detach: it takes it off itself.",
	},
	{
		.key = "watch",
		.kind = CONF_BOOL,
		.effect = CONF_LIVE,
		.off = OFF(watch),
		.preset = "false",
		.doc = "Whether the config is read again by itself, a second or two after this "
		       "file or one that it includes was changed.",
	},
	{
		.key = "log",
		.kind = CONF_GROUP,
		.fields = &log_fields,
		.doc = "What is logged, to standard error.",
	},
	{
		.key = "metrics",
		.kind = CONF_GROUP,
		.fields = &metrics_fields,
		.doc = "The exporter for Prometheus.",
	},
};

const struct conf_fields conf_daemon_fields = { CONF_FIELDS(daemon_rows) };

static const struct conf_field dataplane_rows[] = {
	{
		.key = "slots",
		.kind = CONF_AUTO_POWER,
		.effect = CONF_LIVE,
		.off = OFF(slots),
		.min = SHUNT_MIN_SLOTS,
		.max = SHUNT_MAX_SLOTS,
		.preset = "auto",
		.doc = "Slots of each service's table. auto is a hundred for each backend, which "
		       "spreads the load evenly, and more where weights ask for it or where there "
		       "come to be four times as many backends; 65536 for scheduler maglev and for "
		       "backends with an id, so that all balancers of a fleet have as many. Fewer "
		       "than before break flows, more do not.",
	},
	{
		.key = "max_services",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(max_services),
		.max = SHUNT_MAX_SERVICES,
		.preset = "0",
		.doc = "Room for combinations of address, protocol and port. 0: as many as the "
		       "file has, and some to spare.",
	},
	{
		.key = "max_backends",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(max_backends),
		.max = SHUNT_MAX_MEMBERS - 1,
		.preset = "0",
		.doc = "Room for backends, those of all services added up. 0: as many as the "
		       "file has, and some to spare.",
	},
	{
		.key = "flow_cache",
		.kind = CONF_SIZE,
		.effect = CONF_LIVE,
		.off = OFF(flow_cache_bytes),
		.min = 256,
		.max = 4 << 20,
		.preset = "4MiB",
		.doc = "Memory of the flow cache, a power of two; 8 bytes a flow. It holds the "
		       "flows that stay with a backend whose slots have moved, and those of "
		       "services that track theirs. With room for four times as many next to none "
		       "is pushed out by another.",
	},
	{
		.key = "flow_early",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(flow_early_ms),
		.max = 3600 * 1000,
		.preset = "60s",
		.doc = "For so long after a slot has moved its flows stay where they were without "
		       "being entered in the flow cache: short ones end and never take room there.",
	},
	{
		.key = "flow_idle",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(flow_idle_ms),
		.min = 1000,
		.max = 8 * 3600 * 1000,
		.preset = "300s",
		.doc = "The longest silence of a flow that is kept while its slot moves: flows "
		       "have "
		       "so long after flow_early to show themselves, and are forgotten after such "
		       "a "
		       "silence.",
	},
	{
		.key = "hash_key",
		.kind = CONF_HEX,
		.effect = CONF_LIVE,
		.off = OFF(hash_key),
		.max = 32,
		.doc = "Secret of the flow hash, to be the same on every balancer of a fleet. "
		       "Without it one is made at random and kept in the state directory. A "
		       "change breaks flows.",
	},
	{
		.key = "icmp_rate",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(icmp_per_s),
		.max = 1000 * 1000,
		.preset = "1000",
		.doc = "So many packets a second and CPU are answered by ICMP: pings of a VIP, and "
		       "packets that do not fit the link. 0: none.",
	},
};

const struct conf_fields conf_dataplane_fields = { CONF_FIELDS(dataplane_rows) };

static const struct conf_field interface_rows[] = {
	{
		.key = "mode",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = offsetof(struct conf_interface, mode),
		.words = conf_xdp_mode_words,
		.preset = "auto",
		.doc = "native runs in the driver, generic in the network stack at a fraction of "
		       "the speed. auto is native, and an error where the driver cannot.",
	},
};

static const struct conf_fields interface_fields = { CONF_FIELDS(interface_rows) };

static void begin_interface(struct conf_job *job, const struct conf_node *node, void *item,
			    const void *parent)
{
	struct conf_interface *i = item;

	(void)parent;
	i->name = conf_job_keep_text(job, node->key->text);
	i->file = conf_job_file(job, node->key->pos.file).name;
	i->line = conf_node_pos(node).line;
}

/* What the kernel takes as the name of a device. */
static bool is_ifname(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > IFNAME_MAX_BYTES || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	while (*name > ' ' && *name <= '~' && *name != '/' && *name != ':')
		name++;
	return !*name;
}

const struct conf_elem conf_interface_elem = {
	.size = sizeof(struct conf_interface),
	.fields = &interface_fields,
	.begin = begin_interface,
	.off_name = offsetof(struct conf_interface, name),
	.is_name = is_ifname,
	.name_rule = "an interface has 1 to 15 characters, no blanks, slashes or colons",
	.name_pattern = "(?!\\.{1,2}$)[!-.0-9;-~]{1,15}",
};
