/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One datagram out, one back. What has to come back is in the config; if nothing
 * is, silence passes too, because many services say nothing to what they do not
 * understand: then only an ICMP error fails, as the host sends it where nobody
 * listens.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "health/check.h"

/* Return: 0, also if the question is out already, or a negative errno. */
static int ask(struct probe *p)
{
	const struct prober_udp *q = &p->request.udp;

	if (p->sent)
		return 0;
	if (send(p->fd, q->send, q->n_send, MSG_NOSIGNAL) < 0)
		return errno == EAGAIN ? 0 : -errno;
	p->sent = 1;
	return 0;
}

static bool judge(const struct prober_udp *q, const uint8_t *answer, size_t len,
		  struct check_result *r)
{
	if (len >= q->n_payload && !memcmp(answer, q->payload, q->n_payload))
		return check_end(r, HEALTH_OK_CODE, "answer of %zu bytes", len);
	return check_end(r, HEALTH_L7RSP_CODE, "another answer, of %zu bytes", len);
}

static bool step(struct probe *p, struct check_result *r)
{
	uint8_t answer[2048];
	int err = ask(p);
	ssize_t n;

	if (err)
		return check_fail(r, HEALTH_L4CON_CODE, err);
	n = recv(p->fd, answer, sizeof(answer), 0);
	if (n >= 0)
		return judge(&p->request.udp, answer, n, r);
	return errno != EAGAIN && check_fail(r, HEALTH_L4CON_CODE, -errno);
}

static void overdue(const struct probe *p, struct check_result *r)
{
	if (p->request.udp.n_payload)
		check_end(r, HEALTH_L7TOUT_CODE, "no answer within %u ms", p->request.timeout_ms);
	else
		check_end(r, HEALTH_OK_CODE, "no answer, and no refusal");
}

const struct check_ops check_udp = {
	.transport = CHECK_OVER_UDP,
	.step = step,
	.overdue = overdue,
};
