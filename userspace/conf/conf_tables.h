/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of keys, one C file for each part of the config file. */
#ifndef CONF_CONF_TABLES_H
#define CONF_CONF_TABLES_H

#include "conf/conf.h"
#include "conf/conf_field.h"

/* Greatest value of max_connections: sums of some still fit. */
#define CONF_MAX_CONNECTIONS (100 * 1000 * 1000)

#define CONF_MAX_SLOW_START_MS (3600 * 1000)

/* What services that do not say otherwise have. */
struct conf_defaults {
	enum shunt_forward forward;
	uint16_t gue_port;
	enum conf_scheduler scheduler;
	uint32_t max_connections;
	enum conf_on_down on_down;
	struct conf_drain drain;
	uint32_t slow_start_ms;
	struct conf_timeouts timeouts;
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
extern const struct conf_fields conf_defaults_fields; /* of struct conf_defaults */
extern const struct conf_fields conf_nat_fields; /* of struct conf */
extern const struct conf_fields conf_ha_fields; /* of struct conf */
extern const struct conf_fields conf_peers_fields; /* of struct conf_peers */
extern const struct conf_fields conf_timeouts_fields; /* of struct conf_timeouts */
extern const struct conf_fields conf_firewall_fields; /* of struct conf_firewall */
extern const struct conf_fields conf_service_firewall_fields; /* likewise */
extern const struct conf_fields conf_drain_fields; /* of struct conf_drain */
extern const struct conf_fields conf_check_fields; /* of struct conf_check */
extern const struct conf_elem conf_interface_elem;
extern const struct conf_elem conf_service_elem; /* in a struct conf_draft */
extern const struct conf_elem conf_backend_elem; /* in a struct conf_service */
extern const struct conf_elem conf_limit_elem; /* of struct conf_limit */

extern const struct conf_word conf_forward_words[];
extern const struct conf_word conf_scheduler_words[];
extern const struct conf_word conf_failback_words[];
extern const struct conf_word conf_all_down_words[];
extern const struct conf_word conf_on_down_words[];
extern const struct conf_word conf_udp_words[];
extern const struct conf_word conf_fragments_words[];
extern const struct conf_word conf_firewall_mode_words[];
extern const struct conf_word conf_limit_match_words[];
extern const struct conf_word conf_limit_by_words[];
extern const struct conf_word conf_tcp_flags_words[];
extern const struct conf_word conf_syn_cookies_words[];
extern const struct conf_word conf_check_type_words[];
extern const struct conf_word conf_qtype_words[];
extern const struct conf_word conf_rcode_words[];
extern const struct conf_word conf_role_words[];
extern const struct conf_word conf_via_words[];
extern const struct conf_word conf_xdp_mode_words[];
extern const struct conf_word conf_on_stop_words[];
extern const struct conf_word conf_announce_words[];
extern const struct conf_word conf_log_level_words[];

/* Checks across the fields of a check; @node: where it was written. */
void conf_check_verify(struct conf_job *job, const struct conf_node *node, void *check);

/*
 * Give the check of @s, or of a backend that listens at @own (0: where the service
 * does), a port if it needs one and has none.
 */
void conf_check_fill_in_port(struct conf_check *check, const struct conf_service *s, uint16_t own);

/* Note checks of @s and its backends that lack what their type cannot do without. */
void conf_checks_verify(struct conf_job *job, const struct conf_node *node,
			const struct conf_service *s);

/* Note checks of its backends that cannot go via: vip. */
void conf_via_verify(struct conf_job *job, const struct conf_node *node,
		     const struct conf_service *s);

/* Checks across the fields of a service; @node: where it was written. */
void conf_service_verify(struct conf_job *job, const struct conf_node *node, void *service);

/* The same for what belongs to a way of forwarding. */
void conf_forward_verify(struct conf_job *job, const struct conf_node *node,
			 const struct conf_service *s);

/* With l3hash an address takes one more entry of the services for each protocol: so many. */
size_t conf_fragment_protos(const struct conf_service *s);

/* Note what two services want: an address and port, or the fragments of an address. */
void conf_vips_verify(struct conf_job *job, const struct conf_node *root, const struct conf *conf);

/* Note flows that would be forgotten between two times that peers tell of them. */
void conf_peers_verify(struct conf_job *job, const struct conf_node *root, const struct conf *conf);

/* Note services of fullnat that the pool has no address for, and a pool of VIPs. */
void conf_nat_verify(struct conf_job *job, const struct conf_node *root, const struct conf *conf);

/* Note what is twice among limits, or too much; @list: where they were written. */
void conf_limits_verify(struct conf_job *job, const struct conf_node *list,
			const struct conf_limits *limits, bool of_service);

/* Note more rules of the firewall than there may be. */
void conf_firewall_verify(struct conf_job *job, const struct conf_node *root,
			  const struct conf *conf);

/*
 * Whether the word that was written for @key is one; without any it is. @name: of the
 * value, which a wrong word leaves as it was.
 */
bool conf_word_is_right(const struct conf_node *map, const char *key, const char *name);

/* Note what is twice among the backends of @s; @list: where they were written. */
void conf_backends_verify(struct conf_job *job, const struct conf_node *list,
			  const struct conf_service *s);

#endif /* CONF_CONF_TABLES_H */
