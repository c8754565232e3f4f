/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of texts and of exactly what is said about them. */
#ifndef TESTS_UNIT_CONF_ROWS_H
#define TESTS_UNIT_CONF_ROWS_H

#include <stddef.h>

struct conf;

/*
 * Beginnings of files. The caret of a row counts from them: HEAD has 2 lines.
 */
#define HEAD "version: 1\ninterfaces: { eth0: }\n"
#define SERVICES                                                                                   \
	"services: { a: { vip: 192.0.2.1, ports: 80/tcp, "                                         \
	"backends: [{ name: a, address: 192.0.2.11 }] } }\n"
#define QUIET HEAD SERVICES
/* A service, to be gone on with from line 8 on... */
#define SERVICE                                                                                    \
	HEAD "services:\n"                                                                         \
	     "  web:\n"                                                                            \
	     "    vip: 192.0.2.1\n"                                                                \
	     "    ports: 80/tcp\n"                                                                 \
	     "    backends: [{ name: a, address: 192.0.2.11 }]\n"
/* ... its backends, also from line 8 on... */
#define BACKENDS                                                                                   \
	HEAD "services:\n"                                                                         \
	     "  web:\n"                                                                            \
	     "    vip: 192.0.2.1\n"                                                                \
	     "    ports: 80/tcp\n"                                                                 \
	     "    backends:\n"
/* ... and its addresses and ports, from line 6 on. */
#define ADDRESSLESS                                                                                \
	HEAD "services:\n"                                                                         \
	     "  web:\n"                                                                            \
	     "    backends: [{ name: a, address: 192.0.2.11 }]\n"

/**
 * struct row - a text called t.yaml
 * @said: everything that is said of it; it is refused if that has an error
 */
struct row {
	const char *what;
	const char *text;
	const char *said;
};

/* The config of a text of which nothing is said; released with conf_free(). */
struct conf *rows_parse(const char *text);

void rows_check(const struct row *rows, size_t n);

#endif /* TESTS_UNIT_CONF_ROWS_H */
