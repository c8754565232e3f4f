/* SPDX-License-Identifier: BSD-2-Clause */
/* How a backend is probed: the part of conf.h that is about checks. */
#ifndef CONF_CONF_CHECK_H
#define CONF_CONF_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_check_type {
	CONF_CHECK_NONE, /* the backend counts as up */
	CONF_CHECK_TCP,
	CONF_CHECK_HTTP,
	CONF_CHECK_HTTPS,
	CONF_CHECK_TLS,
	CONF_CHECK_DNS,
	CONF_CHECK_UDP,
	CONF_CHECK_ICMP,
	CONF_CHECK_MYSQL,
	CONF_CHECK_EXEC,
	CONF_CHECK_AGENT, /* the backend says how it is, in words */
};

/* Types of a DNS question, as on the wire. */
enum conf_qtype {
	CONF_QTYPE_A = 1,
	CONF_QTYPE_NS = 2,
	CONF_QTYPE_CNAME = 5,
	CONF_QTYPE_SOA = 6,
	CONF_QTYPE_PTR = 12,
	CONF_QTYPE_MX = 15,
	CONF_QTYPE_TXT = 16,
	CONF_QTYPE_AAAA = 28,
	CONF_QTYPE_SRV = 33,
	CONF_QTYPE_ANY = 255,
};

/* Codes of DNS answers that have a word are [0, CONF_MAX_RCODE]. */
#define CONF_MAX_RCODE 5

/* What a server of MySQL has to be. */
enum conf_role {
	CONF_ROLE_ANY,
	CONF_ROLE_PRIMARY,
	CONF_ROLE_REPLICA,
};

/* Where probes of a backend are sent. */
enum conf_via {
	CONF_VIA_BACKEND, /* to its address */
	CONF_VIA_VIP, /* to the VIP, the way that a client's packet takes to it */
};

/**
 * struct conf_status_range - HTTP status codes that count as healthy, both ends
 * included
 */
struct conf_status_range {
	uint16_t first;
	uint16_t last;
};

#define CONF_STATUS_RANGES 8

/* Longest texts and bytes of a check, without a NUL. */
#define CONF_MAX_PATH 1023
#define CONF_MAX_HOST 255
#define CONF_MAX_DNS_NAME 254 /* a final dot included */
#define CONF_MAX_SEND 512
#define CONF_MAX_PAYLOAD 256
#define CONF_MAX_USER 128
#define CONF_MAX_PASSWORD 255
#define CONF_MAX_COMMAND 800 /* with its arguments, and a NUL behind each */

/**
 * struct conf_check - how a backend is probed; every field is filled in:
 * backend over service over defaults over presets
 * @port: unless the file names it, conf_backend.port or else the service's first port
 *	of the protocol that the check speaks; never 0 after conf_load() in a check that is
 *	used, unless @type is CONF_CHECK_NONE, CONF_CHECK_ICMP or CONF_CHECK_EXEC
 * @jitter_percent: each wait is spread by +- this
 * @path, @host, @status: for http and https; @host NULL means the backend's address
 * @sni, @verify, @ca_file, @expires_days: for https and tls; @sni NULL: @host if that is
 *	a name; @ca_file NULL: what the system trusts; certificates that end within
 *	@expires_days are warned of
 * @name, @qtype: for dns, what is asked
 * @rcodes: for dns: bit n: an answer with code n counts as passed
 * @send, @payload: for udp: what is sent, and what an answer begins with; no @payload:
 *	any answer passes, and so does silence
 * @user, @password_file, @role: for mysql; @password_file may be NULL
 * @command, @args: for exec
 */
struct conf_check {
	enum conf_check_type type;
	uint32_t interval_ms;
	uint32_t fast_interval_ms;
	uint32_t down_interval_ms;
	uint32_t timeout_ms;
	uint32_t rise;
	uint32_t fall;
	uint32_t jitter_percent;
	uint16_t port;
	const char *path;
	const char *host;
	struct conf_status_range status[CONF_STATUS_RANGES];
	size_t n_status;
	enum conf_via via;
	const char *sni;
	const char *ca_file;
	bool verify;
	uint32_t expires_days;
	const char *name;
	enum conf_qtype qtype;
	uint32_t rcodes;
	const uint8_t *send;
	size_t n_send;
	const uint8_t *payload;
	size_t n_payload;
	const char *user;
	const char *password_file;
	enum conf_role role;
	const char *command;
	const char **args;
	size_t n_args;
};

#endif /* CONF_CONF_CHECK_H */
