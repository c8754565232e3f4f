/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One TLS session (RFC 8446; RFC 5246 for servers that know no better) over a
 * connected, non-blocking socket. Nothing blocks: -EAGAIN means to come again when
 * the socket is ready, in whichever direction.
 *
 * The certificate is judged apart from the handshake (tls_judge()): until then
 * the peer is whoever answered.
 */
#ifndef HEALTH_TLS_H
#define HEALTH_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "health/tls_client.h"
#include "shunt/abi.h"

/* Room for what tls_judge() has to say. */
#define TLS_TEXT 96

struct tls;

/**
 * tls_open() - a session that has not begun
 * @fd: stays the caller's, and must outlive the session
 * @trust: the place of the certificates that are trusted
 * @out: to be released with tls_close()
 *
 * Return: 0; -ENOENT if nothing is known of @trust; -ENOMEM.
 */
int tls_open(const struct tls_client *c, int fd, uint32_t trust, struct tls **out);

/* Say good-bye, if there was a session, and release it. NULL is fine. */
void tls_close(struct tls *t);

/**
 * tls_expect() - who the server should be; before the handshake
 * @name: asked for (SNI, RFC 6066) and wanted in the certificate; NULL or "": nothing
 *	is asked for, and the certificate must be for @addr
 *
 * Return: 0 or -ENOMEM.
 */
int tls_expect(struct tls *t, const char *name, const struct shunt_addr *addr);

/**
 * tls_handshake() - go on with it as far as the socket allows
 *
 * Return: 0 once it is complete; -EAGAIN; -EPROTO if it cannot be, and
 * tls_error() says why; or an error of the socket.
 */
int tls_handshake(struct tls *t);

/* The handshake is complete. */
bool tls_is_up(const struct tls *t);

/* "TLSv1.3"; of a session that is up. */
const char *tls_version(const struct tls *t);

/* As send() and recv(), but with a negative errno; -EPROTO as above. */
ssize_t tls_send(struct tls *t, const void *data, size_t len);
ssize_t tls_recv(struct tls *t, void *data, size_t len);

/* Of the last -EPROTO; printable. */
const char *tls_error(const struct tls *t);

/**
 * tls_judge() - is it whom one expects, by somebody whom one trusts?
 * @why: if not, why, printable
 */
bool tls_judge(const struct tls *t, uint64_t now_s, char why[TLS_TEXT]);

/**
 * tls_ends_s() - when tls_judge() will begin to say no, seconds since 1970
 *
 * The first of the server's certificate and those that vouch for it; 0 if
 * unknown. @is_server: it is the server's own.
 */
uint64_t tls_ends_s(const struct tls *t, bool *is_server);

#endif /* HEALTH_TLS_H */
