/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's session and a server of OpenSSL's, in one thread over a socket pair. */
#ifndef TEST_HEALTH_TLS_RIG_H
#define TEST_HEALTH_TLS_RIG_H

#include "health/tls.h"
#include "pki.h"

/**
 * struct tls_rig - to be set up with tls_rig_open()
 * @root, @stranger: two authorities
 * @tls, @server: NULL until tls_rig_begin() and tls_rig_serve()
 * @ends: the client's socket, and the server's; -1 if a test has closed it
 * @why: of tls_rig_judge()
 */
struct tls_rig {
	struct pki root;
	struct pki stranger;
	struct tls_client client;
	struct tls *tls;
	SSL *server;
	int ends[2];
	char why[TLS_TEXT];
};

void tls_rig_open(struct tls_rig *g);
void tls_rig_close(struct tls_rig *g);

/* A certificate for @names, valid between these seconds from now; @issuer NULL: its own. */
struct pki tls_rig_make(const char *names, long from_s, long to_s, const struct pki *issuer);

/* Have the client trust @p at @place. */
int tls_rig_trust(struct tls_rig *g, const struct pki *p, uint32_t place);

void tls_rig_serve(struct tls_rig *g, const struct pki *p, const struct pki *chain);
void tls_rig_begin(struct tls_rig *g, const char *name, const char *address, uint32_t place);

/* Turn by turn, until the client's end is known: what tls_handshake() says then. */
int tls_rig_shake(struct tls_rig *g);

/* A handshake with @cert, which is released; what is said of it, "" if nothing. */
const char *tls_rig_judge(struct tls_rig *g, struct pki cert, const char *name,
			  const char *address);

#endif /* TEST_HEALTH_TLS_RIG_H */
