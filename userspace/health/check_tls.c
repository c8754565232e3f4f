/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls: a session with a server that is whom it should be. https: the same, and
 * then what http does, over the session.
 *
 * A certificate that ends soon passes with a warning; what ends before it, of
 * those that vouch for it, counts as well.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "health/check.h"
#include "health/tls.h"

#define DAY_S (24 * 3600)

static int open_session(struct probe *p)
{
	const struct prober_request *q = &p->request;

	return tls_open(p->tls_client, p->fd, q->tls.trust, &p->tls)
		       ?: tls_expect(p->tls, q->tls.sni, &q->addr);
}

static int judge(const struct probe *p, struct check_result *r)
{
	char why[TLS_TEXT];

	if (p->request.tls.trust == TLS_TRUST_NONE || tls_judge(p->tls, clock_wall_s(), why))
		return 0;
	check_end(r, HEALTH_L6CERT_CODE, "%s", why);
	return -EKEYREJECTED;
}

/*
 * Return: 0 once there is a session and nothing is wrong with it; -EAGAIN; else @r
 * says what is.
 */
static int begin(struct probe *p, struct check_result *r)
{
	int err = p->tls ? 0 : open_session(p);

	if (err) {
		check_end(r, HEALTH_INTERNAL_CODE, "no TLS: %s", strerror(-err));
		return err;
	}
	if (tls_is_up(p->tls))
		return 0;
	err = tls_handshake(p->tls);
	if (!err)
		return judge(p, r);
	if (err == -EPROTO)
		check_end(r, HEALTH_L6RSP_CODE, "%s", tls_error(p->tls));
	else if (err != -EAGAIN)
		check_fail(r, HEALTH_L6RSP_CODE, err);
	return err;
}

/* Note when the certificate ends, which means nothing where any would do. */
static void note_end(const struct probe *p, struct check_result *r)
{
	uint64_t now_s = clock_wall_s(), days;
	size_t len = strlen(r->detail);
	bool is_server;

	if (p->request.tls.trust == TLS_TRUST_NONE)
		return;
	r->cert_ends_s = tls_ends_s(p->tls, &is_server);
	if (!r->cert_ends_s || r->cert_ends_s < now_s)
		return;
	days = (r->cert_ends_s - now_s) / DAY_S;
	if (days >= p->request.tls.expires_days)
		return;
	r->warning = true;
	snprintf(r->detail + len, sizeof(r->detail) - len, ", %s certificate ends in %lu day%s",
		 is_server ? "the" : "a CA's", (unsigned long)days, days == 1 ? "" : "s");
}

static bool step_tls(struct probe *p, struct check_result *r)
{
	int err = begin(p, r);

	if (err)
		return err != -EAGAIN;
	check_end(r, HEALTH_OK_CODE, "%s", tls_version(p->tls));
	note_end(p, r);
	return true;
}

static bool step_https(struct probe *p, struct check_result *r)
{
	int err = begin(p, r);

	if (err)
		return err != -EAGAIN;
	if (!check_http.step(p, r))
		return false;
	note_end(p, r);
	return true;
}

static void overdue(const struct probe *p, struct check_result *r)
{
	if (p->tls && tls_is_up(p->tls))
		check_end(r, HEALTH_L7TOUT_CODE, "no complete answer within %u ms",
			  p->request.timeout_ms);
	else
		check_end(r, HEALTH_L6TOUT_CODE, "no TLS session within %u ms",
			  p->request.timeout_ms);
}

const struct check_ops check_tls = {
	.transport = CHECK_OVER_TCP,
	.step = step_tls,
	.overdue = overdue,
};

const struct check_ops check_https = {
	.transport = CHECK_OVER_TCP,
	.step = step_https,
	.overdue = overdue,
};
