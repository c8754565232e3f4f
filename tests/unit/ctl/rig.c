/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../lib/snapshot_fixture.h"
#include "base/clock.h"
#include "rig.h"

/* --- the daemon ---------------------------------------------------------------- */

static void heed(struct snapshot_backend *b, const struct admin_entry *said)
{
	const uint64_t until_ms = said->deadline_ms, now_ms = clock_now_ms();

	b->admin = said->state;
	b->deadline_left_s = until_ms > now_ms ? (until_ms - now_ms) / 1000 : 0;
	b->deadline_wall_s = until_ms ? FIXTURE_NOW + b->deadline_left_s : 0;
	b->admin_since_wall_s = said->since_wall_s ? FIXTURE_NOW : 0;
}

static void obey(const struct admin *admin, struct snapshot_service *s)
{
	s->n_usable = 0;
	array_for_each (b, s->backends, s->n_backends) {
		const struct admin_entry *said = admin_find(admin, s->conf->name, b->name);

		if (said)
			heed(b, said);
		b->usable = b->health.state == HEALTH_UP && b->admin == ADMIN_ENABLED &&
			    admin_weight(said, b->weight);
		b->effective_weight = b->usable ? admin_weight(said, b->weight) : 0;
		s->n_usable += b->usable;
	}
}

static void turn_upside_down(struct snapshot_service *s)
{
	array_for_each (b, s->backends, s->n_backends)
		b->effective_weight = b->health.state == HEALTH_DOWN ? b->weight : 0;
}

/* What has come since the first look, in packets of 100 bytes. */
static void move_on(const struct fake_daemon *d, struct snapshot_service *service)
{
	array_for_each (b, service->backends, service->n_backends) {
		b->packets += d->looks * d->moves;
		b->bytes += 100 * d->looks * d->moves;
		service->packets += d->looks * d->moves;
		service->bytes += 100 * d->looks * d->moves;
	}
}

static struct snapshot *fake_snapshot(void *app)
{
	struct fake_daemon *d = app;
	struct snapshot *s = fixture_snapshot();

	s->admin = &d->admin;

	s->now_ms = clock_now_ms();
	array_for_each (service, s->services, s->n_services) {
		obey(&d->admin, service);
		array_for_each (b, service->backends, service->n_backends)
			b->is_empty = d->is_empty && b->admin != ADMIN_ENABLED;
		if (d->is_upside_down)
			turn_upside_down(service);
		service->sharing = d->sharing ?: service->sharing;
		move_on(d, service);
	}
	d->looks++;
	if (d->ha.announce)
		rig_announce(d, s);
	if (d->guarded)
		rig_firewall(d, s);
	return s;
}

static int fake_reload(void *app, bool dry_run, struct buf *errors)
{
	struct fake_daemon *d = app;

	*(dry_run ? &d->dry_runs : &d->reloads) += 1;
	buf_puts(errors, d->reload_says ?: "");
	return d->reload_err;
}

