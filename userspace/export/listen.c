/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "export/listen.h"
#include "net/addr.h"

static int parse_port(const char *text, uint16_t *out)
{
	char *end;
	unsigned long port;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	port = strtoul(text, &end, 10);
	if (*end || port > UINT16_MAX)
		return -EINVAL;
	*out = port;
	return 0;
}

int listen_parse(const char *text, struct shunt_addr *addr, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	bool v6 = *text == '[';
	char host[ADDR_TEXT + 1] = "";
	struct shunt_addr a;
	uint16_t p;
	size_t len;

	if (!colon || (v6 && colon[-1] != ']') || parse_port(colon + 1, &p))
		return -EINVAL;
	len = colon - text - 2 * v6;
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text + v6, len);
	if (addr_parse(host, &a) || (v6 != (strchr(host, ':') != NULL)))
		return -EINVAL;
	*addr = a;
	*port = p;
	return 0;
}

static uint16_t port_of(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)ss)->sin6_port);
	return ntohs(((const struct sockaddr_in *)ss)->sin_port);
}

int listen_open(const char *text, int *out, uint16_t *port)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_storage ss;
	struct shunt_addr addr;
	uint16_t wanted;
	socklen_t len;
	int on = 1;

	if (listen_parse(text, &addr, &wanted))
		return -EINVAL;
	len = addr_to_sockaddr(&addr, wanted, &ss);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&ss, len) || listen(fd, SOMAXCONN) ||
	    getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	*port = port_of(&ss);
	*out = take_fd(&fd);
	return 0;
}
