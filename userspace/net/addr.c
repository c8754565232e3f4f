/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "net/addr.h"

static const __u8 v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

int addr_parse(const char *text, struct shunt_addr *out)
{
	struct shunt_addr a;

	if (inet_pton(AF_INET, text, &a.b[12]) == 1)
		memcpy(a.b, v4_prefix, sizeof(v4_prefix));
	else if (inet_pton(AF_INET6, text, a.b) != 1)
		return -EINVAL;
	*out = a;
	return 0;
}

/* All of @text, without a sign or leading zeroes; 0: it is none. */
static unsigned int read_port(const char *text)
{
	const size_t digits = strspn(text, "0123456789");
	unsigned int port = 0;

	if (!digits || digits > 5 || text[digits] || text[0] == '0')
		return 0;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (text[i] - '0');
	return port <= UINT16_MAX ? port : 0;
}

int addr_parse_with_port(const char *text, struct shunt_addr *out, __u16 *port)
{
	const bool v6 = *text == '[';
	const char *end = strrchr(text, ':');
	const size_t brackets = v6 ? 1 : 0;
	char addr[ADDR_TEXT] = "";
	size_t len;
	int err;

	if (!end || (v6 && end[-1] != ']') || !read_port(end + 1))
		return -EINVAL;
	len = end - text - 2 * brackets;
	if (len >= sizeof(addr) || !v6 != !memchr(text, ':', end - text))
		return -EINVAL;
	memcpy(addr, text + brackets, len);
	err = addr_parse(addr, out);
	if (!err)
		*port = read_port(end + 1);
	return err;
}

static char *format_byte(__u8 value, char *out)
{
	if (value >= 100)
		*out++ = '0' + value / 100;
	if (value >= 10)
		*out++ = '0' + value / 10 % 10;
	*out++ = '0' + value % 10;
	return out;
}

/* Not by inet_ntop(), which prints by sprintf(): the state file has tens of thousands. */
static void format_v4(const __u8 bytes[4], char *out)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*out++ = '.';
		out = format_byte(bytes[i], out);
	}
	*out = '\0';
}

const char *addr_format(const struct shunt_addr *a, char out[ADDR_TEXT])
{
	if (addr_is_v4(a))
		format_v4(&a->b[12], out);
	else
		inet_ntop(AF_INET6, a->b, out, ADDR_TEXT);
	return out;
}

struct shunt_addr addr_from_bytes(int family, const void *bytes)
{
	struct shunt_addr a = { 0 };

	if (family == AF_INET) {
		memcpy(a.b, v4_prefix, sizeof(v4_prefix));
		memcpy(&a.b[12], bytes, 4);
	} else {
		memcpy(a.b, bytes, 16);
	}
	return a;
}

bool addr_is_v4(const struct shunt_addr *a)
{
	return !memcmp(a->b, v4_prefix, sizeof(v4_prefix));
}

bool addr_is_unspecified(const struct shunt_addr *a)
{
	return addr_is_v4(a) ? !a->w[3] : !a->d[0] && !a->d[1];
}

bool addr_is_equal(const struct shunt_addr *a, const struct shunt_addr *b)
{
	return !addr_compare(a, b);
}

int addr_compare(const struct shunt_addr *a, const struct shunt_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

socklen_t addr_to_sockaddr(const struct shunt_addr *a, __u16 port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (addr_is_v4(a)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, &a->b[12], 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->b, 16);
	return sizeof(*in6);
}
