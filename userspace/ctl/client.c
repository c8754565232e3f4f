/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "ctl/client.h"
#include "ctl/view.h"

#define CHUNK_BYTES 16384

/* Larger than any answer: 32768 backends with every text at its longest. */
#define ANSWER_MAX (64U << 20)

void client_dump(const json_t *json, struct buf *out)
{
	_cleanup_free_ char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	buf_puts(out, text ?: "");
	buf_puts(out, "\n");
}

static json_t *option_json(const struct client_request *request, size_t i)
{
	return ctl_options[i].value ? json_string(request->values[i]) : json_true();
}

static json_t *request_json(const struct client_request *request)
{
	json_t *args = json_array(), *options = json_object();

	for (size_t i = 0; i < request->n_args; i++)
		if (json_array_append_new(args, json_string(request->args[i])))
			goto bad;
	for (size_t i = 0; i < CTL_OPTIONS; i++)
		if (request->options & (1U << i) && ctl_options[i].on_wire &&
		    json_object_set_new(options, ctl_options[i].name, option_json(request, i)))
			goto bad;
	return json_pack("{s:i, s:s, s:o, s:o, s:O*}", "schema", CTL_SCHEMA, "command",
			 request->command, "args", args, "options", options, "files",
			 request->files);
bad:
	json_decref(args);
	json_decref(options);
	return NULL;
}

static int open_socket(const char *path, unsigned int timeout_s)
{
	struct timeval timeout = { .tv_sec = timeout_s ?: CLIENT_TIMEOUT_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return take_fd(&fd);
}

/* As send(), with @passed, which goes with the first byte; -1: nothing does. */
static ssize_t send_with(int fd, const char *data, size_t len, int passed)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (char *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (passed >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed, sizeof(passed));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

/*
 * A daemon that knows at once that it will not serve us answers and closes: the
 * answer is there to be read although nothing can be written any more.
 */
static int send_all(int fd, const struct buf *text, int passed)
{
	for (size_t sent = 0; sent < text->len;) {
		ssize_t n = send_with(fd, text->data + sent, text->len - sent, sent ? -1 : passed);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET ? 0 : -errno;
		sent += n;
	}
	return 0;
}

/* @at_once: bytes that may be taken; with 1 what is behind the line stays there. */
static int receive_line(int fd, size_t at_once, struct buf *line)
{
	char chunk[CHUNK_BYTES];

	while (!line->len || line->data[line->len - 1] != '\n') {
		ssize_t n = recv(fd, chunk, at_once, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		buf_add(line, chunk, n);
		if (line->failed || line->len > ANSWER_MAX)
			return -EMSGSIZE;
	}
	return 0;
}

static enum ctl_exit say_unreachable(const char *path, int err, struct buf *error)
{
	if (err == -EACCES) {
		buf_printf(error, "permission denied: cannot open %s", path);
		return CTL_DENIED;
	}
	buf_printf(error, "cannot reach shuntd at %s: %s%s", path,
		   err == -EAGAIN ? "no answer in time" : strerror(-err),
		   err == -ENOENT || err == -ECONNREFUSED ? ". Is it running?" : "");
	return CTL_UNREACHABLE;
}

/**
 * struct question - one that is asked
 * @at_once: as for receive_line()
 * @fd: where the answer comes from
 */
struct question {
	const char *socket_path;
	const struct client_request *request;
	size_t at_once;
	int fd;
};

/* The answer's line goes to @line. */
static enum ctl_exit ask(struct question *q, struct buf *line, struct buf *error)
{
	_cleanup_(json_decrefp) json_t *asked = request_json(q->request);
	int err;

	if (!asked) {
		buf_puts(error, "an argument is not UTF-8");
		return CTL_USAGE;
	}
	client_dump(asked, line);
	q->fd = open_socket(q->socket_path, q->request->timeout_s);
	if (q->fd < 0)
		return say_unreachable(q->socket_path, q->fd, error);
	err = send_all(q->fd, line, q->request->files ? q->request->fd : -1);
	buf_free(line);
	err = err ?: receive_line(q->fd, q->at_once, line);
	return err ? say_unreachable(q->socket_path, err, error) : CTL_OK;
}

static void question_done(const struct question *q)
{
	if (q->fd >= 0)
		close(q->fd);
}

static enum ctl_exit read_answer(const char *socket_path, const struct buf *line, json_t **answer,
				 struct buf *error)
{
	json_t *got = json_loadb(line->data, line->len, 0, NULL);

	if (!json_is_boolean(json_object_get(got, "ok"))) {
		json_decref(got);
		buf_printf(error, "cannot reach shuntd at %s: what answers there is not shuntd",
			   socket_path);
		return CTL_UNREACHABLE;
	}
	*answer = got;
	return CTL_OK;
}

enum ctl_exit client_ask(const char *socket_path, const struct client_request *request,
			 json_t **answer, struct buf *error)
{
	_cleanup_(question_done) struct question q = { socket_path, request, CHUNK_BYTES, -1 };
	_cleanup_(buf_free) struct buf line = { 0 };

	return ask(&q, &line, error) ?: read_answer(socket_path, &line, answer, error);
}

enum ctl_exit client_ask_ok(const char *socket_path, const struct client_request *request,
			    json_t **answer, struct buf *error)
{
	const enum ctl_exit err = client_ask(socket_path, request, answer, error);

	if (err || view_bool(*answer, "ok"))
		return err;
	buf_puts(error, view_text(*answer, "error"));
	return view_int(*answer, "exit") ?: CTL_FAILED;
}

enum ctl_exit client_open(const char *socket_path, const struct client_request *request,
			  struct client_stream *out, struct buf *error)
{
	_cleanup_(question_done) struct question q = { socket_path, request, 1, -1 };
	_cleanup_(buf_free) struct buf line = { 0 };
	enum ctl_exit err =
		ask(&q, &line, error) ?: read_answer(socket_path, &line, &out->answer, error);

	if (!err)
		out->fd = take_fd(&q.fd);
	return err;
}
