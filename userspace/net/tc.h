/* SPDX-License-Identifier: BSD-2-Clause */
/* Traffic control (tc(8)): what is on an interface where programs can be, clsact. */
#ifndef NET_TC_H
#define NET_TC_H

#include <stdbool.h>

/* Anybody's filter is there, on either side. If that cannot be found out: true. */
bool tc_has_filters(int ifindex);

#endif /* NET_TC_H */
