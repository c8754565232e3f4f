/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shunt backend add, del: backends beside those of the config file, until it says the
 * same. What is added is a mapping as it would stand in the file, so that the config's
 * own tables read and check it.
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/cmd.h"
#include "ctl/describe.h"
#include "ctl/find.h"
#include "ctl/view.h"

#define KEY_CHARS "abcdefghijklmnopqrstuvwxyz_0123456789"

/* In double quotes of YAML. */
static void add_quoted(struct buf *out, const char *text, size_t len)
{
	buf_puts(out, "\"");
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = text[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_add(out, &text[i], 1);
	}
	buf_puts(out, "\"");
}

/* "weight=50" as ", weight: "50"". False if it has no such form. */
static bool add_setting(struct buf *out, const char *setting)
{
	const size_t key = strspn(setting, KEY_CHARS);

	if (!key || setting[key] != '=')
		return false;
	buf_printf(out, ", %.*s: ", (int)key, setting);
	add_quoted(out, setting + key + 1, strlen(setting + key + 1));
	return true;
}

/* The mapping of arguments 1 and on; @out is empty without any. */
static enum ctl_exit write_mapping(struct ctl_call *call, const char *backend, struct buf *out)
{
	if (call->n_args < 2)
		return CTL_OK;
	buf_puts(out, "{ name: ");
	add_quoted(out, backend, strlen(backend));
	for (size_t i = 1; i < call->n_args; i++) {
		if (add_setting(out, call->args[i]))
			continue;
		buf_printf(&call->error, "\"%s\" is not KEY=VALUE, such as address=192.0.2.11",
			   call->args[i]);
		return CTL_USAGE;
	}
	buf_puts(out, " }");
	return CTL_OK;
}

/* No name may be that of a snapshot: the config that it points into goes. */
static enum ctl_exit carry_out(struct ctl_call *call, const struct conf_edit *edit, bool is_new)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	int err = call->ops->backend_edit(call->app, edit, is_new, call_is_by_root(call), &said);

	if (err) {
		if (said.len)
			buf_puts(&call->error, buf_str(&said));
		else
			buf_printf(&call->error, "%s/%s: %s", edit->service, edit->backend,
				   strerror(-err));
		return err == -EINVAL ? CTL_USAGE : err == -EPERM ? CTL_DENIED : CTL_FAILED;
	}
	log_info("control: uid %u: backend %s %s/%s%s%s", call->uid, is_new ? "add" : "del",
		 edit->service, edit->backend, edit->text ? " " : "", edit->text ?: "");
	return describe_put(call, "backend", json_sprintf("%s/%s", edit->service, edit->backend))
	    ?: describe_put(call, "messages", describe_text(buf_str(&said)))
	    ?: describe_put(call, "done", json_string(is_new ? "added" : "deleted"));
}

enum ctl_exit cmd_backend_add(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	const char *slash = strchr(call->args[0], '/');
	_cleanup_(buf_free) struct buf text = { 0 }, name = { 0 };
	const struct snapshot_service *service;
	struct conf_edit edit = { 0 };
	enum ctl_exit err;

	if (!s)
		return CTL_FAILED;
	if (!slash || slash == call->args[0] || !slash[1]) {
		buf_printf(&call->error, "\"%s\" is not SERVICE/BACKEND", call->args[0]);
		return CTL_USAGE;
	}
	buf_add(&name, call->args[0], slash - call->args[0]);
	service = find_service(call, s, buf_str(&name));
	if (!service)
		return CTL_NOT_FOUND;
	array_for_each (b, service->backends, service->n_backends) {
		if (strcmp(b->name, slash + 1))
			continue;
		buf_printf(&call->error, "there is a backend %s already", call->args[0]);
		return CTL_FAILED;
	}
	edit.service = buf_str(&name);
	edit.backend = slash + 1;
	err = write_mapping(call, edit.backend, &text);
	if (err)
		return err;
	edit.text = text.len ? buf_str(&text) : NULL;
	return carry_out(call, &edit, true);
}

enum ctl_exit cmd_backend_del(struct ctl_call *call)
{
	_cleanup_(snapshot_freep) struct snapshot *s = describe_snapshot(call);
	_cleanup_(buf_free) struct buf name = { 0 };
	struct conf_edit edit = { 0 };
	struct found_backend f;
	enum ctl_exit err;

	if (!s)
		return CTL_FAILED;
	err = find_backend(call, s, call->args[0], &f);
	if (err)
		return err;
	buf_puts(&name, f.service->conf->name);
	if (f.backend->usable && f.service->n_usable == 1 && !(call->options & CTL_FORCE)) {
		buf_printf(&call->error,
			   "%s is the last usable backend of %s: with --force it is deleted all "
			   "the same",
			   call->args[0], f.service->conf->name);
		return CTL_FAILED;
	}
	edit.service = buf_str(&name);
	edit.backend = call->args[0] + name.len + 1;
	return carry_out(call, &edit, false);
}

void render_backend_edit(const struct ctl_view *view, struct buf *out)
{
	buf_puts(out, view_text(view->data, "messages"));
	buf_printf(out, "%s: %s\n", view_text(view->data, "backend"),
		   view_text(view->data, "done"));
}
