/* SPDX-License-Identifier: BSD-2-Clause */
/* Prefixes as text and as struct conf_prefix. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "conf/conf_firewall.h"
#include "conf/conf_value.h"
#include "net/addr.h"

#define ALL_BITS 128

/* Bits of an address that are the same in all of its family, and so in none of its prefixes. */
static unsigned int family_bits(const struct shunt_addr *a)
{
	return addr_is_v4(a) ? 96 : 0;
}

/* The first @bits of @a, the rest 0. */
static struct shunt_addr first_bits(const struct shunt_addr *a, unsigned int bits)
{
	struct shunt_addr first = { 0 };

	memcpy(first.b, a->b, bits / 8);
	if (bits % 8)
		first.b[bits / 8] = a->b[bits / 8] & (0xff00 >> bits % 8);
	return first;
}

/* The address before the slash, and the length behind it. */
static bool split(const char *text, struct shunt_addr *addr, uint32_t *bits)
{
	const char *slash = strchr(text, '/');
	const size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[ADDR_TEXT] = "";

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	if (addr_parse(host, addr) || (addr_is_v4(addr) && strchr(host, ':')))
		return false;
	*bits = ALL_BITS - family_bits(addr);
	return !slash || conf_read_number(slash + 1, bits);
}

int conf_prefix_parse(const char *text, struct conf_prefix *out, struct buf *flaw)
{
	struct conf_prefix p = { 0 };
	struct shunt_addr addr;
	char name[CONF_PREFIX_TEXT];
	unsigned int most;

	if (!split(text, &addr, &p.bits)) {
		buf_puts(flaw, CONF_PREFIX_FLAW);
		return -EINVAL;
	}
	most = ALL_BITS - family_bits(&addr);
	if (p.bits > most) {
		buf_printf(flaw, "is too long: there are %u bits", most);
		return -EINVAL;
	}
	p.addr = first_bits(&addr, family_bits(&addr) + p.bits);
	if (!addr_is_equal(&addr, &p.addr)) {
		buf_printf(flaw, "has bits behind its length: is %s meant?",
			   conf_prefix_format(&p, name));
		return -EINVAL;
	}
	*out = p;
	return 0;
}

const char *conf_prefix_format(const struct conf_prefix *p, char out[CONF_PREFIX_TEXT])
{
	char addr[ADDR_TEXT];

	snprintf(out, CONF_PREFIX_TEXT, "%s/%u", addr_format(&p->addr, addr), p->bits);
	return out;
}

/*
 * A multiplication alone takes what differs upwards only, and addresses differ in their last
 * byte, which is the uppermost one here.
 */
static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15;
	return sum ^ sum >> 32;
}

uint64_t conf_prefixes_sum(const struct conf_prefix_rule *rule)
{
	uint64_t sum = 0xcbf29ce484222325;

	array_for_each (p, rule->prefixes, rule->n)
		sum = mix(mix(mix(sum, p->addr.d[0]), p->addr.d[1]), p->bits);
	return sum;
}

bool conf_prefix_has(const struct conf_prefix *p, const struct shunt_addr *addr)
{
	struct shunt_addr first;

	if (addr_is_v4(&p->addr) != addr_is_v4(addr))
		return false;
	first = first_bits(addr, family_bits(addr) + p->bits);
	return addr_is_equal(&p->addr, &first);
}

bool conf_prefix_is_equal(const struct conf_prefix *a, const struct conf_prefix *b)
{
	return a->bits == b->bits && addr_is_equal(&a->addr, &b->addr);
}
