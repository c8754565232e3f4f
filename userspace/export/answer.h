/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to be had by HTTP: a table of paths, each with who writes it. */
#ifndef EXPORT_ANSWER_H
#define EXPORT_ANSWER_H

#include <limits.h>
#include <microhttpd.h>

#include "export/export.h"
#include "export/status.h"

/**
 * struct answerer - what answers are made of
 * @host: name of this machine
 */
struct answerer {
	const struct exporter_ops *ops;
	void *app;
	struct history history;
	char host[HOST_NAME_MAX + 1];
};

enum MHD_Result answer_request(const struct answerer *a, struct MHD_Connection *conn,
			       const char *url, const char *method);

#endif /* EXPORT_ANSWER_H */
