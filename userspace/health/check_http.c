/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET over HTTP/1.1 (RFC 9112); the status line decides, the rest is not read.
 * Whether there is TLS below makes no difference here.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "health/check.h"
#include "net/addr.h"

/* Room for the path, the host and what is around them. */
#define REQUEST_ROOM (PROBER_PATH + PROBER_HOST + 128)

#define HTTP_PORT 80
#define HTTPS_PORT 443

/* Host field, RFC 9110 section 7.2: an IPv6 address goes in brackets. */
static void format_host(const struct prober_request *q, char *out, size_t size)
{
	const uint16_t usual = q->type == CONF_CHECK_HTTPS ? HTTPS_PORT : HTTP_PORT;
	char text[ADDR_TEXT];
	struct shunt_addr a;

	if (q->http.host[0]) {
		bool bare_v6 = !addr_parse(q->http.host, &a) && !addr_is_v4(&a);

		snprintf(out, size, bare_v6 ? "[%s]" : "%s", q->http.host);
		return;
	}
	addr_format(&q->addr, text);
	if (q->port == usual)
		snprintf(out, size, addr_is_v4(&q->addr) ? "%s" : "[%s]", text);
	else
		snprintf(out, size, addr_is_v4(&q->addr) ? "%s:%u" : "[%s]:%u", text, q->port);
}

static size_t format_request(const struct prober_request *q, char *out, size_t size)
{
	char host[PROBER_HOST + 16];

	format_host(q, host, sizeof(host));
	return snprintf(out, size,
			"GET %s HTTP/1.1\r\n"
			"Host: %s\r\n"
			"User-Agent: shunt\r\n"
			"Accept: */*\r\n"
			"Connection: close\r\n"
			"\r\n",
			q->http.path, host);
}

/* Return: 1 once all of it is sent; 0 if it is not yet; a negative errno. */
static int send_request(struct probe *p)
{
	char text[REQUEST_ROOM];
	size_t len;
	ssize_t n;

	if (p->http.bytes)
		return 1;
	len = format_request(&p->request, text, sizeof(text));
	while (p->sent < len) {
		n = check_send(p, text + p->sent, len - p->sent);
		if (n < 0)
			return n == -EAGAIN ? 0 : n;
		p->sent += n;
	}
	return 1;
}

static bool judge(const struct prober_http *q, int status, struct check_result *r)
{
	for (size_t i = 0; i < q->n_status; i++) {
		if (status >= q->status[i].first && status <= q->status[i].last)
			return check_end(r, HEALTH_OK_CODE, "http %d", status);
	}
	return check_end(r, HEALTH_L7STS_CODE, "http %d", status);
}

static bool read_status(struct probe *p, struct check_result *r)
{
	char data[2048];
	ssize_t n;
	int status;

	while ((n = check_recv(p, data, sizeof(data))) > 0) {
		status = http_status_feed(&p->http, data, n);
		if (status > 0)
			return judge(&p->request.http, status, r);
		if (status == -EMSGSIZE)
			return check_end(r, HEALTH_L7RSP_CODE, "no status within %d bytes",
					 HTTP_STATUS_MAX_BYTES);
		if (status < 0)
			return check_end(r, HEALTH_L7RSP_CODE, "not an HTTP/1 status line");
	}
	if (n == 0)
		return check_end(r, HEALTH_L7RSP_CODE, "closed after %zu bytes", p->http.bytes);
	return n != -EAGAIN && check_stream_fail(p, r, n);
}

/* Nothing can have come yet; when it does, epoll will tell. A session keeps its own counsel. */
static bool has_nothing(const struct probe *p)
{
	return !p->tls && !(p->events & ~EPOLLOUT);
}

static bool step(struct probe *p, struct check_result *r)
{
	int sent = send_request(p);

	if (sent < 0)
		return check_stream_fail(p, r, sent);
	return sent && !has_nothing(p) && read_status(p, r);
}

const struct check_ops check_http = {
	.transport = CHECK_OVER_TCP,
	.step = step,
	.timeout = HEALTH_L7TOUT_CODE,
};
