/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt capture, in the CLI: packets to a file, or a line for each. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "ctl/cli.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/frame_text.h"
#include "ctl/pcap.h"
#include "ctl/view.h"
#include "dataplane/snapshot.h"

#define NS_PER_S 1000000000ULL

/**
 * struct capture - one that goes on
 * @fd: packets, as the daemon sends them
 * @interfaces: of the daemon, for their names
 * @file: NULL: lines to stdout
 * @most: packets, after which it ends; 0: no end
 * @packet, @have: that is being received, and bytes of it
 */
struct capture {
	struct cli *cli;
	int fd;
	const json_t *interfaces;
	FILE *file;
	uint64_t most, n, lost;
	struct shunt_captured packet;
	size_t have;
};

/* --- packets --------------------------------------------------------------------- */

/* The program's clock and the one on the wall go alike; what is between them may change. */
static uint64_t wall_ns(uint64_t monotonic_ns)
{
	struct timespec wall, monotonic;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return monotonic_ns + (wall.tv_sec - monotonic.tv_sec) * NS_PER_S + wall.tv_nsec -
	       monotonic.tv_nsec;
}

static const char *name_interface(const struct capture *c, uint32_t ifindex)
{
	const json_t *i;
	size_t at;

	json_array_foreach(c->interfaces, at,
			   i) if (view_int(i, "ifindex") == ifindex) return view_text(i, "name");
	return "?";
}

static const char *name_reason(uint32_t reason)
{
	return reason > SHUNT_CONTINUE && reason < SHUNT_REASONS ? reason_name(reason) : "?";
}

/* "12:00:01.000123 eth0 FORWARDED 192.0.2.7:40000 > ... 66 bytes" */
static void print_packet(const struct capture *c)
{
	const struct shunt_captured *p = &c->packet;
	const uint64_t ns = wall_ns(p->ns);
	const time_t seconds = ns / NS_PER_S;
	struct tm tm;
	char time_text[16];

	localtime_r(&seconds, &tm);
	strftime(time_text, sizeof(time_text), "%H:%M:%S", &tm);
	buf_printf(c->cli->out, "%s.%06" PRIu64 " %s %s ", time_text,
		   (uint64_t)(ns % NS_PER_S / 1000), name_interface(c, p->ifindex),
		   name_reason(p->reason));
	frame_text_add(p->data, p->bytes, 0, c->cli->out);
	buf_printf(c->cli->out, ", %u bytes\n", p->frame_bytes);
	cli_flush(c->cli);
}

static void print_json(const struct capture *c)
{
	const struct shunt_captured *p = &c->packet;
	_cleanup_(buf_free) struct buf text = { 0 };
	_cleanup_(json_decrefp) json_t *json = NULL;

	frame_text_add(p->data, p->bytes, 0, &text);
	json = json_pack("{s:I, s:s, s:s, s:s, s:I}", "time_ns", (json_int_t)wall_ns(p->ns),
			 "interface", name_interface(c, p->ifindex), "reason",
			 name_reason(p->reason), "packet", buf_str(&text), "bytes",
			 (json_int_t)p->frame_bytes);
	client_dump(json, c->cli->out);
	cli_flush(c->cli);
}

static int take_packet(struct capture *c)
{
	c->n++;
	c->lost += c->packet.lost;
	c->have = 0;
	if (c->file)
		return pcap_add(c->file, &c->packet, wall_ns(c->packet.ns));
	(c->cli->json ? print_json : print_packet)(c);
	return 0;
}

/* Bytes of the packet that there will be, as far as that is known. */
static size_t packet_bytes(const struct capture *c)
{
	if (c->have < SHUNT_CAPTURED_HEAD)
		return SHUNT_CAPTURED_HEAD;
	return SHUNT_CAPTURED_HEAD + c->packet.bytes;
}

/* Return: 1; 0 at the end; a negative errno. */
static int receive(struct capture *c)
{
	const size_t want = packet_bytes(c) - c->have;
	const ssize_t n = recv(c->fd, (uint8_t *)&c->packet + c->have, want, 0);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	if (n == 0)
		return 0;
	c->have += n;
	if (c->packet.bytes > SHUNT_CAPTURE_BYTES && c->have >= SHUNT_CAPTURED_HEAD)
		return -EBADMSG;
	if (c->have > SHUNT_CAPTURED_HEAD && c->have == packet_bytes(c))
		return take_packet(c) ?: 1;
	return 1;
}

/* --- begin and end ------------------------------------------------------------------ */

/* Ctrl-C ends it, and the numbers are still told. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int go_on(struct capture *c)
{
	_cleanup_close_ int signals = open_signals();
	struct pollfd pfds[] = { { .fd = c->fd, .events = POLLIN },
				 { .fd = signals, .events = POLLIN } };
	int err = 1;

	while (err > 0 && (!c->most || c->n < c->most)) {
		if (poll(pfds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (pfds[1].revents)
			break;
		if (pfds[0].revents)
			err = receive(c);
	}
	return err < 0 ? err : 0;
}

static enum ctl_exit finish(struct capture *c, int err)
{
	if (err)
		buf_printf(c->cli->err, "shunt: capture: %s\n", strerror(-err));
	buf_printf(c->cli->err, "%" PRIu64 " packet%s", c->n, c->n == 1 ? "" : "s");
	if (c->lost)
		buf_printf(c->cli->err, ", and %" PRIu64 " that there was no room for", c->lost);
	buf_puts(c->cli->err, "\n");
	return err ? CTL_FAILED : CTL_OK;
}

/* Before the daemon is asked: a file that cannot be written is no reason to begin. */
static enum ctl_exit open_file(struct capture *c)
{
	const char *path = c->cli->values[CTL_OPTION_WRITE];
	int err;

	if (!path)
		return CTL_OK;
	c->file = strcmp(path, "-") ? fopen(path, "we") : stdout;
	err = c->file ? pcap_begin(c->file) : -errno;
	if (!err)
		return CTL_OK;
	buf_printf(c->cli->err, "shunt: %s: %s\n", path, strerror(-err));
	return CTL_FAILED;
}

static enum ctl_exit capture(struct capture *c, const char *const *args, size_t n)
{
	const struct client_request request = { .command = "capture", .args = args, .n_args = n };
	struct client_stream stream = { .fd = -1 };
	_cleanup_(buf_free) struct buf error = { 0 };
	enum ctl_exit code = client_open(c->cli->socket, &request, &stream, &error);

	if (code) {
		buf_printf(c->cli->err, "shunt: %s\n", buf_str(&error));
		return code;
	}
	c->fd = stream.fd;
	c->interfaces = json_object_get(json_object_get(stream.answer, "data"), "interfaces");
	if (view_bool(stream.answer, "ok")) {
		code = finish(c, go_on(c));
	} else {
		buf_printf(c->cli->err, "%s\n", view_text(stream.answer, "error"));
		code = view_int(stream.answer, "exit") ?: CTL_FAILED;
	}
	json_decref(stream.answer);
	return code;
}

enum ctl_exit local_capture(struct cli *cli, const char *const *args, size_t n)
{
	struct capture c = { .cli = cli, .fd = -1 };
	enum ctl_exit code = cli_read_count(cli, 0, &c.most) ?: open_file(&c) ?: capture(&c, args, n);

	cleanup_closep(&c.fd);
	if (c.file && c.file != stdout && fclose(c.file) && !code)
		code = CTL_FAILED;
	return code;
}
