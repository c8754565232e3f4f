/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of prefixes, which a config names. They are read with it, and mistakes in them are
 * mistakes of the config: one that refers to a wrong file is not taken.
 */
#ifndef CONF_CONF_PREFIXES_H
#define CONF_CONF_PREFIXES_H

#include "conf/conf_firewall.h"
#include "conf/conf_job.h"

/* Bytes of one such file. */
#define CONF_MAX_PREFIX_BYTES (64 << 20)

/**
 * conf_prefixes_read() - the prefixes in the text of a file
 * @in: need not live on: what mistakes need of it is copied
 * @rule: gets them, in memory of the result
 */
void conf_prefixes_read(struct conf_job *job, const struct conf_input *in,
			struct conf_prefix_rule *rule);

#endif /* CONF_CONF_PREFIXES_H */
