/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/array.h"
#include "base/nearest.h"
#include "ctl/find.h"

static bool is_name(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

static const struct snapshot_service *service_named(struct ctl_call *call, const struct snapshot *s,
						    const char *text, size_t len)
{
	char typed[NEAREST_MAX + 1] = "";
	struct nearest near = { .typed = typed };

	memcpy(typed, text, len < NEAREST_MAX ? len : NEAREST_MAX);
	array_for_each (service, s->services, s->n_services) {
		if (is_name(service->conf->name, text, len))
			return service;
		nearest_offer(&near, service->conf->name);
	}
	buf_printf(&call->error, "no service \"%.*s\"", (int)len, text);
	if (near.best)
		buf_printf(&call->error, " (did you mean \"%s\"?)", near.best);
	return NULL;
}

const struct snapshot_service *find_service(struct ctl_call *call, const struct snapshot *s,
					    const char *name)
{
	return service_named(call, s, name, strlen(name));
}

static const struct snapshot_backend *
backend_named(struct ctl_call *call, const struct snapshot_service *service, const char *name)
{
	struct nearest near = { .typed = name };

	array_for_each (b, service->backends, service->n_backends) {
		if (!strcmp(b->name, name))
			return b;
		nearest_offer(&near, b->name);
	}
	buf_printf(&call->error, "no backend \"%s/%s\"", service->conf->name, name);
	if (near.best)
		buf_printf(&call->error, " (did you mean \"%s/%s\"?)", service->conf->name,
			   near.best);
	return NULL;
}

enum ctl_exit find_backend(struct ctl_call *call, const struct snapshot *s, const char *path,
			   struct found_backend *out)
{
	const char *slash = strchr(path, '/');
	struct found_backend found;

	if (!slash || slash == path || !slash[1]) {
		buf_printf(&call->error, "\"%s\" is not SERVICE/BACKEND", path);
		return CTL_USAGE;
	}
	found.service = service_named(call, s, path, slash - path);
	if (!found.service)
		return CTL_NOT_FOUND;
	found.backend = backend_named(call, found.service, slash + 1);
	if (!found.backend)
		return CTL_NOT_FOUND;
	*out = found;
	return CTL_OK;
}
