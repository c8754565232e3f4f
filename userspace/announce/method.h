/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to announce, behind announcer.h, which says what each of these does. */
#ifndef ANNOUNCE_METHOD_H
#define ANNOUNCE_METHOD_H

#include "announce/announcer.h"

/**
 * struct method - a way
 * @is_by_address: see announcer_is_by_address()
 * @fd, @dispatch: NULL where there is no descriptor
 */
struct method {
	bool is_by_address;
	int (*open)(const struct conf_ha *ha, void **out);
	void (*close)(void *self);
	int (*follow)(void *self, const struct announce *wanted);
	bool (*is_behind)(void *self);
	int (*fd)(const void *self);
	void (*dispatch)(void *self);
	bool (*has)(const void *self, const struct shunt_addr *addr);
};

extern const struct method method_routes;
extern const struct method method_vrrp_file;

#endif /* ANNOUNCE_METHOD_H */
