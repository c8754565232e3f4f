/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HEALTH_CHECK_MYSQL_H
#define HEALTH_CHECK_MYSQL_H

/*
 * What takes files: the library's own set-up, and ways to log in that are files of
 * their own. Before the filter of system calls.
 *
 * Return: 0 or a negative errno.
 */
int check_mysql_prepare(void);

#endif /* HEALTH_CHECK_MYSQL_H */
