/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs of checks via: vip: on interfaces and off, and whom they leave alone. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/via.h"
#include "net/addr.h"
#include "ns.h"

static void add_veth(void)
{
	ns_enter();
	ns_run("ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v0 up && "
	       "ip link set v1 up && ip addr add 192.0.2.1/24 dev v0 && "
	       "ip -6 addr add 2001:db8::1/64 dev v0 nodad");
}

static struct via *open_via(void)
{
	struct via *v = NULL;

	cr_assert_eq(via_open(NS_PIN_DIR, &v), 0);
	return v;
}

static int filters(const char *ifname)
{
	int n = 0;

	for (int side = 0; side < 2; side++)
		n += !ns_try("tc filter show dev %s %s | grep -q shunt_probe", ifname,
			     side ? "egress" : "ingress");
	return n;
}

static bool has_clsact(const char *ifname)
{
	return !ns_try("tc qdisc show dev %s | grep -q clsact", ifname);
}

static struct shunt_probe probe_to(const char *addr, const char *vip)
{
	struct shunt_probe p = { .forward = SHUNT_FORWARD_DIRECT };

	cr_assert_eq(addr_parse(addr, &p.addr), 0);
	cr_assert_eq(addr_parse(vip, &p.vip), 0);
	return p;
}

Test(via, comes_with_the_first_socket_and_leaves_nothing)
{
	struct shunt_probe p4 = probe_to("192.0.2.11", "198.51.100.80");
	struct shunt_probe p6 = probe_to("2001:db8::11", "2001:db8:9::80");
	struct via *v;
	int fds[2];

	add_veth();
	v = open_via();
	cr_expect_not(has_clsact("v0"));
	fds[0] = via_socket(v, &p4, SOCK_STREAM);
	fds[1] = via_socket(v, &p6, SOCK_DGRAM);
	cr_expect_geq(fds[0], 0);
	cr_expect_geq(fds[1], 0);
	cr_expect_eq(filters("v0"), 2);
	cr_expect_eq(filters("lo") + filters("v1"), 0);
	via_close(v);
	cr_expect_not(has_clsact("v0"));
	close(fds[0]);
	close(fds[1]);
}

Test(via, without_a_route_there_is_no_socket)
{
	struct shunt_probe p = probe_to("203.0.113.11", "198.51.100.80");
	struct via *v;

	add_veth();
	v = open_via();
	cr_expect_eq(via_socket(v, &p, SOCK_STREAM), -ENETUNREACH);
	cr_expect_not(has_clsact("v0"));
	via_close(v);
}

/* Another's filter stays, and so does what holds it. */
Test(via, leaves_others_alone)
{
	struct via *v, *other = NULL;

	add_veth();
	v = open_via();
	cr_assert_eq(via_open(NS_PIN_DIR "-other", &other), 0);
	cr_assert_eq(via_attach(v, if_nametoindex("v0")), 0);
	cr_assert_eq(via_attach(other, if_nametoindex("v0")), 0);
	cr_expect_eq(ns_try("test $(tc filter show dev v0 egress | grep -c shunt_probe) = 2"), 0);
	via_close(v);
	cr_expect_eq(ns_try("test $(tc filter show dev v0 egress | grep -c shunt_probe) = 1"), 0);
	cr_expect(has_clsact("v0"));
	via_clean(NS_PIN_DIR);
	cr_expect_eq(filters("v0"), 2);
	via_close(other);
	cr_expect_not(has_clsact("v0"));
}

Test(via, is_put_back_and_follows_interfaces)
{
	struct via *v;

	add_veth();
	v = open_via();
	cr_assert_eq(via_attach(v, if_nametoindex("v0")), 0);
	via_mend(v);
	cr_expect_eq(filters("v0"), 2);
	ns_run("tc filter del dev v0 ingress");
	cr_expect_eq(filters("v0"), 1);
	via_mend(v);
	cr_expect_eq(filters("v0"), 2);
	ns_run("tc qdisc del dev v0 clsact");
	via_mend(v);
	cr_expect_eq(filters("v0"), 2);
	ns_run("ip link del v0");
	via_mend(v);
	cr_expect_lt(via_attach(v, 12345), 0);
	via_close(v);
}

/* What a daemon that was killed has left: the descriptors go, the filters stay. */
Test(via, what_a_crash_left_is_found)
{
	struct via *v, *next;

	add_veth();
	v = open_via();
	cr_assert_eq(via_attach(v, if_nametoindex("v0")), 0);
	next = open_via();
	cr_assert_eq(via_attach(next, if_nametoindex("v0")), 0);
	cr_expect_eq(ns_try("test $(tc filter show dev v0 egress | grep -c shunt_probe) = 1"), 0);
	via_clean(NS_PIN_DIR);
	cr_expect_not(has_clsact("v0"));
	via_close(next);
	via_close(v);
}
