/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of a service or backend, with the keys that mean something to its type. */
#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/describe.h"

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *statuses_of(const struct conf_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_status; i++)
		json_array_append_new(list,
				      json_pack("[i, i]", c->status[i].first, c->status[i].last));
	return list;
}

static json_t *rcodes_of(const struct conf_check *c)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i <= CONF_MAX_RCODE; i++)
		if (c->rcodes & 1U << i)
			json_array_append_new(list, json_string(conf_rcode_name(i)));
	return list;
}

/* As it would be written in the config; JSON has no bytes. */
static json_t *bytes_of(const uint8_t *bytes, size_t n)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	for (size_t i = 0; i < n; i++) {
		const uint8_t c = bytes[i];

		if (c >= ' ' && c <= '~' && c != '\\')
			buf_add(&text, &c, 1);
		else
			buf_printf(&text, "\\x%02x", c);
	}
	return json_string(buf_str(&text));
}

static json_t *args_of(const struct conf_check *c)
{
	json_t *list = json_array();

	array_for_each (arg, c->args, c->n_args)
		json_array_append_new(list, describe_text(*arg));
	return list;
}

static json_t *http_of(const struct conf_check *c)
{
	return json_pack("{s:o, s:o, s:o}", "path", text_or_null(c->path), "host",
			 text_or_null(c->host), "status", statuses_of(c));
}

static json_t *tls_of(const struct conf_check *c)
{
	return json_pack("{s:o, s:b, s:o, s:i}", "sni", text_or_null(c->sni), "verify", c->verify,
			 "ca_file", c->ca_file ? describe_text(c->ca_file) : json_null(),
			 "expires_days", (int)c->expires_days);
}

/* What belongs to the type alone, or NULL. */
static json_t *kind_of(const struct conf_check *c)
{
	switch (c->type) {
	case CONF_CHECK_HTTP:
	case CONF_CHECK_HTTPS:
		return http_of(c);
	case CONF_CHECK_TLS:
		return tls_of(c);
	case CONF_CHECK_DNS:
		return json_pack("{s:o, s:s, s:o}", "name", text_or_null(c->name), "qtype",
				 conf_qtype_name(c->qtype), "rcode", rcodes_of(c));
	case CONF_CHECK_UDP:
		return json_pack("{s:o, s:o}", "send", bytes_of(c->send, c->n_send), "payload",
				 c->payload ? bytes_of(c->payload, c->n_payload) : json_null());
	case CONF_CHECK_MYSQL:
		return json_pack("{s:o, s:s}", "user",
				 c->user ? describe_text(c->user) : json_null(), "role",
				 conf_role_name(c->role));
	case CONF_CHECK_EXEC:
		return json_pack("{s:o, s:o}", "command",
				 c->command ? describe_text(c->command) : json_null(), "args",
				 args_of(c));
	default:
		return NULL;
	}
}

static void add_keys(json_t *check, json_t *keys)
{
	if (keys)
		json_object_update(check, keys);
	json_decref(keys);
}

json_t *describe_check(const struct conf_check *c)
{
	json_t *check;

	if (c->type == CONF_CHECK_NONE)
		return json_pack("{s:s}", "type", conf_check_type_name(c->type));
	check = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s}", "type",
			  conf_check_type_name(c->type), "port", c->port, "interval_ms",
			  (int)c->interval_ms, "fast_interval_ms", (int)c->fast_interval_ms,
			  "down_interval_ms", (int)c->down_interval_ms, "timeout_ms",
			  (int)c->timeout_ms, "rise", (int)c->rise, "fall", (int)c->fall,
			  "jitter_percent", (int)c->jitter_percent, "via", conf_via_name(c->via));
	add_keys(check, kind_of(c));
	if (c->type == CONF_CHECK_HTTPS)
		add_keys(check, tls_of(c));
	return check;
}
