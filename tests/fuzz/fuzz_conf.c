/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: any bytes as a config file. Beside what the sanitizers see,
 * a refused text must come with an error, no error may come with a config, and a config
 * is not different from itself. What stands behind a form feed is a file to be included
 * as /c/more.yaml.
 *
 * To be built by clang with -fsanitize=fuzzer,address,undefined, together with
 * userspace/conf, net/addr.c and base; seeds are in tests/fuzz/corpus/conf.
 */
#include <errno.h>
#include <string.h>

#include "conf/conf_diff.h"
#include "conf/conf_read.h"
#include "fuzz.h"

static void no_change(void *arg, const struct conf_change *change)
{
	(void)arg;
	(void)change;
	require(false);
}

static int parse(const char *text, size_t size, struct buf *errors, struct conf **conf)
{
	const char *feed = size ? memchr(text, '\f', size) : NULL;
	const size_t first = feed ? (size_t)(feed - text) : size;
	const struct conf_input inputs[] = {
		{ "f", size ? text : "", first },
		{ "/c/more.yaml", feed ? feed + 1 : "", feed ? size - first - 1 : 0 },
	};

	return conf_read(&(struct conf_request){ .inputs = inputs, .n_inputs = feed ? 2 : 1 },
			 errors, conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf errors = { 0 };
	struct conf *conf = NULL;
	int err = parse((const char *)data, size, &errors, &conf);
	bool says_error = strstr(buf_str(&errors), ": error: ");

	require(err == 0 || err == -EINVAL || err == -EFBIG);
	require((err == 0) == (conf != NULL));
	/* A quoted word may hold these very words, in a warning too. */
	require(err == 0 || says_error);
	require(err != 0 || (conf->n_interfaces > 0 && conf->path));
	if (conf)
		require(!conf_diff(conf, conf, no_change, NULL));
	conf_free(conf);
	buf_free(&errors);
	return 0;
}
