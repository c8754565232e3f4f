/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops from a real kernel: v0 here, its other end with a host of its own.
 * Hops are written to maps in memory.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "dataplane/hops.h"
#include "hops_fake.h"
#include "net/addr.h"
#include "ns.h"

static struct fake maps;
static struct plan_backend backends[MANY];
static struct plan plan = { .backends = backends };

static struct shunt_addr address(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

/* Backend 1, 2, ...: clients of @family reach it at @text. */
static void add_backend(const char *text, enum shunt_family family, enum shunt_forward forward)
{
	struct plan_backend *b = &backends[plan.n_backends];

	b->id = ++plan.n_backends;
	b->leg[family] = (struct plan_leg){ .addr = address(text), .forward = forward };
}

static pid_t peer;

#define peer_run(fmt, ...) ns_run("nsenter --net=/proc/%d/ns/net " fmt, peer, ##__VA_ARGS__)

/* A process that is nothing but a namespace for the other host. */
static void peer_start(void)
{
	int ready[2];
	char c;

	cr_assert_eq(pipe(ready), 0);
	peer = fork();
	if (!peer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static void add_hosts(void)
{
	ns_enter();
	peer_start();
	ns_run("ip link add v0 address 02:00:00:00:00:01 type veth "
	       "peer name v1 address 02:00:00:00:00:02 netns %d",
	       peer);
	ns_run("ip link set lo up && ip link set v0 up");
	peer_run("ip link set v1 up");
	ns_run("ip addr add 10.0.0.1/24 dev v0 && ip addr add fd00::1/64 dev v0 nodad");
	peer_run("ip addr add 10.0.0.2/24 dev v1");
	peer_run("ip addr add fd00::2/64 dev v1 nodad");
}

static struct hops *follow(void)
{
	struct hops *h = NULL;

	cr_assert_eq(hops_create(&ops, &maps, &h), 0);
	cr_assert_eq(hops_follow(h, &plan, clock_now_ms()), 0);
	return h;
}

/* Dispatch until the hop of @id has this last byte of a MAC address; -1: has none. */
static void wait_hop(struct hops *h, __u32 id, enum shunt_family family, int mac)
{
	const union shunt_hop *hop = &maps.leg[id][family].hop;
	const uint64_t until = clock_now_ms() + 5000;
	struct pollfd p = { .fd = hops_fd(h), .events = POLLIN };

	while (mac < 0 ? hop->word != 0 : !hop->egress || hop->dmac[5] != mac) {
		cr_assert_lt(clock_now_ms(), until, "the hop is %016llx",
			     (unsigned long long)hop->word);
		poll(&p, 1, 100);
		cr_assert_eq(hops_dispatch(h, clock_now_ms()), 0);
	}
}

static void stop(struct hops *h)
{
	hops_free(h);
	kill(peer, SIGKILL);
}

static const struct shunt_egress *egress_of(__u32 id, enum shunt_family family)
{
	return &maps.egress[maps.leg[id][family].hop.egress];
}

Test(hops, asks_for_a_neighbour_and_writes_its_mac)
{
	const struct shunt_egress *e;
	struct in_addr source;
	struct hops *h;

	add_hosts();
	add_backend("10.0.0.2", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	wait_hop(h, 1, SHUNT_V4, 2);
	e = egress_of(1, SHUNT_V4);
	cr_assert_eq(e->ifindex, if_nametoindex("v0"));
	cr_assert_eq(e->smac[5], 1);
	inet_pton(AF_INET, "10.0.0.1", &source);
	cr_assert_eq(e->src4, source.s_addr);
	cr_assert_eq(e->src6.b[15], 1);
	cr_assert_eq(maps.leg[1][SHUNT_V4].mtu, 1500);
	stop(h);
}

Test(hops, a_tunnel_may_have_another_family_than_its_clients)
{
	struct hops *h;

	add_hosts();
	add_backend("fd00::2", SHUNT_V4, SHUNT_FORWARD_IPIP);
	add_backend("10.0.0.2", SHUNT_V6, SHUNT_FORWARD_IPIP);
	h = follow();
	wait_hop(h, 1, SHUNT_V4, 2);
	wait_hop(h, 2, SHUNT_V6, 2);
	cr_assert_eq(egress_of(1, SHUNT_V4), egress_of(2, SHUNT_V6), "one interface, one entry");
	stop(h);
}

Test(hops, what_the_kernel_knows_is_written_at_once)
{
	struct hops *h;

	add_hosts();
	ns_run("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent");
	add_backend("10.0.0.9", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	cr_assert_eq(maps.leg[1][SHUNT_V4].hop.dmac[5], 9);
	cr_assert_eq(maps.writes, 1U);
	stop(h);
}

Test(hops, follows_a_mac_and_keeps_it_when_the_neighbour_is_gone)
{
	const union shunt_hop *hop = &maps.leg[1][SHUNT_V4].hop;
	struct pollfd p = { .events = POLLIN };
	struct hops *h;

	add_hosts();
	ns_run("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud reachable");
	add_backend("10.0.0.9", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	ns_run("ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:0a dev v0 nud reachable");
	wait_hop(h, 1, SHUNT_V4, 10);
	ns_run("ip neigh change 10.0.0.9 dev v0 nud failed; ip neigh del 10.0.0.9 dev v0");
	p.fd = hops_fd(h);
	cr_assert_eq(poll(&p, 1, 1000), 1);
	cr_assert_eq(hops_dispatch(h, clock_now_ms()), 0);
	cr_assert_eq(hop->dmac[5], 10);
	cr_assert_neq(hop->egress, 0);
	stop(h);
}

/* Dispatch until the first next hop is in @state. */
static void wait_state(struct hops *h, enum hop_state state)
{
	const uint64_t until = clock_now_ms() + 5000;
	struct pollfd p = { .fd = hops_fd(h), .events = POLLIN };
	enum hop_state is = state;
	struct snapshot_hop *list;
	size_t n;

	do {
		cr_assert_lt(clock_now_ms(), until, "it is %s", hop_state_name(is));
		poll(&p, 1, 100);
		cr_assert_eq(hops_dispatch(h, clock_now_ms()), 0);
		cr_assert_eq(hops_list(h, &list, &n), 0);
		is = list[0].state;
		free(list);
	} while (is != state);
}

Test(hops, says_that_a_neighbour_does_not_answer_any_more)
{
	const union shunt_hop *hop = &maps.leg[1][SHUNT_V4].hop;
	struct hops *h;

	add_hosts();
	ns_run("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud reachable");
	add_backend("10.0.0.9", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	wait_state(h, HOP_RESOLVED);
	ns_run("ip neigh change 10.0.0.9 dev v0 nud failed");
	wait_state(h, HOP_SILENT);
	cr_assert_eq(hop->dmac[5], 9, "packets go where they went");
	ns_run("ip neigh change 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud reachable");
	wait_state(h, HOP_RESOLVED);
	stop(h);
}

Test(hops, a_gateway_is_the_next_hop)
{
	struct snapshot_hop *list;
	struct shunt_addr via = address("10.0.0.2");
	struct hops *h;
	size_t n;

	add_hosts();
	ns_run("ip route add 192.0.2.0/24 via 10.0.0.2 mtu lock 1400");
	add_backend("192.0.2.11", SHUNT_V4, SHUNT_FORWARD_IPIP);
	h = follow();
	wait_hop(h, 1, SHUNT_V4, 2);
	cr_assert_eq(maps.leg[1][SHUNT_V4].mtu, 1400);
	cr_assert_eq(hops_list(h, &list, &n), 0);
	cr_assert_eq(n, 1UL);
	cr_assert(addr_is_equal(&list[0].via, &via));
	cr_assert_eq(list[0].state, HOP_RESOLVED);
	cr_assert_str_eq(list[0].ifname, "v0");
	cr_assert_eq(list[0].mtu, 1400);
	free(list);
	stop(h);
}

Test(hops, a_route_goes_and_comes_back)
{
	struct hops *h;

	add_hosts();
	ns_run("ip route add 192.0.2.0/24 via 10.0.0.2");
	add_backend("192.0.2.11", SHUNT_V4, SHUNT_FORWARD_IPIP);
	h = follow();
	wait_hop(h, 1, SHUNT_V4, 2);
	ns_run("ip route del 192.0.2.0/24");
	wait_hop(h, 1, SHUNT_V4, -1);
	ns_run("ip route add blackhole 192.0.2.0/24");
	ns_run("ip route add 192.0.2.11/32 via 10.0.0.2");
	wait_hop(h, 1, SHUNT_V4, 2);
	ns_run("ip route del 192.0.2.11/32");
	wait_hop(h, 1, SHUNT_V4, -1);
	stop(h);
}

Test(hops, keeps_the_old_hop_until_the_new_one_is_known)
{
	const uint64_t until = clock_now_ms() + 300;
	struct pollfd p = { .events = POLLIN };
	struct hops *h;

	add_hosts();
	ns_run("ip route add 192.0.2.0/24 via 10.0.0.2");
	add_backend("192.0.2.11", SHUNT_V4, SHUNT_FORWARD_IPIP);
	h = follow();
	wait_hop(h, 1, SHUNT_V4, 2);
	/* Nobody answers there yet. */
	ns_run("ip route replace 192.0.2.0/24 via 10.0.0.3");
	p.fd = hops_fd(h);
	while (clock_now_ms() < until) {
		poll(&p, 1, 50);
		cr_assert_eq(hops_dispatch(h, clock_now_ms()), 0);
		cr_assert_eq(maps.leg[1][SHUNT_V4].hop.dmac[5], 2);
	}
	ns_run("ip neigh replace 10.0.0.3 lladdr 02:00:00:00:00:03 dev v0 nud permanent");
	wait_hop(h, 1, SHUNT_V4, 3);
	stop(h);
}

Test(hops, nothing_leads_to_this_host_or_into_a_blackhole)
{
	struct snapshot_hop *list;
	struct hops *h;
	size_t n;

	add_hosts();
	ns_run("ip route add blackhole 192.0.2.0/24 && ip -6 route add unreachable 2001:db8::/64");
	add_backend("10.0.0.1", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	add_backend("192.0.2.1", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	add_backend("2001:db8::1", SHUNT_V6, SHUNT_FORWARD_DIRECT);
	add_backend("203.0.113.1", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	cr_assert_eq(hops_list(h, &list, &n), 0);
	cr_assert_eq(n, 4UL);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(list[i].state, HOP_NO_ROUTE);
	cr_assert_eq(maps.writes, 0U);
	free(list);
	stop(h);
}

Test(hops, another_mac_of_the_interface_is_another_entry)
{
	union shunt_hop before;
	struct hops *h;

	add_hosts();
	ns_run("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent");
	add_backend("10.0.0.9", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	before = maps.leg[1][SHUNT_V4].hop;
	ns_run("ip link set v0 address 02:00:00:00:00:77");
	for (uint64_t until = clock_now_ms() + 2000; clock_now_ms() < until;) {
		struct pollfd p = { .fd = hops_fd(h), .events = POLLIN };

		if (egress_of(1, SHUNT_V4)->smac[5] == 0x77)
			break;
		poll(&p, 1, 50);
		cr_assert_eq(hops_dispatch(h, clock_now_ms()), 0);
	}
	cr_assert_eq(egress_of(1, SHUNT_V4)->smac[5], 0x77);
	cr_assert_eq(maps.egress[before.egress].smac[5], 1, "packets may still be reading it");
	stop(h);
}

Test(hops, an_interface_goes_away)
{
	struct hops *h;

	add_hosts();
	ns_run("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent");
	add_backend("10.0.0.9", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	cr_assert_eq(maps.leg[1][SHUNT_V4].hop.dmac[5], 9);
	ns_run("ip link del v0");
	wait_hop(h, 1, SHUNT_V4, -1);
	stop(h);
}

Test(hops, a_former_daemon_s_hop_serves_until_a_better_one_is_known)
{
	const union shunt_hop left = { .dmac = { 2, 0, 0, 0, 0, 2 }, .egress = 5 };
	struct hops *h;

	add_hosts();
	maps.egress[5] = (struct shunt_egress){ .ifindex = if_nametoindex("v0"),
						.smac = { 2, 0, 0, 0, 0, 1 },
						.src4 = htonl(0x0a000001),
						.src6 = address("fd00::1") };
	maps.leg[1][SHUNT_V4].hop = left;
	maps.leg[1][SHUNT_V4].mtu = 1500;
	add_backend("10.0.0.2", SHUNT_V4, SHUNT_FORWARD_DIRECT);
	h = follow();
	cr_assert_eq(maps.leg[1][SHUNT_V4].hop.word, left.word, "the neighbour is not known yet");
	wait_hop(h, 1, SHUNT_V4, 2);
	for (uint64_t until = clock_now_ms() + 200; clock_now_ms() < until;)
		cr_assert_eq(hops_dispatch(h, clock_now_ms()), 0);
	cr_assert_eq(maps.leg[1][SHUNT_V4].hop.word, left.word, "it was right");
	cr_assert_eq(maps.writes, 0U);
	stop(h);
}

Test(hops, a_thousand_backends_in_no_time)
{
	uint64_t start, took;
	struct hops *h;

	add_hosts();
	ns_run("ip addr add 10.1.0.1/16 dev v0 && for i in $(seq 0 999); do echo neigh add "
	       "10.1.$((1 + i / 250)).$((1 + i %% 250)) lladdr 02:00:00:00:01:09 dev v0 nud "
	       "permanent; done | ip -batch -");
	for (int i = 0; i < MANY; i++) {
		char text[ADDR_TEXT];

		snprintf(text, sizeof(text), "10.1.%d.%d", 1 + i / 250, 1 + i % 250);
		add_backend(text, SHUNT_V4, SHUNT_FORWARD_DIRECT);
	}
	start = clock_now_ms();
	h = follow();
	took = clock_now_ms() - start;
	for (int i = 1; i <= MANY; i++)
		cr_assert_eq(maps.leg[i][SHUNT_V4].hop.dmac[5], 9);
	cr_assert_lt(took, 500UL, "%lu ms", took);
	start = clock_now_ms();
	cr_assert_eq(hops_follow(h, &plan, clock_now_ms()), 0);
	took = clock_now_ms() - start;
	cr_assert_lt(took, 500UL, "again: %lu ms", took);
	cr_assert_eq(maps.writes, MANY);
	fprintf(stderr, "%lu ms for %d\n", took, MANY);
	stop(h);
}
