/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "health/dns_message.h"
#include "health/prober_proto.h"

static const char *const trade_names[PROBER_TRADES] = {
	[PROBER_NET] = "shuntd-prober",
	[PROBER_MYSQL] = "shuntd-mysql",
	[PROBER_EXEC] = "shuntd-exec",
};

enum prober_trade prober_trade_of(enum conf_check_type type)
{
	switch (type) {
	case CONF_CHECK_MYSQL:
		return PROBER_MYSQL;
	case CONF_CHECK_EXEC:
		return PROBER_EXEC;
	default:
		return PROBER_NET;
	}
}

const char *prober_trade_name(enum prober_trade trade)
{
	return trade_names[trade];
}

bool prober_trade_is_named(const char *argv0, enum prober_trade *out)
{
	for (size_t i = 0; i < PROBER_TRADES; i++) {
		if (!strcmp(argv0, trade_names[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* Ends within @size, and has only characters from @first to '~' before that. */
static bool is_text(const char *s, size_t size, char first)
{
	for (size_t i = 0; i < size; i++) {
		if (!s[i])
			return true;
		if (s[i] < first || s[i] > '~')
			return false;
	}
	return false;
}

static bool is_http(const struct prober_http *r)
{
	if (r->n_status == 0 || r->n_status > CONF_STATUS_RANGES)
		return false;
	/* From '!': a blank or a line break would end the field early. */
	return r->path[0] == '/' && is_text(r->path, sizeof(r->path), '!') &&
	       is_text(r->host, sizeof(r->host), '!');
}

static bool is_tls(const struct prober_tls *r)
{
	return is_text(r->sni, sizeof(r->sni), '!') && r->trust < TLS_TRUST_PLACES;
}

static bool is_dns(const struct prober_dns *r)
{
	const struct dns_question q = { .name = r->name };
	uint8_t unused[DNS_QUESTION_MAX_BYTES];

	return is_text(r->name, sizeof(r->name), '!') && dns_question_write(&q, unused) &&
	       r->qtype && r->rcodes;
}

static bool is_udp(const struct prober_udp *r)
{
	return r->n_send <= sizeof(r->send) && r->n_payload <= sizeof(r->payload);
}

static bool is_mysql(const struct prober_mysql *r)
{
	return r->user[0] && memchr(r->user, 0, sizeof(r->user)) &&
	       memchr(r->password, 0, sizeof(r->password)) && r->role <= CONF_ROLE_REPLICA;
}

/* As many words as it says, and nothing behind them. */
static bool is_exec(const struct prober_exec *r)
{
	size_t n = 0, last = 0;

	for (size_t i = 0; i < sizeof(r->words) && n < r->n_words; i++) {
		n += !r->words[i];
		last = i;
	}
	return n == r->n_words && n && r->words[0] == '/' && !r->words[last] &&
	       is_text(r->service, sizeof(r->service), '!') &&
	       is_text(r->backend, sizeof(r->backend), '!');
}

/* What belongs to the type alone. */
static bool is_of_its_type(const struct prober_request *r)
{
	switch (r->type) {
	case CONF_CHECK_TCP:
	case CONF_CHECK_AGENT:
		return r->port;
	case CONF_CHECK_HTTP:
		return r->port && is_http(&r->http);
	case CONF_CHECK_HTTPS:
		return r->port && is_tls(&r->tls) && is_http(&r->http);
	case CONF_CHECK_TLS:
		return r->port && is_tls(&r->tls);
	case CONF_CHECK_DNS:
		return r->port && is_dns(&r->dns);
	case CONF_CHECK_UDP:
		return r->port && is_udp(&r->udp);
	case CONF_CHECK_ICMP:
		return true;
	case CONF_CHECK_MYSQL:
		return r->port && is_mysql(&r->mysql);
	case CONF_CHECK_EXEC:
		return is_exec(&r->exec);
	default:
		return false;
	}
}

bool prober_request_has_more(enum conf_check_type type)
{
	return type != CONF_CHECK_NONE && type != CONF_CHECK_TCP && type != CONF_CHECK_AGENT &&
	       type != CONF_CHECK_ICMP;
}

bool prober_request_is_valid(const void *data, size_t len)
{
	struct prober_request r;

	if (len != sizeof(r))
		return false;
	memcpy(&r, data, sizeof(r));
	return r.serial && r.timeout_ms && r.timeout_ms <= PROBER_MAX_TIMEOUT_MS &&
	       r.via < PROBER_VIAS && is_of_its_type(&r);
}

bool prober_trust_is_valid(const void *data, size_t len)
{
	struct prober_trust t;

	if (len != sizeof(t))
		return false;
	memcpy(&t, data, sizeof(t));
	return t.place != TLS_TRUST_NONE && t.place < TLS_TRUST_PLACES && t.len &&
	       t.len <= TLS_MAX_BYTES;
}

bool prober_answer_is_valid(const void *data, size_t len)
{
	struct prober_answer a;

	if (len != sizeof(a))
		return false;
	memcpy(&a, data, sizeof(a));
	if (a.code >= HEALTH_CODES || a.code == HEALTH_NONE_CODE || a.code == HEALTH_UNCHECKED_CODE)
		return false;
	if (a.agent >= HEALTH_AGENT_STATES || a.agent_percent > (a.agent ? 100 : 0))
		return false;
	/* The detail goes to logs and terminals. */
	return a.serial && a.duration_us <= (PROBER_MAX_TIMEOUT_MS + 60 * 1000) * 1000U &&
	       is_text(a.detail, sizeof(a.detail), ' ') && a.warning <= 1 &&
	       a.cert_ends_s <= INT64_MAX;
}
