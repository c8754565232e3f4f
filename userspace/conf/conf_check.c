/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: how backends are probed. Written for all, for a service, or for a
 * backend.
 */
#include "conf/conf_tables.h"
#include "conf/conf_value.h"

#define OFF(member) offsetof(struct conf_check, member)

static const struct conf_field expect_rows[] = {
	{
		.key = "status",
		.kind = CONF_STATUS,
		.effect = CONF_LIVE,
		.off = OFF(status),
		.off_also = OFF(n_status),
		.preset = "200-399",
		.doc = "HTTP status codes that count as passed: one, a range, or a list of both.",
	},
};

static const struct conf_fields expect_fields = { CONF_FIELDS(expect_rows) };

static const struct conf_field check_rows[] = {
	{
		.key = "type",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(type),
		.words = conf_check_type_words,
		.preset = "tcp",
		.doc = "tcp connects, http asks for a page, none takes the backend for healthy.",
	},
	{
		.key = "port",
		.kind = CONF_PORT_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(port),
		.min = 1,
		.max = 65535,
		.doc = "Port that is probed. Without it the backend's own port, if it has one, or "
		       "the "
		       "first TCP port of the service.",
	},
	{
		.key = "interval",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(interval_ms),
		.min = 100,
		.max = 600 * 1000,
		.preset = "2s",
		.doc = "Time from the start of one check to the start of the next.",
	},
	{
		.key = "fast_interval",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(fast_interval_ms),
		.min = 100,
		.max = 600 * 1000,
		.preset = "1s",
		.doc = "The interval while a verdict is changing.",
	},
	{
		.key = "down_interval",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(down_interval_ms),
		.min = 100,
		.max = 600 * 1000,
		.preset = "5s",
		.doc = "The interval while the backend is down.",
	},
	{
		.key = "timeout",
		.kind = CONF_MSEC,
		.effect = CONF_LIVE,
		.off = OFF(timeout_ms),
		.min = 10,
		.max = 600 * 1000,
		.preset = "1s",
		.doc = "Time for the whole answer, at most the interval.",
	},
	{
		.key = "rise",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(rise),
		.min = 1,
		.max = 100,
		.preset = "2",
		.doc = "Checks passed in a row that bring a backend up.",
	},
	{
		.key = "fall",
		.kind = CONF_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(fall),
		.min = 1,
		.max = 100,
		.preset = "3",
		.doc = "Checks failed in a row that bring a backend down.",
	},
	{
		.key = "jitter",
		.kind = CONF_PERCENT,
		.effect = CONF_LIVE,
		.off = OFF(jitter_percent),
		.max = 50,
		.preset = "5%",
		.doc = "Every interval is made longer or shorter at random by up to this.",
	},
	{
		.key = "path",
		.kind = CONF_URL_PATH,
		.effect = CONF_LIVE,
		.off = OFF(path),
		.max = 1023,
		.preset = "/",
		.doc = "For http: the page that is asked for.",
	},
	{
		.key = "host",
		.kind = CONF_HOST,
		.effect = CONF_LIVE,
		.off = OFF(host),
		.max = 255,
		.doc = "For http: the Host header. Without it the backend's address.",
	},
	{
		.key = "expect",
		.kind = CONF_GROUP,
		.fields = &expect_fields,
		.doc = "For http: which answers count as passed.",
	},
};

/* Where both values come from above, the complaint was made there. */
static void verify_timeout(struct conf_job *job, const struct conf_node *node,
			   const struct conf_check *check)
{
	char timeout[CONF_VALUE_TEXT], interval[CONF_VALUE_TEXT];
	const struct conf_node *at = conf_node_get(node, "timeout");

	at = at ? at : conf_node_get(node, "interval");
	if (!at || check->timeout_ms <= check->interval_ms)
		return;
	conf_error(job, at, "the timeout, %s, is longer than the interval, %s",
		   conf_format_msec(check->timeout_ms, timeout),
		   conf_format_msec(check->interval_ms, interval));
}

static void verify_http_keys(struct conf_job *job, const struct conf_node *node,
			     const struct conf_check *check)
{
	static const char *const keys[] = { "path", "host", "expect" };
	const struct conf_node *value;

	if (check->type == CONF_CHECK_HTTP || !conf_node_get(node, "type"))
		return;
	for (size_t i = 0; i < array_len(keys); i++) {
		value = conf_node_get(node, keys[i]);
		if (value)
			conf_warning(job, value->key, "\"%s\" means nothing to a check of type %s",
				     keys[i], conf_check_type_name(check->type));
	}
}

static void verify_check(struct conf_job *job, const struct conf_node *node, void *base)
{
	verify_timeout(job, node, base);
	verify_http_keys(job, node, base);
}

const struct conf_fields conf_check_fields = {
	CONF_FIELDS(check_rows),
	.verify = verify_check,
};
