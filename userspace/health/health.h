/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Health checks: who is probed, when, and what the answers mean.
 *
 * The parent (this interface) owns the schedule and the verdicts; both are pure
 * and run on the caller's clock. Bytes from the network are read only by
 * probers, unprivileged children behind socketpairs that are told "probe this"
 * and answer "this came back". If a child dies it is started again and the
 * probes under way are repeated: no verdict is lost.
 */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "shunt/probe.h"

enum health_state {
	HEALTH_UNKNOWN, /* no verdict yet; not used by the tables */
	HEALTH_UP,
	HEALTH_DOWN,
};

/* Why a probe ended as it did, X(name, text for people). Append only. */
#define HEALTH_CODE_LIST(X)                                                                        \
	X(NONE, "not probed yet")                                                                  \
	X(OK, "passed")                                                                            \
	X(UNCHECKED, "has no check")                                                               \
	X(L4TOUT, "no connection within the timeout")                                              \
	X(L4CON, "connection refused or unreachable")                                              \
	X(L7TOUT, "no complete answer within the timeout")                                         \
	X(L7RSP, "an answer that is not understood, or not the expected one")                      \
	X(L7STS, "an unexpected status")                                                           \
	X(SOCKERR, "no socket on this side")                                                       \
	X(INTERNAL, "the prober failed")                                                           \
	X(L3TOUT, "no echo reply within the timeout")                                              \
	X(L7AUTH, "the log-in was refused")                                                        \
	X(L7ROLE, "another role than the wanted one")                                              \
	X(PROCERR, "the command did not end with 0")                                               \
	X(PROCTOUT, "the command did not end within the timeout")                                  \
	X(AGENT, "its agent says that it is down")                                                 \
	X(L7DUAL, "a second primary")                                                              \
	X(L6TOUT, "no TLS session within the timeout")                                             \
	X(L6RSP, "the TLS handshake failed, or the session broke")                                 \
	X(L6CERT, "a certificate that is not to be trusted")

enum health_code {
#define HEALTH_CODE_ENUM(name, text) HEALTH_##name##_CODE,
	HEALTH_CODE_LIST(HEALTH_CODE_ENUM)
#undef HEALTH_CODE_ENUM
	HEALTH_CODES,
};

const char *health_code_name(enum health_code code); /* "L4TOUT" */
const char *health_code_text(enum health_code code);
const char *health_state_name(enum health_state state); /* "unknown", "up", "down" */

/* Upper bounds of the duration histogram, in microseconds; one bucket more is +Inf. */
#define HEALTH_BUCKETS 8
extern const uint32_t health_bucket_us[HEALTH_BUCKETS];

#define HEALTH_DETAIL 96

/* What an agent on the backend wants. */
enum health_agent {
	HEALTH_AGENT_SILENT, /* there is none, or it has not said anything yet */
	HEALTH_AGENT_READY,
	HEALTH_AGENT_DRAIN, /* no new flows */
	HEALTH_AGENT_MAINT, /* nor those that it has */
	HEALTH_AGENT_STATES,
};

const char *health_agent_name(enum health_agent agent); /* "silent", "ready", ... */

/*
 * SOCKERR and INTERNAL are faults of this side. They are counted as failed
 * probes, but do not move a verdict: they say nothing of the backend.
 */

/**
 * struct health_status - what is known of one backend
 * @since_wall_s: when @state was entered, seconds since 1970
 * @code, @detail, @duration_us: of the last probe ("http 503", "refused")
 * @cert_ends_s: when the certificate ends that it showed last, or one that vouches for
 *	it; seconds since 1970; 0 if none was verified
 * @results: probes by outcome, since the start: [0] failed, [1] passed
 * @bucket: of probe durations, not cumulative
 * @rising, @falling: consecutive passes or failures towards a change
 * @agent: what its agent said last
 * @agent_percent: of its weight, which it wants; 100 while it is silent
 */
struct health_status {
	enum health_state state;
	uint64_t since_wall_s;
	enum health_code code;
	char detail[HEALTH_DETAIL];
	uint64_t cert_ends_s;
	uint32_t duration_us;
	uint64_t results[2];
	uint64_t bucket[HEALTH_BUCKETS + 1];
	uint64_t duration_sum_us;
	uint32_t rising;
	uint32_t falling;
	enum health_agent agent;
	uint8_t agent_percent;
};

