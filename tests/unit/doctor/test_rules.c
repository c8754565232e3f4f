/* SPDX-License-Identifier: BSD-2-Clause */
/* Each rule on facts made by hand: a host that is well, with one thing changed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "doctor/doctor.h"
#include "net/addr.h"

static struct doctor_link links[2];
static struct doctor_leg legs[2];
static bool is_vip_local[2];
static struct shunt_addr pool[1];
static bool is_pool_local[1];
static struct doctor_host host;
static struct doctor_findings found;

static struct shunt_addr addr_of(const char *text)
{
	struct shunt_addr addr;

	cr_assert_eq(addr_parse(text, &addr), 0);
	return addr;
}

static void make_link(struct doctor_link *l, const char *name)
{
	*l = (struct doctor_link){
		.attached = true,
		.mtu = 1500,
		.rx_queues = 8,
		.tx_queues = 8,
		.max_queues = 63,
		.lro = DOCTOR_OFF,
		.gro_hw = DOCTOR_OFF,
		.rp_filter = 2,
	};
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->driver, sizeof(l->driver), "ice");
}

static void make_leg(struct doctor_leg *l, const char *backend, const char *addr)
{
	*l = (struct doctor_leg){
		.service = "web",
		.backend = backend,
		.vip = addr_of("203.0.113.10"),
		.addr = addr_of(addr),
		.forward = SHUNT_FORWARD_DIRECT,
		.gue_port = 6080,
		.has_route = true,
		.resolved = true,
		.via = addr_of(addr),
		.mtu = 1500,
		.tunnel = DOCTOR_TUNNEL_SILENT,
	};
	snprintf(l->ifname, sizeof(l->ifname), "eth1");
}

static void setup(void)
{
	make_link(&links[0], "eth0");
	make_link(&links[1], "eth1");
	make_leg(&legs[0], "nginx1", "192.0.2.11");
	make_leg(&legs[1], "nginx2", "192.0.2.12");
	pool[0] = addr_of("192.0.2.5");
	is_pool_local[0] = true;
	host = (struct doctor_host){
		.release = "6.1.0-56-amd64",
		.cpus = 8,
		.jit = DOCTOR_ON,
		.btf = DOCTOR_ON,
		.bpffs = DOCTOR_ON,
		.first_local_port = 32768,
		.last_local_port = 60999,
		.pool = pool,
		.is_pool_local = is_pool_local,
		.n_pool = 1,
		.first_pool_port = 10000,
		.last_pool_port = 32767,
		.may_send_raw = true,
		.links = links,
		.n_links = array_len(links),
		.legs = legs,
		.is_vip_local = is_vip_local,
		.n_legs = array_len(legs),
	};
}

static void teardown(void)
{
	doctor_findings_free(&found);
}

TestSuite(rules, .init = setup, .fini = teardown);

/* All that is found, as text: "GRADE ABOUT: WHAT -> ADVICE", a line each. */
static const char *judge(void)
{
	static char text[4096];
	size_t len = 0;

	doctor_findings_free(&found);
	doctor_judge(&host, &found);
	cr_assert(!found.failed);
	text[0] = '\0';
	array_for_each (f, found.list, found.n)
		len += snprintf(text + len, sizeof(text) - len, "%s %s: %s -> %s\n",
				doctor_grade_name(f->grade), f->about, f->what, f->advice);
	return text;
}

Test(rules, say_nothing_of_a_host_that_is_well)
{
	cr_expect_str_eq(judge(), "");
}

Test(rules, know_what_the_firewall_does_not_do)
{
	host.firewall = (struct doctor_firewall){ .files = 2, .is_watched = true };
	cr_expect_str_eq(judge(), "");
	host.firewall.is_watched = false;
	cr_expect_str_eq(judge(),
			 "note firewall: 2 files of prefixes are read with the config alone: what "
			 "is written to them later means nothing -> daemon: { watch: true }, or "
			 "shunt reload when one has changed\n");
	host.firewall = (struct doctor_firewall){ .tried_out = 1 };
	cr_expect_str_eq(judge(),
			 "note firewall: 1 rule is only tried out (mode: monitor): what would be "
			 "refused passes -> mode: enforce, when shunt firewall hits shows what it "
			 "should\n");
	host.firewall = (struct doctor_firewall){ .allows_all = true };
	cr_expect_str_eq(judge(),
			 "warning firewall: a rule allows everybody of a family: nothing else that "
			 "it says counts for them -> shunt firewall list; allow whom you know, and "
			 "leave out the others, who pass where no rule denies them\n");
}

