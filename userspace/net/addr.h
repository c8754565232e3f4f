/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses as text and as the 16 bytes of struct shunt_addr. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "shunt/abi.h"

/* Room for any address as text, NUL included. */
#define ADDR_TEXT 46

/* Text to address. Return: 0, or -EINVAL and @out untouched. */
int addr_parse(const char *text, struct shunt_addr *out);

/* "192.0.2.1:80" or "[2001:db8::1]:80", the port from 1 on. Likewise. */
int addr_parse_with_port(const char *text, struct shunt_addr *out, __u16 *port);

/* Address to text in @out; returns @out. */
const char *addr_format(const struct shunt_addr *a, char out[ADDR_TEXT]);

/* From the bytes of an in_addr (@family AF_INET) or in6_addr (AF_INET6). */
struct shunt_addr addr_from_bytes(int family, const void *bytes);

bool addr_is_v4(const struct shunt_addr *a);
bool addr_is_unspecified(const struct shunt_addr *a); /* ::, 0.0.0.0 or all zeroes */
bool addr_is_equal(const struct shunt_addr *a, const struct shunt_addr *b);

/* <0, 0, >0 in the order of the bytes. */
int addr_compare(const struct shunt_addr *a, const struct shunt_addr *b);

/* Fill @ss for connect() or bind(); @port in host order. Return: its length. */
socklen_t addr_to_sockaddr(const struct shunt_addr *a, __u16 port, struct sockaddr_storage *ss);

#endif /* NET_ADDR_H */
