/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "conf/conf_include.h"
#include "conf/conf_value.h"

#define NAME_CHARS                                                                                 \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"0123456789._-"
#define NAME_MAX_BYTES 63

#define LABEL_CHARS                                                                                \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"0123456789_-"
#define DNS_LABEL_MAX_BYTES 63

bool conf_is_name(const char *s)
{
	size_t len = strlen(s);

	return len >= 1 && len <= NAME_MAX_BYTES && strspn(s, NAME_CHARS) == len;
}

static void keep(struct conf_job *job, const struct conf_field *f, const struct conf_node *node,
		 void *base)
{
	const char *text = conf_job_keep_text(job, node->text);

	if (text)
		*(const char **)conf_field_at(base, f->off) = text;
}

static bool is_short_enough(struct conf_job *job, const struct conf_field *f,
			    const struct conf_node *node)
{
	size_t len = strlen(node->text);

	if (len > f->max)
		conf_error(job, node, "longer than %u bytes: %zu", f->max, len);
	return len <= f->max;
}

/* Only characters that may stand in a request line or a header as they are. */
static bool is_printable(const char *s)
{
	while (*s > ' ' && *s <= '~')
		s++;
	return !*s;
}

CONF_SETTER(conf_set_name)
{
	if (conf_is_name(node->text))
		keep(job, f, node, base);
	else
		conf_error(job, node, "%s is not a name: " CONF_NAME_RULE, conf_quoted(job, node));
}

CONF_SETTER(conf_set_file)
{
	if (node->text[0] != '/')
		conf_error(job, node, "%s is not an absolute path", conf_quoted(job, node));
	else if (is_short_enough(job, f, node))
		keep(job, f, node, base);
}

CONF_SETTER(conf_set_url_path)
{
	if (node->text[0] != '/')
		conf_error(job, node, "%s does not start with a slash", conf_quoted(job, node));
	else if (!is_printable(node->text))
		conf_error(job, node, "%s has characters that must be written as %%XX",
			   conf_quoted(job, node));
	else if (is_short_enough(job, f, node))
		keep(job, f, node, base);
}

CONF_SETTER(conf_set_host)
{
	if (!*node->text || !is_printable(node->text))
		conf_error(job, node, "%s is not a host name", conf_quoted(job, node));
	else if (is_short_enough(job, f, node))
		keep(job, f, node, base);
}

/* Of letters, digits, dashes and underscores, as hosts and services have them. */
static bool is_label(const char *s, size_t len)
{
	return len >= 1 && len <= DNS_LABEL_MAX_BYTES && strspn(s, LABEL_CHARS) >= len;
}

/* RFC 1035, section 2.3.4: 255 bytes on the wire are 253 here, and a final dot. */
static bool is_dns_name(const char *s)
{
	size_t len = strlen(s), label;

	if (len && s[len - 1] == '.')
		len--;
	if (!len || len > CONF_MAX_DNS_NAME - 1)
		return !strcmp(s, ".");
	for (const char *end = s + len; s < end; s += label + 1) {
		label = strcspn(s, ".");
		if (!is_label(s, label))
			return false;
	}
	return true;
}

CONF_SETTER(conf_set_dns_name)
{
	if (is_dns_name(node->text))
		keep(job, f, node, base);
	else
		conf_error(job, node, "%s is not a DNS name", conf_quoted(job, node));
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

CONF_SETTER(conf_set_text)
{
	if (!*node->text || has_control(node->text))
		conf_error(job, node, "%s is empty, or has control characters",
			   conf_quoted(job, node));
	else if (is_short_enough(job, f, node))
		keep(job, f, node, base);
}

/* An item may be empty. */
CONF_SETTER(conf_set_texts)
{
	size_t n = 0, count = conf_item_count(node);
	const char **texts = conf_job_keep(job, count * sizeof(*texts));
	const struct conf_node *item;

	if (count > f->max) {
		conf_error(job, node, "more than %u: %zu", f->max, count);
		return;
	}
	for (item = conf_item_first(node); texts && item; item = conf_item_next(node, item))
		if (conf_item_is_value(job, item))
			texts[n++] = conf_job_keep_text(job, item->text);
	*(const char ***)conf_field_at(base, f->off) = texts;
	*(size_t *)conf_field_at(base, f->off_also) = n;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;

	return at ? at - digits : -1;
}

/* What stands behind a backslash. Return: the text behind it, NULL if it is wrong. */
static const char *read_escape(const char *s, uint8_t *byte)
{
	static const char letters[] = "rnt\\", bytes[] = "\r\n\t\\";
	const char *at = *s ? strchr(letters, *s) : NULL;
	int high, low;

	if (at) {
		*byte = bytes[at - letters];
		return s + 1;
	}
	if (*s != 'x')
		return NULL;
	high = hex_digit(s[1]);
	low = high < 0 ? -1 : hex_digit(s[2]);
	*byte = high * 16 + low;
	return low < 0 ? NULL : s + 3;
}

/* Return: the bytes in @out, which has room for as many as @s has; -1: wrong. */
static ssize_t read_bytes(const char *s, uint8_t *out)
{
	size_t n = 0;

	while (s && *s) {
		if (*s == '\\') {
			s = read_escape(s + 1, &out[n]);
		} else {
			out[n] = *s++;
		}
		n++;
	}
	return s ? (ssize_t)n : -1;
}

CONF_SETTER(conf_set_bytes)
{
	uint8_t *bytes = conf_job_keep(job, strlen(node->text) + 1);
	ssize_t n;

	if (!bytes)
		return;
	n = read_bytes(node->text, bytes);
	if (n < 0) {
		conf_error(job, node, "%s: behind a backslash stand xNN, r, n, t or a backslash",
			   conf_quoted(job, node));
	} else if (!n || n > f->max) {
		conf_error(job, node, "%zd bytes: there must be 1 to %u", n, f->max);
	} else {
		*(uint8_t **)conf_field_at(base, f->off) = bytes;
		*(size_t *)conf_field_at(base, f->off_also) = n;
	}
}

CONF_SETTER(conf_set_hex)
{
	size_t len = strlen(node->text);

	if (len == f->max && strspn(node->text, "0123456789abcdefABCDEF") == len)
		keep(job, f, node, base);
	else
		conf_error(job, node, "not %u hex digits", f->max);
}

CONF_SETTER(conf_set_patterns)
{
	const char **texts = conf_job_keep(job, conf_item_count(node) * sizeof(*texts));
	const struct conf_node *item;
	size_t n = 0;

	if (!texts)
		return;
	*(const char ***)conf_field_at(base, f->off) = texts;
	for (item = conf_item_first(node); item; item = conf_item_next(node, item)) {
		const char *flaw = conf_pattern_flaw(item->text);

		if (!conf_item_is_value(job, item))
			continue;
		if (flaw)
			conf_error(job, item, "%s is %s", conf_quoted(job, item), flaw);
		else
			texts[n++] = conf_job_keep_text(job, item->text);
	}
	*(size_t *)conf_field_at(base, f->off_also) = n;
}
