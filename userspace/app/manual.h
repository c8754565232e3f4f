/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference parts of the manual pages, in mdoc, from the tables that the programs
 * themselves read: keys of the config, commands, metrics, reasons, codes of health
 * checks. The build puts them into scripts/man/PAGE.in.
 */
#ifndef APP_MANUAL_H
#define APP_MANUAL_H

#include <stdbool.h>

#include "base/buf.h"

/* @part: "keys", "commands", "options", "metrics", "reasons", "codes". False: none of these. */
bool manual_write(const char *part, struct buf *out);

#endif /* APP_MANUAL_H */
