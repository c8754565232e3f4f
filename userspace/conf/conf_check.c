/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: how backends are probed. Written for all, for a service, or for a
 * backend.
 */
#include "conf/conf_tables.h"

#define OFF(member) offsetof(struct conf_check, member)

static const struct conf_field expect_rows[] = {
	{
		.key = "status",
		.kind = CONF_STATUS,
		.effect = CONF_LIVE,
		.off = OFF(status),
		.off_also = OFF(n_status),
		.preset = "200-399",
		.doc = "For http and https: status codes that count as passed: one, a range, or a "
		       "list of both.",
	},
	{
		.key = "rcode",
		.kind = CONF_WORDS,
		.effect = CONF_LIVE,
		.off = OFF(rcodes),
		.words = conf_rcode_words,
		.preset = "NOERROR",
		.doc = "For dns: answers that count as passed, by their code.",
	},
	{
		.key = "payload",
		.kind = CONF_BYTES,
		.effect = CONF_LIVE,
		.off = OFF(payload),
		.off_also = OFF(n_payload),
		.max = CONF_MAX_PAYLOAD,
		.doc = "For udp: what an answer begins with. Without it any answer passes, and so "
		       "does silence, unless ICMP says that nobody listens.",
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
		.doc = "tcp connects; http and https ask for a page, tls shakes hands; dns asks "
		       "for a name, udp sends what it is told to, icmp pings; mysql logs in; exec "
		       "runs a command; agent asks the backend itself, which may lower its weight, "
		       "too; none takes the backend for healthy.",
	},
	{
		.key = "port",
		.kind = CONF_PORT_NUMBER,
		.effect = CONF_LIVE,
		.off = OFF(port),
		.min = 1,
		.max = 65535,
		.doc = "Port that is probed. Without it the backend's own port, if it has one, or "
		       "the first port of the service of the protocol that the check speaks: UDP "
		       "with dns and udp, else TCP. An agent has a port of its own.",
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
		.max = CONF_MAX_PATH,
		.preset = "/",
		.doc = "For http and https: the page that is asked for.",
	},
	{
		.key = "host",
		.kind = CONF_HOST,
		.effect = CONF_LIVE,
		.off = OFF(host),
		.max = CONF_MAX_HOST,
		.doc = "For http and https: the Host header. Without it the backend's address.",
	},
	{
		.key = "sni",
		.kind = CONF_DNS_NAME,
		.effect = CONF_LIVE,
		.off = OFF(sni),
		.doc = "For https and tls: the name that the server is asked for, and that its "
		       "certificate must have. Without it the host, if that is a name.",
	},
	{
		.key = "verify",
		.kind = CONF_BOOL,
		.effect = CONF_LIVE,
		.off = OFF(verify),
		.preset = "true",
		.doc = "For https and tls: whether the certificate must be valid.",
	},
	{
		.key = "ca_file",
		.kind = CONF_FILE,
		.effect = CONF_LIVE,
		.off = OFF(ca_file),
		.max = 4095,
		.doc = "For https and tls: PEM file of the authorities that are trusted. Without "
		       "it those of the system.",
	},
	{
		.key = "expires",
		.kind = CONF_DAYS,
		.effect = CONF_LIVE,
		.off = OFF(expires_days),
		.max = 3650,
		.preset = "14d",
		.doc = "For https and tls: a certificate that ends sooner passes with a warning.",
	},
	{
		.key = "name",
		.kind = CONF_DNS_NAME,
		.effect = CONF_LIVE,
		.off = OFF(name),
		.doc = "For dns: the name that is asked for.",
	},
	{
		.key = "qtype",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(qtype),
		.words = conf_qtype_words,
		.preset = "A",
		.doc = "For dns: the type that is asked for.",
	},
	{
		.key = "send",
		.kind = CONF_BYTES,
		.effect = CONF_LIVE,
		.off = OFF(send),
		.off_also = OFF(n_send),
		.max = CONF_MAX_SEND,
		.doc = "For udp: what is sent. Without it an empty packet.",
	},
	{
		.key = "user",
		.kind = CONF_TEXT,
		.effect = CONF_LIVE,
		.off = OFF(user),
		.max = 128,
		.doc = "For mysql: the account that logs in.",
	},
	{
		.key = "password_file",
		.kind = CONF_FILE,
		.effect = CONF_LIVE,
		.off = OFF(password_file),
		.max = 4095,
		.doc = "For mysql: a file whose first line is the password of the account, which "
		       "should have no rights: whoever acts as the server may learn it. So only "
		       "root can have it shown at another address or port.",
	},
	{
		.key = "role",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(role),
		.words = conf_role_words,
		.preset = "any",
		.doc = "For mysql: what the server has to be. A primary can be written to, a "
		       "replica is read only.",
	},
	{
		.key = "command",
		.kind = CONF_FILE,
		.effect = CONF_LIVE,
		.off = OFF(command),
		.max = 4095,
		.doc = "For exec: the program that is run. It passes if it exits with 0.",
	},
	{
		.key = "args",
		.kind = CONF_TEXTS,
		.effect = CONF_LIVE,
		.off = OFF(args),
		.off_also = OFF(n_args),
		.max = 64,
		.doc = "For exec: its arguments.",
	},
	{
		.key = "via",
		.kind = CONF_WORD,
		.effect = CONF_LIVE,
		.off = OFF(via),
		.words = conf_via_words,
		.preset = "backend",
		.doc = "Where a probe is sent: backend is to its address; vip is to the VIP, on "
		       "the way that clients' packets take to this very backend.",
	},
	{
		.key = "expect",
		.kind = CONF_GROUP,
		.fields = &expect_fields,
		.doc = "Which answers count as passed.",
	},
};

const struct conf_fields conf_check_fields = {
	CONF_FIELDS(check_rows),
	.verify = conf_check_verify,
};
