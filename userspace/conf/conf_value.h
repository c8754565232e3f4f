/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One setter for each kind of value. A setter reads the text of a scalar that
 * is not null, or the items of a list, and either stores the value or notes
 * what is wrong with it.
 */
#ifndef CONF_CONF_VALUE_H
#define CONF_CONF_VALUE_H

#include "conf/conf_field.h"

#define CONF_SETTER(name)                                                                          \
	void name(struct conf_job *job, const struct conf_field *f, const struct conf_node *node,  \
		  void *base)

/* conf_value.c: numbers and words */
CONF_SETTER(conf_set_bool);
CONF_SETTER(conf_set_number);
CONF_SETTER(conf_set_power);
CONF_SETTER(conf_set_auto_power);
CONF_SETTER(conf_set_port_number);
CONF_SETTER(conf_set_msec);
CONF_SETTER(conf_set_off_msec);
CONF_SETTER(conf_set_size);
CONF_SETTER(conf_set_days);
CONF_SETTER(conf_set_percent);
CONF_SETTER(conf_set_rate);
CONF_SETTER(conf_set_word);
CONF_SETTER(conf_set_words);
CONF_SETTER(conf_set_switch);

/* conf_value_text.c: texts */
CONF_SETTER(conf_set_name);
CONF_SETTER(conf_set_file);
CONF_SETTER(conf_set_url_path);
CONF_SETTER(conf_set_host);
CONF_SETTER(conf_set_dns_name);
CONF_SETTER(conf_set_text);
CONF_SETTER(conf_set_texts);
CONF_SETTER(conf_set_bytes);
CONF_SETTER(conf_set_hex);
CONF_SETTER(conf_set_patterns);

/* conf_value_net.c: what has to do with networks */
CONF_SETTER(conf_set_listen);
CONF_SETTER(conf_set_ipv4);
CONF_SETTER(conf_set_ipv6);
CONF_SETTER(conf_set_vips);
CONF_SETTER(conf_set_ports);
CONF_SETTER(conf_set_endpoints);
CONF_SETTER(conf_set_port_range);
CONF_SETTER(conf_set_status);

/* conf_value_prefixes.c */
CONF_SETTER(conf_set_prefixes);

/* An item of a list that is a scalar with text, or a complaint. */
bool conf_item_is_value(struct conf_job *job, const struct conf_node *item);

/*
 * The digits of @s as a number; saturates. Return: the text behind, NULL
 * without any.
 */
const char *conf_read_digits(const char *s, uint32_t *value);

/* Whether all of @s is one number without leading zeroes. */
bool conf_read_number(const char *s, uint32_t *value);

/* Names of services and backends: 1 to 63 of A-Z a-z 0-9 . _ - */
bool conf_is_name(const char *s);
#define CONF_NAME_RULE "1 to 63 letters, digits, dots, dashes and underscores"
#define CONF_NAME_PATTERN "[A-Za-z0-9._-]{1,63}"

/* In its largest whole unit, for messages: "500ms", "2s", "10m". */
#define CONF_VALUE_TEXT 16
const char *conf_format_msec(uint32_t ms, char out[CONF_VALUE_TEXT]);

/* A limit of a row as it would be written: "100ms", "4GiB", "5%", "1000". */
const char *conf_format_limit(const struct conf_field *f, uint32_t value,
			      char out[CONF_VALUE_TEXT]);

#endif /* CONF_CONF_VALUE_H */
