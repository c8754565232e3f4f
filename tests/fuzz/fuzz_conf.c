/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: any bytes as a config file. Beside what the sanitizers see,
 * a refused text must come with an error, and no error may come with a config.
 *
 * To be built by clang with -fsanitize=fuzzer,address,undefined, together with
 * userspace/conf, net/addr.c and base; seeds are in tests/fuzz/corpus/conf.
 */
#include <errno.h>
#include <string.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf errors = { 0 };
	struct conf *conf = NULL;
	int err = conf_parse("f", (const char *)data, size, &errors, &conf);
	bool says_error = strstr(buf_str(&errors), ": error: ");

	require(err == 0 || err == -EINVAL || err == -EFBIG);
	require((err == 0) == (conf != NULL));
	/* A quoted word may hold these very words, in a warning too. */
	require(err == 0 || says_error);
	require(err != 0 || (conf->n_interfaces > 0 && conf->path));
	conf_free(conf);
	buf_free(&errors);
	return 0;
}
