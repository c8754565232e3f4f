/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kind of check, as the prober sees it. The prober connects, keeps the time
 * and closes; a kind says over what, and what is done with the connection. A new
 * kind is a file check_X.c with one of these, and a row in check.c.
 */
#ifndef HEALTH_CHECK_H
#define HEALTH_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "health/agent_line.h"
#include "health/http_status.h"
#include "health/prober_proto.h"

struct leftovers;
struct tls;

/**
 * struct probe - one probe under way
 * @ops: NULL if this place is free
 * @fd: -1 over echo, whose sockets are everybody's
 * @also_fd: of a kind by itself: another one to wake up for, or -1
 * @own: of a kind by itself: what it keeps
 * @events: of epoll, that it was woken up for
 * @sent: bytes of the question that are out
 * @tls: NULL until a session is opened over @fd
 * @leftovers: of all probes that run commands
 */
struct probe {
	struct prober_request request;
	const struct check_ops *ops;
	int fd;
	int also_fd;
	void *own;
	uint32_t events;
	bool connected;
	uint64_t started_us;
	size_t sent;
	const struct tls_client *tls_client;
	struct tls *tls;
	struct leftovers *leftovers;
	union {
		struct http_status http;
		uint16_t dns_id;
		struct agent_line agent;
	};
};

/**
 * struct check_result - how it ended
 * @agent, @agent_percent, @warning, @cert_ends_s: as in struct prober_answer
 */
struct check_result {
	enum health_code code;
	char detail[HEALTH_DETAIL];
	enum health_agent agent;
	uint8_t agent_percent;
	bool warning;
	uint64_t cert_ends_s;
};

enum check_transport {
	CHECK_OVER_TCP,
	CHECK_OVER_UDP, /* a connected socket, so that ICMP errors come back by it */
	CHECK_OVER_ECHO, /* of ICMP: sent and matched by the prober itself */
	CHECK_BY_ITSELF, /* the kind has its own way, and its descriptors */
};

/**
 * struct check_ops - a kind of check
 * @open: of a kind by itself, else NULL: begin, and set what shall be watched for it.
 *	Return: as of @step
 * @close: of a kind by itself, else NULL: release what it has; called once after @open,
 *	also if the probe is given up
 * @step: go on as far as the connected socket allows, without blocking. Readiness
 *	is edge-triggered: go on until -EAGAIN. Return: true if @r is the result. Over
 *	echo: a reply has come.
 * @timeout: what it means if the time runs out after connect()
 * @overdue: if that is not said by a code and the usual words; NULL: it is
 */
struct check_ops {
	enum check_transport transport;
	bool (*open)(struct probe *p, struct check_result *r);
	void (*close)(struct probe *p);
	bool (*step)(struct probe *p, struct check_result *r);
	enum health_code timeout;
	void (*overdue)(const struct probe *p, struct check_result *r);
};

extern const struct check_ops check_tcp;
extern const struct check_ops check_http;
extern const struct check_ops check_https;
extern const struct check_ops check_tls;
extern const struct check_ops check_dns;
extern const struct check_ops check_udp;
extern const struct check_ops check_icmp;
extern const struct check_ops check_mysql;
extern const struct check_ops check_exec;
extern const struct check_ops check_agent;

/* NULL if there is no such kind. */
const struct check_ops *check_ops_of(enum conf_check_type type);

/* Fill in @r. Return: true, so that a step can say so and be done. */
bool check_end(struct check_result *r, enum health_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * check_fail() - end with an error of the socket
 * @code: unless @err is a shortage on this side, which is SOCKERR: that is no
 *	fault of the backend
 */
bool check_fail(struct check_result *r, enum health_code code, int err);

/*
 * As send() and recv(), but over the session where there is one, and with a negative
 * errno.
 */
ssize_t check_send(const struct probe *p, const void *data, size_t len);
ssize_t check_recv(const struct probe *p, void *data, size_t len);

/* End with an error of these two. */
bool check_stream_fail(const struct probe *p, struct check_result *r, int err);

/* The probe ran out of time. */
void check_time_out(const struct probe *p, struct check_result *r);

#endif /* HEALTH_CHECK_H */
