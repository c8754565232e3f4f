/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An agent on the backend tells how it is, as soon as it is connected to; nothing is
 * asked. That it says so is what passes: what it wants goes along with the answer.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "health/check.h"

/* Tabs are for words to be apart, not for logs. */
static bool end(const struct agent_line *l, const struct agent_says *says, struct check_result *r)
{
	check_end(r, says->down ? HEALTH_AGENT_CODE : HEALTH_OK_CODE, "agent: %s", l->text);
	for (char *p = r->detail; *p; p++)
		*p = *p == '\t' ? ' ' : *p;
	r->agent = says->state;
	r->agent_percent = says->percent;
	return true;
}

static bool judge(const struct agent_line *l, struct check_result *r)
{
	struct agent_says says;

	if (agent_line_read(l, &says))
		return check_end(r, HEALTH_L7RSP_CODE, "an agent says something else");
	return end(l, &says, r);
}

/*
 * The handshake's last packet is held back, in the hope that a question goes with it:
 * there is none here, and the agent would not see the connection for so long.
 */
static void complete_handshake(struct probe *p)
{
	static const int on = 1;

	if (!p->sent)
		setsockopt(p->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	p->sent = 1;
}

static bool step(struct probe *p, struct check_result *r)
{
	char data[512];
	ssize_t n;
	int err;

	complete_handshake(p);
	while ((n = recv(p->fd, data, sizeof(data), 0)) > 0) {
		err = agent_line_feed(&p->agent, data, n);
		if (err > 0)
			return judge(&p->agent, r);
		if (err < 0)
			return check_end(r, HEALTH_L7RSP_CODE,
					 err == -EMSGSIZE ? "a line that does not end" : "no text");
	}
	/* It may leave the end of the line to the end of the connection. */
	if (n == 0)
		return judge(&p->agent, r);
	return errno != EAGAIN && check_fail(r, HEALTH_L7RSP_CODE, -errno);
}

const struct check_ops check_agent = {
	.transport = CHECK_OVER_TCP,
	.step = step,
	.timeout = HEALTH_L7TOUT_CODE,
};
