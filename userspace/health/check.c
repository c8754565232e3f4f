/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "health/check.h"

const struct check_ops *check_ops_of(enum conf_check_type type)
{
	static const struct check_ops *const kinds[] = {
		[CONF_CHECK_TCP] = &check_tcp,	   [CONF_CHECK_HTTP] = &check_http,
		[CONF_CHECK_HTTPS] = &check_https, [CONF_CHECK_TLS] = &check_tls,
		[CONF_CHECK_DNS] = &check_dns,	   [CONF_CHECK_UDP] = &check_udp,
		[CONF_CHECK_ICMP] = &check_icmp,   [CONF_CHECK_MYSQL] = &check_mysql,
		[CONF_CHECK_EXEC] = &check_exec,   [CONF_CHECK_AGENT] = &check_agent,
	};

	return type < array_len(kinds) ? kinds[type] : NULL;
}

bool check_end(struct check_result *r, enum health_code code, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
	va_end(ap);
	return true;
}

/* The usual ones in the words of the rest of the log line. */
static const char *error_text(int err)
{
	switch (-err) {
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
	case EPIPE:
		return "connection reset";
	case ENETUNREACH:
		return "network unreachable";
	case EBADF:
		return "no ICMP socket: it takes CAP_NET_RAW at the start";
	case EHOSTUNREACH:
		return "host unreachable";
	case ETIMEDOUT:
		return "connection timed out";
	case EMFILE:
	case ENFILE:
		return "no file descriptors left";
	case EADDRNOTAVAIL:
		return "no local port or address left";
	default:
		return strerror(-err);
	}
}

static bool is_shortage(int err)
{
	switch (-err) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EADDRNOTAVAIL:
		return true;
	default:
		return false;
	}
}

bool check_fail(struct check_result *r, enum health_code code, int err)
{
	return check_end(r, is_shortage(err) ? HEALTH_SOCKERR_CODE : code, "%s", error_text(err));
}

void check_time_out(const struct probe *p, struct check_result *r)
{
	if (p->connected && p->ops->overdue)
		p->ops->overdue(p, r);
	else if (p->connected)
		check_end(r, p->ops->timeout, "no complete answer within %u ms",
			  p->request.timeout_ms);
	else
		check_end(r, HEALTH_L4TOUT_CODE, "no connection within %u ms",
			  p->request.timeout_ms);
}
