/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What parent and prober say to each other over a SOCK_SEQPACKET pair: one
 * struct a message, both zero-padded. Every request is answered once.
 *
 * Neither side trusts the other. The parent must survive whatever the prober
 * sends, for the prober reads bytes from the network and may be in a
 * stranger's hands; what is not valid is dropped whole.
 */
#ifndef HEALTH_PROBER_PROTO_H
#define HEALTH_PROBER_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "health/health.h"
#include "health/tls_client.h"
#include "shunt/abi.h"

/* NUL included; as long as the config lets them be. */
#define PROBER_HOST (CONF_MAX_HOST + 1)
#define PROBER_PATH (CONF_MAX_PATH + 1)
#define PROBER_NAME 256

#define PROBER_MAX_TIMEOUT_MS (600 * 1000)

/* Most messages taken or sent with one system call. */
#define PROBER_BATCH 32

/*
 * Probers are processes of their own, one for each trade: each has a jail as
 * narrow as its kinds of checks allow.
 */
enum prober_trade {
	PROBER_NET, /* all that is done with nothing but a socket */
	PROBER_MYSQL, /* has libmariadb, which is large, and passwords */
	PROBER_EXEC, /* starts programs, so what they may call is not filtered */
	PROBER_TRADES,
};

enum prober_trade prober_trade_of(enum conf_check_type type);

/* argv[0], and the name of the process. */
const char *prober_trade_name(enum prober_trade trade);

/* The trade that argv[0] names. Return: false if it is none. */
bool prober_trade_is_named(const char *argv0, enum prober_trade *out);

/**
 * struct prober_tls - for https and tls
 * @sni: the name that is asked for and must be in the certificate; "": the address must
 * @trust: the place of those who are trusted, of a struct prober_trust before; or
 *	TLS_TRUST_NONE: any certificate passes
 */
struct prober_tls {
	char sni[PROBER_NAME];
	uint32_t expires_days;
	uint16_t trust;
	uint8_t pad[2];
};

/* For http and https; @host "" means the address. */
struct prober_http {
	struct conf_status_range status[CONF_STATUS_RANGES];
	uint8_t n_status;
	uint8_t pad[7];
	char host[PROBER_HOST];
	char path[PROBER_PATH];
};

/* For dns; as in struct conf_check. */
struct prober_dns {
	char name[PROBER_NAME];
	uint16_t qtype;
	uint16_t rcodes;
};

/* For udp. */
struct prober_udp {
	uint16_t n_send;
	uint16_t n_payload;
	uint8_t send[CONF_MAX_SEND];
	uint8_t payload[CONF_MAX_PAYLOAD];
};

/* Whose socket a probe goes by. */
enum prober_via {
	PROBER_VIA_OWN, /* the prober's: to the backend's own address */
	PROBER_VIA_GIVEN, /* the one that comes with the request: to the VIP */
	PROBER_VIA_NO_ROUTE, /* there is none: no route leads there */
	PROBER_VIA_NO_SOCKET, /* there is none, by a fault of this side */
	PROBER_VIAS,
};

/**
 * struct prober_mysql - for mysql
 * @role: enum conf_role
 */
struct prober_mysql {
	char user[CONF_MAX_USER + 1];
	char password[CONF_MAX_PASSWORD + 1];
	uint8_t role;
	uint8_t pad[5];
};

/**
 * struct prober_exec - for exec
 * @service, @backend: names, for the command's environment
 * @words: the command and its arguments, each with its NUL, one after the other
 */
struct prober_exec {
	char service[PROBER_NAME];
	char backend[PROBER_NAME];
	uint16_t n_words;
	char words[CONF_MAX_COMMAND];
	uint8_t pad[6];
};

/**
 * struct prober_request - "probe this"
 * @serial: never 0 on the wire, never used twice by a parent
 * @target: the parent's name for the backend; comes back as it went
 * @timeout_ms: from connect() to the verdict
 * @port: 0 for icmp
 * @via: enum prober_via
 * @type: enum conf_check_type, but not CONF_CHECK_NONE; tells which of the rest is
 *	looked at
 */
struct prober_request {
	uint64_t serial;
	uint32_t target;
	uint32_t timeout_ms;
	struct shunt_addr addr;
	uint16_t port;
	uint8_t type;
	uint8_t via;
	uint8_t pad[4];
	struct prober_tls tls;
	union {
		struct prober_http http;
		struct prober_dns dns;
		struct prober_udp udp;
		struct prober_mysql mysql;
		struct prober_exec exec;
	};
};

/**
 * struct prober_trust - "trust those"
 * @place: [1, TLS_TRUST_PLACES); what was there before is forgotten
 * @len: bytes of PEM in the sealed file that comes with it (SCM_RIGHTS)
 */
struct prober_trust {
	uint32_t place;
	uint32_t len;
};

/**
 * struct prober_answer - "this came back"
 * @serial, @target: of the request
 * @code: enum health_code of a probe that was made
 * @detail: printable ASCII
 * @agent: enum health_agent; of agents that answered, not HEALTH_AGENT_SILENT
 * @agent_percent: [0, 100], 0 if @agent is silent
 * @warning: it passed, but somebody should read @detail
 * @cert_ends_s: of struct health_status
 */
struct prober_answer {
	uint64_t serial;
	uint32_t target;
	uint32_t duration_us;
	uint32_t code;
	char detail[HEALTH_DETAIL];
	uint8_t agent;
	uint8_t agent_percent;
	uint8_t warning;
	uint8_t pad[1];
	uint64_t cert_ends_s;
};

_Static_assert(sizeof(struct prober_request) == 1624, "no hidden padding");
_Static_assert(sizeof(struct prober_answer) == 128, "no hidden padding");

/* Is this such a message, in every field? @data need not be aligned. */
bool prober_request_is_valid(const void *data, size_t len);
bool prober_trust_is_valid(const void *data, size_t len);
bool prober_answer_is_valid(const void *data, size_t len);

/* Whether requests of this type say more than what all say: it is zero in those that do not. */
bool prober_request_has_more(enum conf_check_type type);

#endif /* HEALTH_PROBER_PROTO_H */
