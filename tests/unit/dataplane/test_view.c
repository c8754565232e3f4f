/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <linux/neighbour.h>
#include <string.h>

#include "dataplane/view.h"
#include "net/addr.h"

static struct shunt_addr address(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

static struct netlink_event link_event(int ifindex, uint32_t mtu)
{
	return (struct netlink_event){ .kind = NETLINK_LINK,
				       .link = { .ifindex = ifindex, .mtu = mtu, .up = true } };
}

static struct netlink_event addr_event(int ifindex, const char *text, bool usable)
{
	return (struct netlink_event){
		.kind = NETLINK_ADDR,
		.addr = { .ifindex = ifindex, .addr = address(text), .usable = usable }
	};
}

static struct netlink_event neigh_event(int ifindex, const char *text, uint8_t mac)
{
	return (struct netlink_event){ .kind = NETLINK_NEIGH,
				       .neigh = { .ifindex = ifindex,
						  .addr = address(text),
						  .mac = { 2, 0, 0, 0, 0, mac },
						  .has_mac = mac != 0 } };
}

Test(view, links_come_change_and_go)
{
	struct view v = { 0 };
	struct netlink_event ev;

	for (int i = 9; i > 0; i--) {
		ev = link_event(i, 1500);
		cr_assert_eq(view_update(&v, &ev), VIEW_ROUTES);
	}
	cr_assert_eq(view_update(&v, &ev), VIEW_SAME, "told again");
	ev = link_event(5, 9000);
	cr_assert_eq(view_update(&v, &ev), VIEW_ROUTES);
	cr_assert_eq(view_link(&v, 5)->mtu, 9000U);
	ev.gone = true;
	cr_assert_eq(view_update(&v, &ev), VIEW_ROUTES);
	cr_assert_eq(view_update(&v, &ev), VIEW_SAME);
	cr_assert_null(view_link(&v, 5));
	for (int i = 1; i <= 9; i++)
		cr_assert_eq(view_link(&v, i) != NULL, i != 5);
	view_free(&v);
}

Test(view, the_source_is_the_first_usable_address_of_the_family)
{
	static const struct {
		const char *text;
		int ifindex;
		bool usable;
	} addrs[] = { { "192.0.2.9", 2, true },	   { "198.51.100.1", 1, false },
		      { "198.51.100.2", 1, true }, { "fe80::1", 1, false },
		      { "2001:db8::1", 1, true },  { "198.51.100.3", 1, true } };
	struct shunt_addr want4 = address("198.51.100.2"), want6 = address("2001:db8::1"), got;
	struct view v = { 0 };
	struct netlink_event ev;

	for (size_t i = 0; i < 6; i++) {
		ev = addr_event(addrs[i].ifindex, addrs[i].text, addrs[i].usable);
		cr_assert_eq(view_update(&v, &ev), VIEW_ROUTES);
	}
	got = view_source(&v, 1, true);
	cr_assert(addr_is_equal(&got, &want4));
	got = view_source(&v, 1, false);
	cr_assert(addr_is_equal(&got, &want6));
	got = view_source(&v, 2, false);
	cr_assert(addr_is_unspecified(&got));

	/* It goes; the next one takes its place. */
	ev = addr_event(1, "198.51.100.2", true);
	ev.gone = true;
	cr_assert_eq(view_update(&v, &ev), VIEW_ROUTES);
	want4 = address("198.51.100.3");
	got = view_source(&v, 1, true);
	cr_assert(addr_is_equal(&got, &want4));
	view_free(&v);
}

Test(view, a_neighbour_falls_silent_and_answers_again)
{
	struct view_neigh want = { .ifindex = 1, .addr = address("192.0.2.1") };
	struct netlink_event here = neigh_event(1, "192.0.2.1", 1);
	struct netlink_event failed = neigh_event(1, "192.0.2.1", 0);
	const struct view_neigh *n;
	struct view v = { 0 };
	bool added;

	failed.neigh.state = NUD_FAILED;
	cr_assert_eq(view_watch(&v, &want, 1, &added), 0);
	n = view_neigh(&v, 1, &want.addr);
	cr_assert_eq(view_update(&v, &failed), VIEW_SAME, "it never answered");
	cr_assert_not(n->is_silent);
	cr_assert_eq(view_update(&v, &here), VIEW_NEIGH);
	cr_assert_eq(view_update(&v, &failed), VIEW_NEIGH);
	cr_assert(n->is_silent);
	cr_assert_eq(n->mac[5], 1, "what is known of it stays");
	cr_assert_eq(view_update(&v, &failed), VIEW_SAME, "told again");
	cr_assert_eq(view_update(&v, &here), VIEW_NEIGH, "the same address as before");
	cr_assert_not(n->is_silent);
	view_free(&v);
}

Test(view, only_watched_neighbours_count_and_keep_their_last_mac)
{
	struct view_neigh want[] = { { .ifindex = 2, .addr = address("192.0.2.2") },
				     { .ifindex = 1, .addr = address("192.0.2.1") },
				     { .ifindex = 1, .addr = address("192.0.2.1") } };
	struct shunt_addr one = address("192.0.2.1");
	struct netlink_event ev = neigh_event(1, "192.0.2.1", 1);
	struct view v = { 0 };
	bool added;

	cr_assert_eq(view_update(&v, &ev), VIEW_SAME, "not watched");
	cr_assert_eq(view_watch(&v, want, 3, &added), 0);
	cr_assert(added);
	cr_assert_eq(v.n_neighs, 2UL, "each once");
	cr_assert_eq(view_update(&v, &ev), VIEW_NEIGH);
	cr_assert_eq(view_update(&v, &ev), VIEW_SAME, "told again");

	ev = neigh_event(1, "192.0.2.1", 0);
	cr_assert_eq(view_update(&v, &ev), VIEW_SAME, "gone");
	cr_assert(view_neigh(&v, 1, &one)->has_mac);
	ev = neigh_event(1, "192.0.2.1", 7);
	cr_assert_eq(view_update(&v, &ev), VIEW_NEIGH);
	cr_assert_eq(view_neigh(&v, 1, &one)->mac[5], 7);
	cr_assert_null(view_neigh(&v, 2, &one));

	cr_assert_eq(view_watch(&v, &want[0], 1, &added), 0);
	cr_assert_not(added, "it was watched before");
	cr_assert_eq(view_neigh(&v, 1, &one)->mac[5], 7, "and is known");
	view_free(&v);
}
