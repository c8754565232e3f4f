/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in ha.peers. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "conf/conf.h"
#include "net/addr.h"
#include "rows.h"

#define PEERS(text) QUIET "ha: { peers: { " text " } }\n"

static const struct row rows[] = {
	{
		"nobody to tell",
		PEERS("listen: \"10.0.0.1:7946\", key_file: /k"),
		"t.yaml:4:7: error: ha.peers: nobody to tell: \"send_to\" or \"group\" is needed\n"
		"ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k } }\n"
		"      ^~~~~\n",
	},
	{
		"no secret, nothing to listen at",
		QUIET "ha:\n"
		      "  peers:\n"
		      "    send_to: \"10.0.0.2:7946\"\n",
		"t.yaml:5:3: error: ha.peers: \"listen\" is needed: an address of this host\n"
		"  peers:\n"
		"  ^~~~~\n",
	},
	{
		"no secret",
		QUIET "ha:\n"
		      "  peers:\n"
		      "    listen: \"10.0.0.1:7946\"\n"
		      "    send_to: \"10.0.0.2:7946\"\n",
		"t.yaml:5:3: error: ha.peers: \"key_file\" is needed: the secret that all share\n"
		"  peers:\n"
		"  ^~~~~\n",
	},
	{
		"no port",
		PEERS("listen: \"10.0.0.1:7946\", key_file: /k, send_to: [10.0.0.2]"),
		"t.yaml:4:65: error: ha.peers.send_to[0]: \"10.0.0.2\" is not ADDRESS:PORT, such "
		"as "
		"192.0.2.2:7946 or [2001:db8::2]:7946\n"
		"ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k, send_to: [10.0.0.2] } }\n"
		"                                                                ^~~~~~~~\n",
	},
	{
		"another family",
		PEERS("listen: \"10.0.0.1:7946\", key_file: /k, send_to: \"[2001:db8::2]:7946\""),
		"t.yaml:4:64: error: ha.peers.send_to: of another address family than \"listen\"\n"
		"ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k, send_to: "
		"\"[2001:db8::2]:7946\" } }\n"
		"                                                               "
		"^~~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"a group that is none, and nowhere",
		PEERS("listen: \"10.0.0.1:7946\", key_file: /k, group: \"10.0.0.9:7946\""),
		"t.yaml:4:7: error: ha.peers: \"group\" needs \"interface\": where it is joined\n"
		"ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k, group: \"10.0.0.9:7946\" "
		"} "
		"}\n"
		"      ^~~~~\n"
		"t.yaml:4:62: error: ha.peers.group: not a multicast address\n"
		"ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k, group: \"10.0.0.9:7946\" "
		"} "
		"}\n"
		"                                                             ^~~~~~~~~~~~~~~\n",
	},
	{
		"itself",
		PEERS("listen: \"10.0.0.1:7946\", key_file: /k, send_to: \"10.0.0.1:7946\""),
		"t.yaml:4:64: error: ha.peers.send_to: \"listen\" is this host itself: only the "
		"others are needed\n"
		"ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k, send_to: "
		"\"10.0.0.1:7946\" } }\n"
		"                                                               "
		"^~~~~~~~~~~~~~~\n",
	},
	{
		"another port of itself",
		PEERS("listen: \"10.0.0.1:7946\", key_file: /k, send_to: \"10.0.0.1:7947\""),
		"",
	},
	{
		"an address of a link",
		PEERS("listen: \"[fe80::1]:7946\", key_file: /k, send_to: \"[fd00::2]:7946\""),
		"t.yaml:4:24: error: ha.peers.listen: an address of a link, which others may have "
		"as well\n"
		"ha: { peers: { listen: \"[fe80::1]:7946\", key_file: /k, send_to: "
		"\"[fd00::2]:7946\" } }\n"
		"                       ^~~~~~~~~~~~~~~~\n",
	},
	{
		"rounds that are too far apart",
		QUIET "dataplane: { flow_idle: 20s }\n"
		      "ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k, refresh: 10s,\n"
		      "  send_to: \"10.0.0.2:7946\" } }\n",
		"t.yaml:5:64: warning: ha.peers.refresh: flows are forgotten when nothing was "
		"heard "
		"of them for dataplane.flow_idle, 20s, which should be three times as long\n"
		"ha: { peers: { listen: \"10.0.0.1:7946\", key_file: /k, refresh: 10s,\n"
		"                                                               ^~~\n",
	},
	{
		"as it may be",
		PEERS("listen: \"10.0.0.1:7946\", key_file: /k, send_to: [\"10.0.0.2:7946\"], "
		      "group: \"239.1.2.3:7946\", interface: eth0.100"),
		"",
	},
};

Test(say_peers, rows)
{
	rows_check(rows, array_len(rows));
}

Test(say_peers, are_read)
{
	struct conf *conf = rows_parse(
		PEERS("listen: \"[2001:db8::1]:7946\", key_file: /k, refresh: 5s, rate: 100, "
		      "send_to: [\"[2001:db8::2]:7946\", \"[2001:db8::3]:7947\"]"));
	char text[ADDR_TEXT];

	cr_assert_not_null(conf);
	cr_expect_str_eq(conf->peers.listen, "[2001:db8::1]:7946");
	cr_expect_str_eq(conf->peers.key_file, "/k");
	cr_expect_null(conf->peers.group);
	cr_expect_eq(conf->peers.refresh_ms, 5000);
	cr_expect_eq(conf->peers.rate, 100);
	cr_assert_eq(conf->peers.n_send_to, 2);
	cr_expect_str_eq(addr_format(&conf->peers.send_to[1].addr, text), "2001:db8::3");
	cr_expect_eq(conf->peers.send_to[1].port, 7947);
	conf_free(conf);
}

Test(say_peers, are_none_by_themselves)
{
	struct conf *conf = rows_parse(QUIET);

	cr_expect_null(conf->peers.listen);
	cr_expect_eq(conf->peers.rate, 2000);
	cr_expect_eq(conf->peers.refresh_ms, 10000);
	conf_free(conf);
}
