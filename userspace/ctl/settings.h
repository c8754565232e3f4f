/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service has beside its backends: written to JSON by the daemon, and read from
 * that by the command.
 */
#ifndef CTL_SETTINGS_H
#define CTL_SETTINGS_H

#include <jansson.h>

#include "base/buf.h"
#include "conf/conf.h"

/* Add the keys to @service, a JSON object. */
void settings_describe(const struct conf_service *s, json_t *service);
void settings_describe_backend(const struct conf_backend *b, json_t *backend);

/* ", affinity 10m, mss 1400": what differs from what services have that say nothing. */
void settings_render(const json_t *service, struct buf *out);
void settings_render_backend(const json_t *backend, struct buf *out);

#endif /* CTL_SETTINGS_H */
