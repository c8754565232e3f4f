/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML text to a tree, refusing the parts of YAML that a config is better
 * without.
 */
#ifndef CONF_CONF_YAML_H
#define CONF_CONF_YAML_H

#include "conf/conf_job.h"
#include "conf/conf_node.h"

/**
 * conf_yaml_read() - read a text of @job, by its number
 *
 * Mistakes are noted in @job. After one of syntax the tree ends there; what was
 * read before it is returned all the same, so that it can be checked too.
 *
 * Return: the root, or NULL if nothing was read.
 */
struct conf_node *conf_yaml_read(struct conf_job *job, int file);

#endif /* CONF_CONF_YAML_H */
