/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conf/conf_value.h"

#define NAME_CHARS                                                                                 \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"0123456789._-"
#define NAME_MAX_BYTES 63

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

CONF_SETTER(conf_set_hex)
{
	size_t len = strlen(node->text);

	if (len == f->max && strspn(node->text, "0123456789abcdefABCDEF") == len)
		keep(job, f, node, base);
	else
		conf_error(job, node, "not %u hex digits", f->max);
}
