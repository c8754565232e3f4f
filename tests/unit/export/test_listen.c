/* SPDX-License-Identifier: BSD-2-Clause */
/* Where to listen, as text, and a place that is taken. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "base/array.h"
#include "export/export.h"
#include "export/listen.h"
#include "net/addr.h"

Test(listen, reads_addresses_and_ports)
{
	static const struct {
		const char *text, *addr;
		uint16_t port;
	} good[] = {
		{ "127.0.0.1:9924", "127.0.0.1", 9924 },
		{ "0.0.0.0:0", "0.0.0.0", 0 },
		{ "[::1]:65535", "::1", 65535 },
		{ "[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2:3:4:5:6", 80 },
	};
	static const char *const bad[] = {
		"",
		":",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:x",
		"::1:80",
		"[::1]80",
		"[::1]:",
		"[127.0.0.1]:80",
		"[::1:80",
		"host:80",
		"127.0.0.1:-1",
		"127.0.0.1:80 ",
		"[]:80",
		":80",
		"[::1]x:80",
		"127.0.0.1:+80",
	};
	struct shunt_addr addr, want;
	uint16_t port;

	for (size_t i = 0; i < array_len(good); i++) {
		cr_assert_eq(listen_parse(good[i].text, &addr, &port), 0, "%s", good[i].text);
		addr_parse(good[i].addr, &want);
		cr_assert(addr_is_equal(&addr, &want) && port == good[i].port, "%s", good[i].text);
	}
	for (size_t i = 0; i < array_len(bad); i++)
		cr_assert_lt(listen_parse(bad[i], &addr, &port), 0, "\"%s\"", bad[i]);
}

Test(listen, says_when_the_port_is_taken)
{
	static const struct exporter_ops none;
	struct exporter *first = NULL, *second = NULL;
	char at[32];

	cr_assert_eq(exporter_create("[::1]:0", &none, NULL, &first), 0);
	snprintf(at, sizeof(at), "[::1]:%u", exporter_port(first));
	cr_assert_eq(exporter_create(at, &none, NULL, &second), -EADDRINUSE);
	exporter_free(first);
}
