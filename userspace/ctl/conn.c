/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/conn.h"
#include "ctl/request.h"

void conn_open(struct conn *c, int fd, const struct peer *peer, uint64_t now_ms)
{
	*c = (struct conn){
		.fd = fd, .peer = *peer, .since_ms = now_ms, .apart = { .fd = -1 }, .ring_fd = -1
	};
}

static void drop_passed(struct conn *c)
{
	cleanup_closep(&c->peer.passed_fd);
	c->peer.passed_fd = -1;
}

static void end_apart(struct conn *c, struct conn_host *host)
{
	if (c->apart.pid)
		host->n_apart--;
	apart_end(&c->apart);
}

void conn_close(struct conn *c, struct conn_host *host)
{
	const bool captures = c->captures || c->ring_fd >= 0;

	end_apart(c, host);
	if (captures)
		host->ops->end_capture(host->app);
	close(c->fd);
	c->fd = -1;
	drop_passed(c);
	buf_free(&c->in);
	buf_free(&c->out);
}

void conn_refuse(struct conn *c, enum ctl_exit code, const char *error)
{
	request_refuse(code, error, &c->out);
	c->ending = true;
}

static struct buf take_buf(struct buf *from)
{
	const struct buf taken = *from;

	*from = (struct buf){ 0 };
	return taken;
}

static bool has_line(const struct conn *c)
{
	return c->in.len && memchr(c->in.data, '\n', c->in.len);
}

bool conn_wants_to_write(const struct conn *c)
{
	return c->out.len || (has_line(c) && !c->apart.pid);
}

/* False if the client has gone. */
static bool write_out(struct conn *c, uint64_t now_ms)
{
	ssize_t n;

	if (!c->out.len)
		return true;
	n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += n;
	if (c->sent < c->out.len)
		return true;
	buf_free(&c->out);
	c->sent = 0;
	c->since_ms = now_ms;
	return true;
}

/* The last one that came counts; all others are closed. */
static void take_passed(struct conn *c, struct msghdr *msg)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
			continue;
		drop_passed(c);
		memcpy(&c->peer.passed_fd, CMSG_DATA(m), sizeof(int));
	}
}

/* There is room for one descriptor: the kernel keeps more than that from us. */
static ssize_t receive(struct conn *c, char *chunk, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = chunk, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC);

	if (n >= 0)
		take_passed(c, &msg);
	return n;
}

/* False if the client has gone; a client that only stopped sending is served. */
static bool read_in(struct conn *c)
{
	char chunk[4096];
	ssize_t n = receive(c, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		c->ending = true;
	buf_add(&c->in, chunk, n);
	if (!has_line(c) && c->in.len > REQUEST_MAX_BYTES) {
		buf_free(&c->in);
		conn_refuse(c, CTL_USAGE, "the request is longer than 65536 bytes");
	}
	return !c->in.failed;
}

static void answer_apart(struct conn *c, struct conn_host *host, const struct buf *line)
{
	int err;

	if (host->n_apart >= APART_MAX) {
		request_refuse(CTL_FAILED, "busy with other requests of this kind: try again",
			       &c->out);
		return;
	}
	err = apart_begin(&c->apart, host->ops, host->app, &c->peer, line);
	if (err)
		request_refuse(CTL_FAILED, strerror(-err), &c->out);
	else
		host->n_apart++;
}

static void answer_line(struct conn *c, struct conn_host *host)
{
	const char *end = memchr(c->in.data, '\n', c->in.len);
	struct buf line = { .data = c->in.data, .len = end - c->in.data };

	if (request_is_apart(&line))
		answer_apart(c, host, &line);
	else
		c->ring_fd = request_answer(host->ops, host->app, &c->peer, &line, &c->out);
	drop_passed(c);
	buf_skip(&c->in, line.len + 1);
}

int conn_apart_fd(const struct conn *c)
{
	return c->apart.pid ? c->apart.fd : -1;
}

/* True while the copy has not said all. */
static bool is_apart(struct conn *c, struct conn_host *host, uint64_t now_ms)
{
	if (!c->apart.pid)
		return false;
	if (apart_read(&c->apart))
		return true;
	if (c->apart.said.len && !c->apart.said.failed)
		c->out = take_buf(&c->apart.said);
	else
		request_refuse(CTL_FAILED, "the answer was lost: see the log of shuntd", &c->out);
	end_apart(c, host);
	c->since_ms = now_ms;
	return false;
}

/* Once the answer has left, packets follow. False if that cannot be. */
static bool begin_capture(struct conn *c, struct conn_host *host)
{
	if (c->ring_fd < 0 || c->out.len)
		return true;
	if (apart_begin_capture(&c->apart, c->ring_fd, c->fd))
		return false;
	host->n_apart++;
	c->ring_fd = -1;
	c->captures = true;
	return true;
}

bool conn_serve(struct conn *c, struct conn_host *host, uint64_t now_ms)
{
	if (c->captures)
		return apart_read(&c->apart);
	if (is_apart(c, host, now_ms))
		return true;
	if (!write_out(c, now_ms) || !begin_capture(c, host))
		return false;
	if (c->out.len || c->captures)
		return true;
	if (!has_line(c) && !c->ending && !read_in(c))
		return false;
	if (has_line(c))
		answer_line(c, host);
	if (c->out.failed || !write_out(c, now_ms) || !begin_capture(c, host))
		return false;
	return !c->ending || conn_wants_to_write(c) || c->apart.pid;
}