/* They differ in the client's port, and every other one is of IPv6 and UDP. */
static struct snapshot_conn fake_conn(size_t i)
{
	const struct shunt_addr v4 = { .b = { [10] = 255, 255, 192, 0, 2, 1 } };
	const struct shunt_addr v6 = { .b = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	const struct shunt_addr *a = i % 2 ? &v6 : &v4;

	return (struct snapshot_conn){
		.backend = i % 2,
		.proto = i % 2 ? IPPROTO_UDP : IPPROTO_TCP,
		.client = { *a, 40000 + i },
		.vip = { *a, 443 },
		.server = { v4, 8443 },
		.source = { v4, 1024 + i },
		.state = i % 2 ? SHUNT_CONN_ONE_WAY : SHUNT_CONN_ESTABLISHED,
		.idle_s = 62,
	};
}

static int fake_connections(void *app, size_t service, size_t max, struct snapshot_conns *out)
{
	const struct fake_daemon *d = app;

	*out = (struct snapshot_conns){ .total = service == 1 ? 0 : d->conns };
	if (d->conns_err)
		return d->conns_err;
	out->n = out->total < max ? out->total : max;
	out->list = calloc(out->n + 1, sizeof(*out->list));
	for (size_t i = 0; i < out->n; i++)
		out->list[i] = fake_conn(i);
	return 0;
}

static int fake_flows(void *app, size_t service, struct snapshot_flow_list *out)
{
	const struct fake_daemon *d = app;

	*out = (struct snapshot_flow_list){ .n = service == 1 ? 0 : d->flows };
	if (d->flows_err)
		return d->flows_err;
	out->list = calloc(out->n + 1, sizeof(*out->list));
	for (size_t i = 0; i < out->n; i++)
		out->list[i] = (struct snapshot_flows){
			.backend = i % 3,
			.tally = { .by_age = { 1000 + i, 200, 30, 4, 5 }, .closing = 6 },
		};
	return 0;
}

static int fake_begin_capture(void *app, const struct shunt_capture *filter, int *ring_fd)
{
	struct fake_daemon *d = app;

	(void)ring_fd;
	d->captured = *filter;
	return -EBUSY;
}

static int fake_explain(void *app, const struct explain_packet *p, struct explain *out)
{
	const struct fake_daemon *d = app;

	while (d->explains_for_ever)
		pause();
	*out = d->explained;
	out->packet = *p;
	return d->explained.reason ? 0 : -EIO;
}

static const struct admin_entry *fake_admin_find(void *app, const char *service,
						 const char *backend)
{
	const struct fake_daemon *d = app;

	return admin_find(&d->admin, service, backend);
}

static int fake_admin_set(void *app, const struct admin_entry *entry)
{
	struct fake_daemon *d = app;
	struct admin_entry *e;

	d->sets++;
	if (d->admin_err)
		return d->admin_err;
	e = admin_get(&d->admin, entry->service, entry->backend);
	admin_say(e, entry);
	return 0;
}

static int note_config(struct fake_daemon *d, const struct ctl_config *c)
{
	buf_free(&d->config_text);
	if (c->n_inputs)
		buf_add(&d->config_text, c->inputs[0].text, c->inputs[0].len);
	snprintf(d->config_name, sizeof(d->config_name), "%s",
		 c->n_inputs ? c->inputs[0].name : "");
	d->confirm_s = c->confirm_s;
	return d->config_err;
}

static int fake_config_diff(void *app, const struct ctl_config *c, conf_change_fn *fn, void *arg,
			    struct buf *errors)
{
	const struct conf_change changed = {
		.path = "services.web.forward",
		.before = "direct",
		.after = "",
		.needs_restart = true,
	};
	const struct conf_change added = {
		.kind = CONF_ADDED,
		.path = "services.new",
		.before = "",
		.after = "",
	};

	(void)errors;
	fn(arg, &changed);
	fn(arg, &added);
	return note_config(app, c);
}

static int fake_config_apply(void *app, const struct ctl_config *c, struct buf *report)
{
	(void)report;
	return note_config(app, c);
}

static int fake_config_confirm(void *app, bool force, struct buf *report)
{
	const struct fake_daemon *d = app;

	if (d->config_err == -EEXIST) {
		buf_puts(report, "somebody has changed it\n");
		return force ? 0 : -EEXIST;
	}
	return d->config_err;
}

static int fake_backend_edit(void *app, const struct conf_edit *edit, bool is_new, bool by_root,
			     struct buf *report)
{
	struct fake_daemon *d = app;