struct health;

/**
 * health_create() - start the prober
 * @out: to be released with health_free(), which ends the child
 *
 * Return: 0 or a negative errno, logged.
 */
int health_create(struct health **out);
void health_free(struct health *h);

/**
 * struct health_sockets - who makes the sockets of checks via: vip
 * @open: one for @probe, of SOCK_STREAM or SOCK_DGRAM, that does not block. Return: a
 *	descriptor; -ENETUNREACH: no route leads to the backend, which counts against it;
 *	another negative errno: a fault of this side
 * @ctx: for @open
 */
struct health_sockets {
	int (*open)(void *ctx, const struct shunt_probe *probe, int type);
	void *ctx;
};

/* From now on; copied. Without them such checks fail, by a fault of this side. */
void health_set_sockets(struct health *h, const struct health_sockets *sockets);

/**
 * health_configure() - probe the backends of @conf from now on
 *
 * @now_ms: of clock_now_ms(), here and below
 *
 * State is carried over by (service name, backend name); a backend whose
 * address changed starts again as unknown. Others are added as unknown or
 * forgotten. First checks are spread over half a second, or less. Nothing of
 * @conf is kept.
 *
 * Return: 0; -ENOMEM; -EINVAL, logged, if a check cannot be made. On failure
 * what ran before goes on.
 */
int health_configure(struct health *h, const struct conf *conf, uint64_t now_ms);

/* Readable when there is work; then call health_dispatch(). Stays the same. */
int health_fd(const struct health *h);

/**
 * health_dispatch() - send what is due, take what came back
 *
 * Return: the number of backends whose state changed, each of which was logged, or
 * whose agents want something else than before.
 */
int health_dispatch(struct health *h, uint64_t now_ms);

/* Status of a backend by index in the config given to health_configure(). */
const struct health_status *health_get(const struct health *h, size_t service, size_t backend);

/**
 * health_suspect() - clients say that a backend may be down
 * @service, @backend: as in health_get()
 *
 * If it is up it is probed at once: but not sooner than fast_interval after its last
 * probe began, and of all backends HEALTH_SUSPECTS_PER_S a second at most. Whoever is
 * suspected beyond that waits for its turn. Verdicts are left to the probes.
 */
void health_suspect(struct health *h, size_t service, size_t backend, uint64_t now_ms);
#define HEALTH_SUSPECTS_PER_S 500

/**
 * health_restore() - adopt a verdict from before a restart
 *
 * The backend starts as @state instead of unknown; the first probes confirm or
 * change it by rise and fall as usual. Call after health_configure().
 */
void health_restore(struct health *h, const char *service, const char *backend,
		    enum health_state state, uint64_t since_wall_s);

/* The same for what the agent of a backend wanted; nothing if its check is another one. */
void health_restore_agent(struct health *h, const char *service, const char *backend,
			  enum health_agent agent, uint8_t percent);

/* -EINVAL, and @out untouched, unless it is health_agent_name() of one. */
int health_agent_parse(const char *name, enum health_agent *out);

/**
 * health_rest() - do not probe a backend, of which nothing is known then
 * @rests: false: probe it, from now on
 *
 * For as long as it is in the config. Of one without a check, or that is not there,
 * nothing changes.
 */
void health_rest(struct health *h, const char *service, const char *backend, bool rests,
		 uint64_t now_ms);

/* True once every checked backend has left HEALTH_UNKNOWN, but for those that rest. */
bool health_is_settled(const struct health *h);

/* Pid of the prober, for tests and `shunt status`. */
int health_prober_pid(const struct health *h);

/*
 * main() of a prober: shuntd runs itself again with this as its whole life, and with
 * the name of a trade (prober_proto.h) as argv[0]. prober_main() is that of PROBER_NET.
 */
bool prober_is_asked_for(const char *argv0);
int prober_main_as(const char *argv0, int socket_fd);
int prober_main(int socket_fd);
#define PROBER_ARGV0 "shuntd-prober"

#endif /* HEALTH_HEALTH_H */
