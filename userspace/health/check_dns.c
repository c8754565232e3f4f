/* SPDX-License-Identifier: BSD-2-Clause */
/* One question over UDP; the code of the answer decides (RFC 1035). */
#include <errno.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "health/check.h"
#include "health/dns_message.h"

/* More than stray ones, and little for a prober that all backends share. */
#define MAX_FOREIGN 64

static struct dns_question question_of(const struct probe *p)
{
	return (struct dns_question){
		.name = p->request.dns.name,
		.qtype = p->request.dns.qtype,
		.id = p->dns_id,
	};
}

/* Return: 0, also if the question is out already, or a negative errno. */
static int ask(struct probe *p)
{
	uint8_t message[DNS_QUESTION_MAX_BYTES];
	struct dns_question q;
	size_t len;

	if (p->sent)
		return 0;
	/* Of few bits, but the port is drawn at random, too. */
	if (getrandom(&p->dns_id, sizeof(p->dns_id), GRND_NONBLOCK) < 0)
		p->dns_id = p->started_us;
	q = question_of(p);
	len = dns_question_write(&q, message);
	if (send(p->fd, message, len, MSG_NOSIGNAL) < 0)
		return errno == EAGAIN ? 0 : -errno;
	p->sent = len;
	return 0;
}

static bool judge(const struct prober_dns *q, const struct dns_answer *a, struct check_result *r)
{
	enum health_code code = q->rcodes & 1 << a->rcode ? HEALTH_OK_CODE : HEALTH_L7STS_CODE;

	if (a->rcode > CONF_MAX_RCODE)
		return check_end(r, code, "dns code %u", a->rcode);
	return check_end(r, code, "dns %s, answers: %u", conf_rcode_name(a->rcode), a->n_answers);
}

/* What is not ours is not looked at: the answer may still come; but not for ever. */
static bool step(struct probe *p, struct check_result *r)
{
	struct dns_question q;
	struct dns_answer a;
	uint8_t data[2048];
	int err = ask(p);
	ssize_t n;

	if (err)
		return check_fail(r, HEALTH_L4CON_CODE, err);
	q = question_of(p);
	for (int i = 0; (n = recv(p->fd, data, sizeof(data), 0)) >= 0; i++) {
		err = dns_answer_read(&q, data, n, &a);
		if (!err)
			return judge(&p->request.dns, &a, r);
		if (err == -EBADMSG)
			return check_end(r, HEALTH_L7RSP_CODE, "no answer to the question");
		if (i == MAX_FOREIGN)
			return check_end(r, HEALTH_L7RSP_CODE, "answers, but none to the question");
	}
	return errno != EAGAIN && check_fail(r, HEALTH_L4CON_CODE, -errno);
}

const struct check_ops check_dns = {
	.transport = CHECK_OVER_UDP,
	.step = step,
	.timeout = HEALTH_L7TOUT_CODE,
};
