/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/nearest.h"
#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/request.h"

static void add_line(const json_t *answer, struct buf *out)
{
	_cleanup_free_ char *text = json_dumps(answer, JSON_COMPACT);

	if (!text)
		text = strdup("{\"schema\":1,\"ok\":false,\"exit\":1,\"error\":\"out of memory\"}");
	buf_puts(out, text ?: "");
	buf_puts(out, "\n");
}

void request_refuse(enum ctl_exit code, const char *error, struct buf *out)
{
	_cleanup_(json_decrefp) json_t *answer =
		json_pack("{s:i, s:b, s:i, s:o}", "schema", CTL_SCHEMA, "ok", false, "exit", code,
			  "error", describe_text(error));

	add_line(answer, out);
}

/* Strings of @request's "args" into @call. */
static enum ctl_exit read_args(struct ctl_call *call, const struct ctl_command *c,
			       const json_t *args)
{
	size_t n = json_array_size(args);

	if ((args && !json_is_array(args)) || n < c->min_args || n > c->max_args) {
		buf_puts(&call->error, "wrong number of arguments: ");
		command_usage(c, &call->error);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < n; i++) {
		call->args[i] = json_string_value(json_array_get(args, i));
		if (!call->args[i]) {
			buf_puts(&call->error, "an argument is not a string");
			return CTL_USAGE;
		}
	}
	call->n_args = n;
	return CTL_OK;
}

static bool is_right_kind(unsigned int bit, const json_t *value)
{
	return ctl_options[__builtin_ctz(bit)].value ? json_is_string(value)
						     : json_is_boolean(value);
}

static enum ctl_exit read_options(struct ctl_call *call, const struct ctl_command *c,
				  json_t *options)
{
	const char *name;
	json_t *value;

	if (options && !json_is_object(options)) {
		buf_puts(&call->error, "\"options\" is not an object");
		return CTL_USAGE;
	}
	json_object_foreach(options, name, value)
	{
		unsigned int bit = option_find(name, strlen(name)) & c->options;

		if (!bit || !is_right_kind(bit, value)) {
			buf_printf(&call->error, "\"%s\" is no option of this command", name);
			return CTL_USAGE;
		}
		call->options |= json_is_false(value) ? 0 : bit;
		if (json_is_string(value))
			call->values[__builtin_ctz(bit)] = json_string_value(value);
	}
	return CTL_OK;
}

static const struct ctl_command *find_command(struct ctl_call *call, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "command"));
	const struct ctl_command *c = name ? command_by_name(name) : NULL;

	if (c && c->answer)
		return c;
	if (name)
		buf_printf(&call->error, "no command \"%s\"", name);
	else
		buf_puts(&call->error, "\"command\" is missing, or not a string");
	return NULL;
}

static enum ctl_exit check_right(struct ctl_call *call, const struct ctl_command *c,
				 const struct peer *peer)
{
	enum peer_right needed = c->changes ? PEER_CHANGE : PEER_LOOK;
	char name[COMMAND_NAME];

	if (peer->right >= needed)
		return CTL_OK;
	log_warn("control: uid %u: %s: permission denied", peer->uid, command_name(c, name));
	buf_printf(&call->error, "permission denied: uid %u may %s", peer->uid,
		   peer->right == PEER_LOOK ? "look, but not change anything" : "not ask");
	return CTL_DENIED;
}

static enum ctl_exit carry_out(struct ctl_call *call, const struct peer *peer, json_t *request)
{
	const struct ctl_command *c;

	if (json_integer_value(json_object_get(request, "schema")) != CTL_SCHEMA) {
		buf_printf(&call->error, "\"schema\" is not %d", CTL_SCHEMA);
		return CTL_USAGE;
	}
	c = find_command(call, request);
	if (!c)
		return CTL_USAGE;
	call->files = json_object_get(request, "files");
	return check_right(call, c, peer)
	    ?: read_args(call, c, json_object_get(request, "args"))
	    ?: read_options(call, c, json_object_get(request, "options"))
	    ?: c->answer(call);
}

static void add_ok(struct ctl_call *call, enum ctl_exit code, struct buf *out)
{
	_cleanup_(json_decrefp) json_t *answer =
		json_pack("{s:i, s:b}", "schema", CTL_SCHEMA, "ok", true);

	if (code)
		json_object_set_new(answer, "exit", json_integer(code));
	json_object_set(answer, "data", call->data);
	add_line(answer, out);
}

int request_answer(const struct ctl_ops *ops, void *app, const struct peer *peer,
		   const struct buf *line, struct buf *out)
{
	_cleanup_(json_decrefp) json_t *request = NULL;
	_cleanup_(json_decrefp) json_t *data = json_object();
	struct ctl_call call = {
		.ops = ops,
		.app = app,
		.uid = peer->uid,
		.data = data,
		.fd = peer->passed_fd,
		.ring_fd = -1,
	};
	enum ctl_exit code = CTL_USAGE;
	json_error_t why;

	request = json_loadb(buf_str(line), line->len, JSON_REJECT_DUPLICATES, &why);
	if (!request)
		buf_printf(&call.error, "not JSON: column %d: %s", why.column, why.text);
	else
		code = carry_out(&call, peer, request);
	/* With nothing to complain about it was carried out, whatever its exit code. */
	if (code && call.error.len)
		request_refuse(code, buf_str(&call.error), out);
	else
		add_ok(&call, code, out);
	buf_free(&call.error);
	return call.ring_fd;
}

bool request_is_apart(const struct buf *line)
{
	_cleanup_(json_decrefp) json_t *request =
		json_loadb(buf_str(line), line->len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(request, "command"));
	const struct ctl_command *c = name ? command_by_name(name) : NULL;

	return c && c->apart;
}