Test(rules, know_the_kernel)
{
	snprintf(host.release, sizeof(host.release), "5.15.0-91-generic");
	cr_expect_str_eq(judge(), "warning kernel: Linux 5.15.0-91-generic is older than any that "
				  "is tested -> take Linux 6.1 or newer\n");
	snprintf(host.release, sizeof(host.release), "7.0.1");
	cr_expect_str_eq(judge(), "");
	host.jit = DOCTOR_OFF;
	cr_expect_str_eq(judge(),
			 "fault kernel: the BPF JIT is off: packets take many times as long "
			 "-> sysctl -w net.core.bpf_jit_enable=1\n");
	host.jit = DOCTOR_UNKNOWN;
	host.bpffs = DOCTOR_OFF;
	host.btf = DOCTOR_OFF;
	cr_expect_str_eq(
		judge(),
		"fault kernel: no BPF file system is on /sys/fs/bpf: a restart forgets every "
		"flow -> mount -t bpf bpf /sys/fs/bpf\n"
		"note kernel: it has no BTF, which libxdp's dispatcher needs: no other XDP "
		"program can join -> take a kernel with CONFIG_DEBUG_INFO_BTF, if another "
		"has to\n");
}

Test(rules, know_that_a_reload_was_refused)
{
	host.reload_refused = true;
	cr_expect_eq(strncmp(judge(), "warning config: the last reload was refused", 43), 0);
}

Test(rules, know_ports_that_are_given_out_twice)
{
	host.last_pool_port = 32768;
	cr_expect_str_eq(
		judge(),
		"warning nat: nat.ports 10000-32768 overlap the ports that Linux gives its "
		"own connections, 32768-60999 -> sysctl -w "
		"net.ipv4.ip_local_port_range=\"32769 65535\", or other nat.ports\n");
	host.last_pool_port = 65535;
	cr_expect(strstr(judge(), "-> choose other nat.ports"));
	/* Nobody connects from an address that is not here. */
	is_pool_local[0] = false;
	cr_expect_str_eq(judge(), "note nat: 192.0.2.5 of nat.pool is no address of this host: "
				  "servers on its links that ask for it get no answer -> route it "
				  "to this host, or: ip addr add 192.0.2.5/32 dev lo\n");
}

Test(rules, know_modes)
{
	links[0].generic = true;
	links[1].attached = false;
	cr_expect_str_eq(
		judge(),
		"fault eth0: generic mode: the kernel makes a buffer of each packet first, "
		"which costs more than all else -> set `mode: native` for eth0 in the "
		"config; if its driver (ice) has none, take another card\n"
		"fault eth1: the XDP program is not on it: its packets go past shunt -> look "
		"at the log for the reason; another program there goes with: ip link set "
		"dev eth1 xdp off\n");
}

Test(rules, know_offloads)
{
	links[0].lro = DOCTOR_ON;
	links[1].gro_hw = DOCTOR_ON;
	cr_expect(strstr(judge(), "fault eth0: large receive offload is on"));
	cr_expect(strstr(judge(), "-> ethtool -K eth0 lro off\n"));
	cr_expect(strstr(judge(), "-> ethtool -K eth1 rx-gro-hw off\n"));
	links[0].lro = links[1].gro_hw = DOCTOR_UNKNOWN;
	cr_expect_str_eq(judge(), "");
}

Test(rules, know_queues)
{
	links[0].rx_queues = links[0].tx_queues = 1;
	cr_expect_str_eq(judge(),
			 "warning eth0: 1 receive queue for 8 processors: the others stand "
			 "idle -> ethtool -L eth0 combined 8\n");
	links[0].max_queues = 4;
	links[0].tx_queues = 2;
	cr_expect(strstr(judge(), "-> ethtool -L eth0 rx 4\n"));
	links[0].max_queues = 1; /* it has no more */
	cr_expect_str_eq(judge(), "");
	links[0].max_queues = 8;
	links[0].rx_queues = 0; /* not known */
	cr_expect_str_eq(judge(), "");
}

