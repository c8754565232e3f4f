/* SPDX-License-Identifier: BSD-2-Clause */
/* What is attached, and what became of the packets. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "app/decap.h"
#include "base/cleanup.h"
#include "base/log.h"

/* clang-format off */
static const struct {
	const char *label;
	const char *text;
} reasons[] = {
#define REASON_ROW(name, action, label, text) [DECAP_##name] = { label, text },
	DECAP_REASON_LIST(REASON_ROW)
};
/* clang-format on */

static int read_counters(int fd, struct decap_counters *sum)
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct decap_counters *by_cpu = NULL;

	if (cpus < 0)
		return log_err(cpus, "count the CPUs");
	by_cpu = calloc(cpus, sizeof(*by_cpu));
	if (!by_cpu)
		return log_err(-ENOMEM, "read the counters");
	if (bpf_map_lookup_elem(fd, &(__u32){ 0 }, by_cpu))
		return log_err(-errno, "read the counters");
	memset(sum, 0, sizeof(*sum));
	for (int cpu = 0; cpu < cpus; cpu++) {
		for (int r = 0; r < DECAP_MAX_REASONS; r++) {
			sum->reason[r].packets += by_cpu[cpu].reason[r].packets;
			sum->reason[r].bytes += by_cpu[cpu].reason[r].bytes;
		}
	}
	return 0;
}

static void show_sources(int fd, struct buf *out)
{
	struct decap_source source, *before = NULL;

	while (!bpf_map_get_next_key(fd, before, &source)) {
		buf_puts(out, before ? "," : ", from ");
		decap_source_format(&source, out);
		before = &source;
	}
}

static void show_config(int fd, struct buf *out)
{
	struct decap_config config = { 0 };

	if (!bpf_map_lookup_elem(fd, &(__u32){ 0 }, &config) && config.gue_port)
		buf_printf(out, ", GUE to port %u", ntohs(config.gue_port));
}

static void show_link(const char *ifname, const struct decap_link *link, struct buf *out)
{
	char name[IF_NAMESIZE];

	buf_printf(out, "%s: ", ifname);
	if (!link->ifindex)
		buf_puts(out, "not attached, the interface has gone");
	else if (!link->is_here)
		buf_puts(out, "attached in another network namespace");
	else
		buf_printf(out, "%s mode, program %u", decap_mode_name(link->mode), link->program);
	if (link->is_here && if_indextoname(link->ifindex, name) && strcmp(name, ifname))
		buf_printf(out, ", interface is now %s", name);
}

static int show_one(const char *pin_dir, const char *ifname, struct buf *out)
{
	_cleanup_(decap_pins_close) struct decap_pins pins = DECAP_NO_PINS;
	struct decap_counters sum;
	struct decap_link link;
	int err = decap_pins_open(pin_dir, ifname, &pins) ?: decap_link_read(pins.link, &link)
		  ?: read_counters(pins.counters, &sum);

	if (err)
		return err;
	show_link(ifname, &link, out);
	show_sources(pins.sources, out);
	show_config(pins.config, out);
	buf_printf(out, "\n%14s %16s  %-15s\n", "PACKETS", "BYTES", "REASON");
	for (int r = DECAP_CONTINUE + 1; r < DECAP_REASONS; r++)
		buf_printf(out, "%14" PRIu64 " %16" PRIu64 "  %-15s %s\n",
			   (uint64_t)sum.reason[r].packets, (uint64_t)sum.reason[r].bytes,
			   reasons[r].label, reasons[r].text);
	return 0;
}

static int show_all(const char *pin_dir, struct buf *out)
{
	char ifname[IF_NAMESIZE];
	DIR *d = opendir(pin_dir);
	struct dirent *e;
	int err = 0;

	if (!d)
		return log_err(-errno, "open %s", pin_dir);
	while (!err && (e = readdir(d)))
		if (decap_pins_name(e->d_name, ifname))
			err = show_one(pin_dir, ifname, out);
	closedir(d);
	return err;
}

int decap_show(const struct decap_target *t, struct buf *out)
{
	_cleanup_close_ int lock = decap_pins_lock(t->pin_dir, false);
	int err = lock;

	if (lock >= 0)
		err = t->ifname ? show_one(t->pin_dir, t->ifname, out) : show_all(t->pin_dir, out);
	if (err == -ENOENT && t->ifname)
		log_error("%s: shunt-decap is not attached", t->ifname);
	else if (err == -ENOENT)
		log_error("shunt-decap is attached nowhere");
	return err;
}
