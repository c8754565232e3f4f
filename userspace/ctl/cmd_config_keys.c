/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt config explain, config schema: the keys of the config, without a daemon. */
#include "base/cleanup.h"
#include "conf/conf_reference.h"
#include "ctl/client.h"
#include "ctl/cmd.h"

enum ctl_exit local_config_explain(struct cli *cli, const char *const *args, size_t n)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	const char *key = n ? args[0] : NULL;

	conf_explain(key, &text);
	if (!text.len) {
		buf_printf(cli->err,
			   "shunt: no config key \"%s\"; `shunt config explain` lists them all\n",
			   key);
		return CTL_NOT_FOUND;
	}
	if (cli->json) {
		_cleanup_(json_decrefp) json_t *json =
			json_pack("{s:i, s:b, s:{s:s}}", "schema", CTL_SCHEMA, "ok", true, "data",
				  "text", buf_str(&text));

		client_dump(json, cli->out);
		return CTL_OK;
	}
	buf_puts(cli->out, buf_str(&text));
	return CTL_OK;
}

enum ctl_exit local_config_schema(struct cli *cli, const char *const *args, size_t n)
{
	(void)args;
	(void)n;
	conf_schema(cli->out);
	return cli->out->failed ? CTL_FAILED : CTL_OK;
}
