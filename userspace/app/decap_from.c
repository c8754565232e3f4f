/* SPDX-License-Identifier: BSD-2-Clause */
/* Prefixes as they are typed, and as they lie in the trie. */
#include <errno.h>
#include <string.h>

#include "app/decap.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"

/* The first bits of the 16 bytes: those of an IPv4 address begin behind 96. */
static void mask(struct shunt_addr *a, unsigned int bits)
{
	for (unsigned int i = 0; i < sizeof(a->b); i++, bits -= bits < 8 ? bits : 8)
		a->b[i] &= bits < 8 ? (__u8)(0xff00 >> bits) : 0xff;
}

/* "24" and nothing else; false also if it is more than @most. */
static bool parse_bits(const char *text, unsigned int most, unsigned int *bits)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > most)
		return false;
	*bits = n;
	return true;
}

/* @text is changed. */
static int parse_source(char *text, struct decap_source *source, struct buf *error)
{
	char *slash = strchr(text, '/');
	struct shunt_addr masked;
	unsigned int most, bits;

	if (slash)
		*slash = '\0';
	if (addr_parse(text, &source->addr)) {
		buf_printf(error, "\"%s\" is not an IP address", text);
		return -EINVAL;
	}
	source->family = addr_is_v4(&source->addr) ? 4 : 6;
	most = bits = source->family == 4 ? 32 : 128;
	if (slash && !parse_bits(slash + 1, most, &bits)) {
		buf_printf(error, "\"%s/%s\": the length of a prefix is 0 to %u", text, slash + 1,
			   most);
		return -EINVAL;
	}
	source->bits = DECAP_SOURCE_BITS(source->family, bits);
	masked = source->addr;
	mask(&masked, source->bits - 32);
	if (addr_is_equal(&masked, &source->addr))
		return 0;
	buf_printf(error, "\"%s/%u\" has bits behind the prefix: did you mean ", text, bits);
	source->addr = masked;
	decap_source_format(source, error);
	buf_puts(error, "?");
	return -EINVAL;
}

int decap_from_add(struct decap_from *from, const char *text, struct buf *error)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, ","))) {
		struct decap_source source = { 0 }, *place;

		if (parse_source(word, &source, error))
			return -EINVAL;
		place = array_add(&from->sources, &from->n);
		if (!place)
			return -ENOMEM;
		*place = source;
	}
	return 0;
}

void decap_from_free(struct decap_from *from)
{
	free(from->sources);
}

void decap_source_format(const struct decap_source *source, struct buf *out)
{
	char text[ADDR_TEXT];

	buf_printf(out, "%s/%u", addr_format(&source->addr, text),
		   source->bits - DECAP_SOURCE_BITS(source->family, 0));
}
