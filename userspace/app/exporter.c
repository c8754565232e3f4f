/* SPDX-License-Identifier: BSD-2-Clause */
/* What Prometheus and the status page are told. */
#include "app/daemon.h"
#include "ctl/describe.h"

int daemon_start_exporter(struct daemon *d)
{
	static const struct exporter_ops ops = {
		.snapshot = daemon_snapshot,
		.describe = describe_rest,
		.describe_service = describe_service_alone,
		.describe_backend = describe_backend_of,
		.describe_hop = describe_hop,
	};
	int err;

	if (!d->conf->metrics_listen)
		return 0;
	err = exporter_create(d->conf->metrics_listen, &ops, d, &d->exporter);
	d->exporter_is_new = !err;
	return err;
}
