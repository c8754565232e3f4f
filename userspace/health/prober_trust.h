/* SPDX-License-Identifier: BSD-2-Clause */
/* The prober is told whom to trust. */
#ifndef HEALTH_PROBER_TRUST_H
#define HEALTH_PROBER_TRUST_H

#include "health/prober_proto.h"
#include "health/tls_client.h"

/**
 * prober_trust_take() - do as @t says
 * @fd: the sealed file with the certificates; is closed
 *
 * What goes wrong is logged: probes that need it are void then.
 */
void prober_trust_take(struct tls_client *c, const struct prober_trust *t, int fd);

#endif /* HEALTH_PROBER_TRUST_H */
