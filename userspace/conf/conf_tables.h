/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of keys, one C file for each part of the config file. */
#ifndef CONF_CONF_TABLES_H
#define CONF_CONF_TABLES_H

#include "conf/conf.h"
#include "conf/conf_field.h"

/* What services that do not say otherwise have. */
struct conf_defaults {
	enum shunt_forward forward;
	enum conf_scheduler scheduler;
	struct conf_check check;
};

/* What the whole file is read into. */
struct conf_draft {
	struct conf conf;
	struct conf_defaults defaults;
	uint32_t version;
};

extern const struct conf_fields conf_root_fields; /* of struct conf_draft */
extern const struct conf_fields conf_daemon_fields; /* of struct conf */
extern const struct conf_fields conf_dataplane_fields; /* of struct conf */
extern const struct conf_fields conf_check_fields; /* of struct conf_check */
extern const struct conf_elem conf_interface_elem;
extern const struct conf_elem conf_service_elem; /* in a struct conf_draft */
extern const struct conf_elem conf_backend_elem; /* in a struct conf_service */

extern const struct conf_word conf_forward_words[];
extern const struct conf_word conf_scheduler_words[];
extern const struct conf_word conf_failback_words[];
extern const struct conf_word conf_all_down_words[];
extern const struct conf_word conf_udp_words[];
extern const struct conf_word conf_check_type_words[];
extern const struct conf_word conf_xdp_mode_words[];
extern const struct conf_word conf_on_stop_words[];
extern const struct conf_word conf_log_level_words[];

/* Note what is twice among the backends of @s; @list: where they were written. */
void conf_backends_verify(struct conf_job *job, const struct conf_node *list,
			  const struct conf_service *s);

#endif /* CONF_CONF_TABLES_H */