	(void)is_new;
	if (!by_root && d->edit_err) {
		buf_puts(report, "permission denied: only root may\n");
		return d->edit_err;
	}
	buf_free(&d->edit_text);
	buf_printf(&d->edit_text, "%s/%s %s", edit->service, edit->backend, edit->text ?: "");
	return d->config_err;
}

const struct ctl_ops fake_ops = {
	.config_diff = fake_config_diff,
	.config_apply = fake_config_apply,
	.config_confirm = fake_config_confirm,
	.backend_edit = fake_backend_edit,
	.snapshot = fake_snapshot,
	.reload = fake_reload,
	.connections = fake_connections,
	.flows = fake_flows,
	.explain = fake_explain,
	.begin_capture = fake_begin_capture,
	.announce_drain = rig_announce_drain,
	.admin_find = fake_admin_find,
	.admin_set = fake_admin_set,
	.prefix_say = rig_prefix_say,
};

/* --- the thread ------------------------------------------------------------------ */

static void *serve(void *arg)
{
	struct rig *r = arg;
	struct pollfd fds[] = { { ctl_fd(r->ctl), POLLIN, 0 }, { r->stop_fd, POLLIN, 0 } };

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		r->rounds++;
		ctl_dispatch(r->ctl);
	}
	return NULL;
}

void rig_open(struct rig *r, const char *group, const char *read_group)
{
	/* Instead of Criterion's timeouts, which leak in its runner now and then. */
	alarm(60);
	*r = (struct rig){ .stop_fd = eventfd(0, EFD_CLOEXEC) };
	strcpy(r->dir, P_tmpdir "/shunt-ctl.XXXXXX");
	cr_assert_not_null(mkdtemp(r->dir));
	/* Clients of other uids have to reach the socket. */
	cr_assert_eq(chmod(r->dir, 0755), 0);
	snprintf(r->socket, sizeof(r->socket), "%s/run/shunt.sock", r->dir);
	/* The fixture starts with one backend drained. */
	admin_get(&r->daemon.admin, "web", "nginx3")->state = ADMIN_DRAIN;
	cr_assert_eq(ctl_create(r->socket, group, read_group, &fake_ops, &r->daemon, &r->ctl), 0);
	cr_assert_eq(pthread_create(&r->thread, NULL, serve, r), 0);
}

void rig_close(struct rig *r)
{
	char run[96];

	eventfd_write(r->stop_fd, 1);
	pthread_join(r->thread, NULL);
	ctl_free(r->ctl);
	close(r->stop_fd);
	admin_free(&r->daemon.admin);
	buf_free(&r->daemon.config_text);
	buf_free(&r->daemon.edit_text);
	buf_free(&r->out);
	buf_free(&r->err);
	cr_expect_neq(access(r->socket, F_OK), 0, "the socket is still there");
	snprintf(run, sizeof(run), "%s/run", r->dir);
	rmdir(run);
	rmdir(r->dir);
}

/* --- clients ----------------------------------------------------------------------- */

enum ctl_exit rig_run_as(struct rig *r, struct cli *cli, const char *const *words, size_t n)
{
	char *argv[16];

	for (size_t i = 0; i < n; i++)
		argv[i] = (char *)words[i];
	buf_free(&r->out);
	buf_free(&r->err);
	cli->socket = cli->socket ?: r->socket;
	cli->out = &r->out;
	cli->err = &r->err;
	return cli_run(cli, n, argv);
}

enum ctl_exit rig_run(struct rig *r, const char *word, ...)
{
	const char *words[16];
	struct cli cli = { 0 };
	size_t n = 0;
	va_list ap;

	va_start(ap, word);
	for (; word; word = va_arg(ap, const char *))
		words[n++] = word;
	va_end(ap);
	return rig_run_as(r, &cli, words, n);
}

void rig_connect_with(const struct rig *r, int fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 5 };

	strcpy(addr.sun_path, r->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	cr_assert_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
}

int rig_connect(const struct rig *r)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	rig_connect_with(r, fd);
	return fd;
}

void rig_send(int fd, const char *text)
{
	ssize_t len = strlen(text);

	cr_assert_eq(send(fd, text, len, MSG_NOSIGNAL), len);
}

bool rig_receive(int fd, struct buf *out)
{
	char c;

	buf_free(out);
	while (recv(fd, &c, 1, 0) == 1) {
		if (c == '\n')
			return true;
		buf_add(out, &c, 1);
	}
	return false;
}
