/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conf/conf_tables.h"

/* Words are stored through a pointer to unsigned int. */
_Static_assert(sizeof(enum conf_scheduler) == sizeof(unsigned int), "size of enums");

const struct conf_word conf_forward_words[] = {
	{ "direct", SHUNT_FORWARD_DIRECT },   { "ipip", SHUNT_FORWARD_IPIP },
	{ "gue", SHUNT_FORWARD_GUE },	      { "nat", SHUNT_FORWARD_NAT },
	{ "fullnat", SHUNT_FORWARD_FULLNAT }, { NULL, 0 },
};

const struct conf_word conf_scheduler_words[] = {
	{ "consistent", CONF_SCHEDULER_CONSISTENT },
	{ "maglev", CONF_SCHEDULER_MAGLEV },
	{ "first", CONF_SCHEDULER_FIRST },
	{ "source", CONF_SCHEDULER_SOURCE },
	{ "round_robin", CONF_SCHEDULER_ROUND_ROBIN },
	{ "random", CONF_SCHEDULER_RANDOM },
	{ "least_conn", CONF_SCHEDULER_LEAST_CONN },
	{ NULL, 0 },
};

const struct conf_word conf_failback_words[] = {
	{ "no", false },
	{ "yes", true },
	{ NULL, 0 },
};

const struct conf_word conf_all_down_words[] = {
	{ "drop", CONF_ALL_DOWN_DROP },
	{ "last", CONF_ALL_DOWN_LAST },
	{ "all", CONF_ALL_DOWN_ALL },
	{ NULL, 0 },
};

const struct conf_word conf_on_down_words[] = {
	{ "move", CONF_ON_DOWN_MOVE },
	{ "keep", CONF_ON_DOWN_KEEP },
	{ "drain", CONF_ON_DOWN_DRAIN },
	{ "reset", CONF_ON_DOWN_RESET },
	{ NULL, 0 },
};

const struct conf_word conf_limit_match_words[] = {
	{ "tcp_syn", CONF_LIMIT_TCP_SYN },
	{ "udp", CONF_LIMIT_UDP },
	{ "packets", CONF_LIMIT_PACKETS },
	{ "icmp", CONF_LIMIT_ICMP },
	{ NULL, 0 },
};

const struct conf_word conf_limit_by_words[] = {
	{ "source", CONF_LIMIT_BY_SOURCE },
	{ "service", CONF_LIMIT_BY_SERVICE },
	{ NULL, 0 },
};

/* Of conf_firewall.tcp_flags_pass. */
const struct conf_word conf_tcp_flags_words[] = {
	{ "drop", false },
	{ "pass", true },
	{ NULL, 0 },
};

/* Of conf_service.udp_moves. */
const struct conf_word conf_udp_words[] = {
	{ "keep", false },
	{ "move", true },
	{ NULL, 0 },
};

const struct conf_word conf_fragments_words[] = {
	{ "track", CONF_FRAGMENTS_TRACK },
	{ "l3hash", CONF_FRAGMENTS_L3HASH },
	{ "drop", CONF_FRAGMENTS_DROP },
	{ NULL, 0 },
};

const struct conf_word conf_firewall_mode_words[] = {
	{ "enforce", CONF_FIREWALL_ENFORCE },
	{ "monitor", CONF_FIREWALL_MONITOR },
	{ NULL, 0 },
};

const struct conf_word conf_syn_cookies_words[] = {
	{ "never", CONF_SYN_COOKIES_NEVER },
	{ "auto", CONF_SYN_COOKIES_AUTO },
	{ "always", CONF_SYN_COOKIES_ALWAYS },
	{ NULL, 0 },
};

const struct conf_word conf_check_type_words[] = {
	{ "none", CONF_CHECK_NONE },   { "tcp", CONF_CHECK_TCP },     { "http", CONF_CHECK_HTTP },
	{ "https", CONF_CHECK_HTTPS }, { "tls", CONF_CHECK_TLS },     { "dns", CONF_CHECK_DNS },
	{ "udp", CONF_CHECK_UDP },     { "icmp", CONF_CHECK_ICMP },   { "mysql", CONF_CHECK_MYSQL },
	{ "exec", CONF_CHECK_EXEC },   { "agent", CONF_CHECK_AGENT }, { NULL, 0 },
};