Test(rules, know_ways)
{
	legs[0].resolved = false;
	legs[1].has_route = legs[1].resolved = false;
	cr_expect_str_eq(
		judge(),
		"fault web/nginx1: nobody says who 192.0.2.11 is, on eth1 -> is that host up, "
		"and on this link? ping 192.0.2.11; ip neigh show 192.0.2.11\n"
		"fault web/nginx2: there is no route to 192.0.2.12 -> ip route get "
		"192.0.2.12\n");
}

Test(rules, know_that_direct_is_for_one_link)
{
	legs[0].via = addr_of("192.0.2.1");
	cr_expect_str_eq(judge(),
			 "fault web/nginx1: `forward: direct` wants it on the same link, but "
			 "it is behind 192.0.2.1 -> take `ipip`, `gue`, `nat` or `fullnat`\n");
	legs[0].forward = SHUNT_FORWARD_NAT;
	cr_expect_str_eq(judge(), "");
}

Test(rules, know_how_long_packets_get)
{
	legs[0].forward = legs[1].forward = SHUNT_FORWARD_IPIP;
	cr_expect_str_eq(
		judge(),
		"warning web: IPv4 packets of 1500 bytes are 1520 in the tunnel, and eth1 "
		"takes 1500: clients have to find out by ICMP -> set the MTU of eth1, and of "
		"what is behind it, to 1520; or `mss: 1440` for the service\n");
	legs[0].mss = legs[1].mss = 1441;
	cr_expect(strstr(judge(), "1520"));
	legs[0].mss = legs[1].mss = 1440;
	cr_expect_str_eq(judge(), "");
	legs[0].mss = legs[1].mss = 0;
	legs[0].mtu = legs[1].mtu = 1520;
	cr_expect_str_eq(judge(), "");
	legs[0].forward = SHUNT_FORWARD_GUE;
	cr_expect(strstr(judge(), "1528"));
	legs[0].addr = addr_of("2001:db8::11");
	cr_expect(strstr(judge(), "1548"));
	/* What comes in by no interface of shunt's needs no room. */
	links[0].mtu = links[1].mtu = 1460;
	cr_expect_str_eq(judge(), "");
}

Test(rules, know_who_takes_nothing_out)
{
	legs[0].forward = SHUNT_FORWARD_IPIP;
	legs[1].forward = SHUNT_FORWARD_GUE;
	legs[0].mtu = legs[1].mtu = 9000;
	legs[0].tunnel = legs[1].tunnel = DOCTOR_TUNNEL_REFUSED;
	cr_expect_str_eq(
		judge(),
		"fault web/nginx1: 192.0.2.11 refuses packets in ipip: nobody takes them out "
		"there -> on that host: shunt-decap, or an ipip or ip6tnl device\n"
		"fault web/nginx2: 192.0.2.12 refuses packets in gue: nobody takes them out "
		"there -> on that host: shunt-decap, or a fou device for port 6080\n");
	legs[0].tunnel = legs[1].tunnel = DOCTOR_TUNNEL_UNASKED;
	cr_expect_str_eq(judge(), "");
}

Test(rules, say_what_is_the_same_once)
{
	is_vip_local[0] = is_vip_local[1] = true;
	cr_expect_eq((judge(), found.n), 1);
	cr_expect(strstr(judge(), "note web: VIP 203.0.113.10 is an address of this host"));
	is_vip_local[0] = is_vip_local[1] = false;
}

Test(rules, the_gravest_come_first)
{
	links[0].rp_filter = 1;
	links[0].rx_queues = 1;
	legs[1].resolved = false;
	judge();
	cr_assert_eq(found.n, 3);
	cr_expect_eq(found.list[0].grade, DOCTOR_FAULT);
	cr_expect_eq(found.list[1].grade, DOCTOR_WARNING);
	cr_expect_eq(found.list[2].grade, DOCTOR_NOTE);
}