const struct conf_word conf_qtype_words[] = {
	{ "A", CONF_QTYPE_A },
	{ "AAAA", CONF_QTYPE_AAAA },
	{ "NS", CONF_QTYPE_NS },
	{ "SOA", CONF_QTYPE_SOA },
	{ "CNAME", CONF_QTYPE_CNAME },
	{ "PTR", CONF_QTYPE_PTR },
	{ "MX", CONF_QTYPE_MX },
	{ "TXT", CONF_QTYPE_TXT },
	{ "SRV", CONF_QTYPE_SRV },
	{ "ANY", CONF_QTYPE_ANY },
	{ NULL, 0 },
};

/* RFC 1035, section 4.1.1. */
const struct conf_word conf_rcode_words[] = {
	{ "NOERROR", 0 }, { "FORMERR", 1 }, { "SERVFAIL", 2 }, { "NXDOMAIN", 3 },
	{ "NOTIMP", 4 },  { "REFUSED", 5 }, { NULL, 0 },
};

const struct conf_word conf_role_words[] = {
	{ "any", CONF_ROLE_ANY },
	{ "primary", CONF_ROLE_PRIMARY },
	{ "replica", CONF_ROLE_REPLICA },
	{ NULL, 0 },
};

const struct conf_word conf_via_words[] = {
	{ "backend", CONF_VIA_BACKEND },
	{ "vip", CONF_VIA_VIP },
	{ NULL, 0 },
};

const struct conf_word conf_xdp_mode_words[] = {
	{ "auto", CONF_XDP_AUTO },
	{ "native", CONF_XDP_NATIVE },
	{ "generic", CONF_XDP_GENERIC },
	{ NULL, 0 },
};

const struct conf_word conf_on_stop_words[] = {
	{ "keep", CONF_STOP_KEEP },
	{ "detach", CONF_STOP_DETACH },
	{ NULL, 0 },
};

const struct conf_word conf_announce_words[] = {
	{ "none", CONF_ANNOUNCE_NONE },
	{ "routes", CONF_ANNOUNCE_ROUTES },
	{ "vrrp_file", CONF_ANNOUNCE_VRRP_FILE },
	{ NULL, 0 },
};

const struct conf_word conf_log_level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

bool conf_word_is_right(const struct conf_node *map, const char *key, const char *name)
{
	const struct conf_node *value = conf_node_get(map, key);

	return !value || (value->text && !strcmp(value->text, name));
}

static const char *word_name(const struct conf_word *words, unsigned int value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return "unknown";
}

const char *conf_scheduler_name(enum conf_scheduler s)
{
	return word_name(conf_scheduler_words, s);
}

const char *conf_forward_name(enum shunt_forward f)
{
	return word_name(conf_forward_words, f);
}

const char *conf_failback_name(bool failback)
{
	return word_name(conf_failback_words, failback);
}

const char *conf_all_down_name(enum conf_all_down d)
{
	return word_name(conf_all_down_words, d);
}

const char *conf_on_down_name(enum conf_on_down d)
{
	return word_name(conf_on_down_words, d);
}

const char *conf_udp_name(bool moves)
{
	return word_name(conf_udp_words, moves);
}

const char *conf_fragments_name(enum conf_fragments f)
{
	return word_name(conf_fragments_words, f);
}

const char *conf_limit_match_name(enum conf_limit_match m)
{
	return word_name(conf_limit_match_words, m);
}

const char *conf_limit_by_name(enum conf_limit_by b)
{
	return word_name(conf_limit_by_words, b);
}

const char *conf_firewall_mode_name(enum conf_firewall_mode m)
{
	return word_name(conf_firewall_mode_words, m);
}

const char *conf_syn_cookies_name(enum conf_syn_cookies c)
{
	return word_name(conf_syn_cookies_words, c);
}

const char *conf_check_type_name(enum conf_check_type t)
{
	return word_name(conf_check_type_words, t);
}

const char *conf_qtype_name(enum conf_qtype t)
{
	return word_name(conf_qtype_words, t);
}

const char *conf_rcode_name(unsigned int rcode)
{
	return word_name(conf_rcode_words, rcode);
}

const char *conf_role_name(enum conf_role r)
{
	return word_name(conf_role_words, r);
}

const char *conf_via_name(enum conf_via v)
{
	return word_name(conf_via_words, v);
}

const char *conf_on_stop_name(enum conf_on_stop s)
{
	return word_name(conf_on_stop_words, s);
}

const char *conf_announce_name(enum conf_announce a)
{
	return word_name(conf_announce_words, a);
}

const char *conf_xdp_mode_name(enum conf_xdp_mode m)
{
	return word_name(conf_xdp_mode_words, m);
}
