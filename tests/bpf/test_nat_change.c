/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of connections when their ends, their backends or their paths change. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat_town.h"

#define FIN_ACK (FRAME_FIN | FRAME_ACK)
#define SYN_ACK (FRAME_SYN | FRAME_ACK)

static enum shunt_reason answer(struct nat_town *t, __u32 record, __u16 flags)
{
	const struct shunt_conn conn = nat_conn(t, record);
	struct frame f;

	nat_answer_frame(&conn, flags, 33, &f);
	return nat_send_frame(t, &f);
}

static enum shunt_reason request(struct nat_town *t, struct packet p, __u16 flags)
{
	p.flags = flags;
	return nat_send(t, &p);
}

/* --- ends ------------------------------------------------------------------------------ */

static void close_by_fins(struct nat_town *t, const struct packet *p, __u32 r)
{
	cr_assert_eq(request(t, *p, FIN_ACK), SHUNT_FORWARDED);
	cr_assert_eq(answer(t, r, FIN_ACK), SHUNT_FORWARDED);
}

/* fullnat: another record, another port; the old one still has its server's packets. */
Test(nat_change, begins_anew_where_a_connection_is_closed)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 old = nat_connect(t, &p);
	__u32 new;

	close_by_fins(t, &p, old);
	cr_expect_eq(request(t, p, FRAME_ACK), SHUNT_FORWARDED);
	cr_expect_eq(nat_record(t, &p), old);
	new = nat_connect(t, &p);
	cr_expect_neq(new, old);
	cr_expect_neq(nat_conn(t, new).port_bit, nat_conn(t, old).port_bit);
	cr_expect_eq(answer(t, old, FRAME_ACK), SHUNT_FORWARDED);
	cr_expect_eq(answer(t, new, SYN_ACK), SHUNT_FORWARDED);
	nat_collect(t, old);
	cr_expect_eq(nat_record(t, &p), new);
	cr_expect_eq(nat_count_conns(t), 1);
	cr_expect_eq(nat_count_ports(t), 1);
}

/* nat: the same tuple at the server, which the new record takes over. */
Test(nat_change, begins_anew_with_the_same_tuple)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(6, NAT_PLAIN, IPPROTO_TCP, 41000);
	const __u32 old = nat_connect(t, &p);
	__u32 new;

	cr_assert_eq(request(t, p, FRAME_RST), SHUNT_FORWARDED);
	new = nat_connect(t, &p);
	cr_expect_neq(new, old);
	cr_expect_eq(answer(t, new, SYN_ACK), SHUNT_FORWARDED);
	cr_expect_eq(nat_conn(t, new).flags[SHUNT_TO_CLIENT], SHUNT_CONN_SYN);
	cr_expect_eq(nat_conn(t, old).flags[SHUNT_TO_CLIENT], 0);
	nat_collect(t, old);
	cr_expect_eq(answer(t, new, FRAME_ACK), SHUNT_FORWARDED);
	cr_expect_eq(nat_record(t, &p), new);
}

/* Anybody can send a reset with the client's address; whoever goes on has not heeded it. */
Test(nat_change, goes_on_after_a_reset_that_nobody_heeds)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 r = nat_connect(t, &p);
	struct shunt_conn conn;

	cr_assert_eq(answer(t, r, SYN_ACK), SHUNT_FORWARDED);
	cr_assert_eq(request(t, p, FRAME_ACK), SHUNT_FORWARDED);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(request(t, p, FRAME_RST), SHUNT_FORWARDED);
		conn = nat_conn(t, r);
		cr_expect_eq(conns_state(&conn), SHUNT_CONN_CLOSED);
		cr_assert_eq(answer(t, r, FRAME_ACK), SHUNT_FORWARDED);
		conn = nat_conn(t, r);
		cr_expect_eq(conns_state(&conn), SHUNT_CONN_CLOSED, "what the other side sends");
		cr_assert_eq(request(t, p, FRAME_ACK), SHUNT_FORWARDED);
		conn = nat_conn(t, r);
		cr_expect_eq(conns_state(&conn), SHUNT_CONN_ESTABLISHED);
	}
	cr_assert_eq(answer(t, r, FRAME_RST), SHUNT_FORWARDED);
	cr_assert_eq(answer(t, r, FRAME_ACK), SHUNT_FORWARDED);
	conn = nat_conn(t, r);
	cr_expect_eq(conns_state(&conn), SHUNT_CONN_ESTABLISHED);
	cr_expect_eq(nat_record(t, &p), r);
}

/* A SYN that is sent again is no new connection. */
Test(nat_change, goes_on_when_half_closed)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 r = nat_connect(t, &p);

	cr_expect_eq(answer(t, r, FIN_ACK), SHUNT_FORWARDED);
	cr_expect_eq(nat_connect(t, &p), r);
	cr_expect_eq(request(t, p, FRAME_ACK), SHUNT_FORWARDED);
	cr_expect_eq(nat_count_conns(t), 1);
}

/* The server sees one tuple from two services: answers could be for either. */
Test(nat_change, refuses_a_second_connection_with_the_tuple_of_the_first)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_PLAIN, IPPROTO_TCP, 41000);
	struct packet other = p;
	const __u32 r = nat_connect(t, &p);
	__u32 new;

	other.dst = OPEN4;
	cr_expect_eq(nat_send(t, &other), SHUNT_CONNECTION_CLASH);
	cr_expect_eq(nat_count_conns(t), 1);
	cr_expect_eq(nat_record(t, &other), 0);
	cr_expect_eq(answer(t, r, SYN_ACK), SHUNT_FORWARDED);
	cr_expect(nat_went_to_client(t, r));
	other.sport++;
	nat_connect(t, &other);
	other.sport--;
	close_by_fins(t, &p, r);
	new = nat_connect(t, &other);
	cr_expect_eq(answer(t, new, SYN_ACK), SHUNT_FORWARDED);
	cr_expect(nat_went_to_client(t, new));
}

/* --- loads ---------------------------------------------------------------------------- */

static void expect_load(const struct nat_town *t, __u32 active, __u32 opened)
{
	const struct shunt_load *load = &t->conns.loads[NAT_BACKEND_FULL];

	cr_expect_eq(load->active, active, "%u active", load->active);
	cr_expect_eq(load->opened, opened, "%u opened", load->opened);
}

Test(nat_change, counts_connections_until_they_are_closed)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	_cleanup_nat_town_ struct nat_town *t = NULL;
	struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	__u32 r;

	cr_assert(w);
	nat_build_world(w);
	for (__u32 i = 0; i < w->n_services; i++)
		w->services[i].flags |= SHUNT_SERVICE_COUNTED;
	t = nat_town_open_world(w);
	r = nat_connect(t, &p);
	expect_load(t, 1, 1);
	cr_expect_eq(nat_conn(t, r).counted, NAT_BACKEND_FULL);
	p.sport++;
	nat_connect(t, &p);
	p.sport--;
	expect_load(t, 2, 2);
	cr_assert_eq(request(t, p, FIN_ACK), SHUNT_FORWARDED);
	expect_load(t, 2, 2);
	cr_assert_eq(answer(t, r, FIN_ACK), SHUNT_FORWARDED);
	expect_load(t, 1, 2);
	cr_assert_eq(answer(t, r, FRAME_RST), SHUNT_FORWARDED);
	cr_assert_eq(request(t, p, FRAME_RST), SHUNT_FORWARDED);
	expect_load(t, 1, 2);
	cr_expect_eq(nat_conn(t, r).counted, 0);
	nat_connect(t, &p);
	expect_load(t, 2, 3);
}

/* --- backends ------------------------------------------------------------------------- */

/* A flow whose slot is the first backend's. */
static struct packet flow_of_the_first(struct nat_town *t, __u8 proto, __u32 *record)
{
	struct packet p = nat_packet(4, NAT_TWO, proto, 41000);

	do {
		p.sport++;
		*record = nat_connect(t, &p);
	} while (nat_conn(t, *record).backend != NAT_BACKEND_TWO);
	return p;
}

/* Health may err, and what is established is worth more than its word. */
Test(nat_change, keeps_what_is_established_with_a_server_that_is_said_to_be_down)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	struct packet p;
	__u32 r;

	p = flow_of_the_first(t, IPPROTO_TCP, &r);
	nat_put_dead(t, NAT_BACKEND_TWO, true);
	nat_leave_to_the_second(t);
	cr_expect_eq(request(t, p, FRAME_ACK), SHUNT_FORWARDED);
	cr_expect(nat_went_to_server(t, r));
	cr_expect_eq(answer(t, r, FRAME_ACK), SHUNT_FORWARDED);
	r = nat_connect(t, &p);
	cr_expect_eq(nat_conn(t, r).backend, NAT_BACKEND_TWO + 1);
	cr_expect_eq(request(t, p, FRAME_ACK), SHUNT_FORWARDED);
	cr_expect(nat_went_to_server(t, r));
}

Test(nat_change, takes_udp_away_from_a_server_that_is_down)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	struct packet p;
	__u32 r;

	p = flow_of_the_first(t, IPPROTO_UDP, &r);
	nat_put_dead(t, NAT_BACKEND_TWO, true);
	nat_leave_to_the_second(t);
	r = nat_connect(t, &p);
	cr_expect_eq(nat_conn(t, r).backend, NAT_BACKEND_TWO + 1);
	cr_expect_eq(nat_connect(t, &p), r);
}

/* There is nobody else: the flow stays where it is, and takes no more records. */
Test(nat_change, keeps_flows_where_they_are_if_all_are_down)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet udp = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000);
	const struct packet tcp = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 u = nat_connect(t, &udp), c = nat_connect(t, &tcp);

	nat_put_dead(t, NAT_BACKEND_FULL, true);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(nat_connect(t, &udp), u);
		cr_expect_eq(nat_connect(t, &tcp), c);
	}
	cr_expect_eq(nat_count_conns(t), 2);
}

/* The id is another server's now: its packets are not for that one. */
Test(nat_change, ends_with_the_backend)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet tcp = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const struct packet udp = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000);
	const __u32 c = nat_connect(t, &tcp), u = nat_connect(t, &udp);

	t->world.backends[NAT_BACKEND_FULL].leg[SHUNT_V4].addr.b[15] ^= 0x55;
	dp_put_backend(t->dp, NAT_BACKEND_FULL, &t->world.backends[NAT_BACKEND_FULL]);
	cr_expect_eq(request(t, tcp, FRAME_ACK), SHUNT_NO_CONNECTION);
	cr_expect_neq(nat_connect(t, &tcp), c);
	cr_expect_neq(nat_connect(t, &udp), u);
	cr_expect_eq(request(t, tcp, FRAME_ACK), SHUNT_FORWARDED);
	t->world.backends[NAT_BACKEND_FULL].leg[SHUNT_V4].forward = SHUNT_FORWARD_NONE;
	dp_put_backend(t->dp, NAT_BACKEND_FULL, &t->world.backends[NAT_BACKEND_FULL]);
	cr_expect_eq(request(t, tcp, FRAME_ACK), SHUNT_NO_CONNECTION);
	cr_expect_eq(request(t, tcp, FRAME_SYN), SHUNT_NO_LEG);
	cr_expect_eq(nat_send(t, &udp), SHUNT_NO_LEG);
}

/* --- paths ---------------------------------------------------------------------------- */

static void put_record(struct nat_town *t, __u32 r, const struct shunt_conn *conn)
{
	t->conns.records[r] = *conn;
}

Test(nat_change, answers_leave_by_the_interface_of_the_client)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_TCP, 41000);
	const __u32 r = nat_connect(t, &p);
	struct shunt_conn conn = nat_conn(t, r);

	cr_expect_eq(conn.ifindex, WORLD_INGRESS);
	conn.ifindex = 7;
	put_record(t, r, &conn);
	cr_expect_eq(answer(t, r, SYN_ACK), SHUNT_REDIRECTED);
	cr_expect(nat_went_to_client(t, r));
}

/* Not with each packet, but within a second. */
Test(nat_change, follows_the_path_of_the_client)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();
	const struct packet p = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000);
	const __u32 r = nat_connect(t, &p);
	struct shunt_conn conn = nat_conn(t, r);
	struct frame f;

	conn.seen_s[SHUNT_TO_SERVER] -= 2;
	put_record(t, r, &conn);
	frame_build(&p, &f);
	memcpy(f.data + 6, (__u8[6]){ 2, 9, 8, 7, 6, 5 }, 6);
	cr_expect_eq(nat_send_frame(t, &f), SHUNT_FORWARDED);
	cr_expect_eq(answer(t, r, 0), SHUNT_FORWARDED);
	cr_expect_eq(memcmp(t->got.data, (__u8[12]){ 2, 9, 8, 7, 6, 5, 2, 0xd0, 0, 0, 0, 1 }, 12),
		     0);
}

/* The clients' tags are theirs, and the servers' not for them. */
Test(nat_change, tags_of_answers_are_those_of_the_client)
{
	_cleanup_nat_town_ struct nat_town *t = nat_town_open();

	for (int tags = 0; tags <= 2; tags++) {
		struct packet p = nat_packet(4, NAT_FULL, IPPROTO_UDP, 41000 + tags);
		struct frame f, tagged;
		__u32 r;

		p.tags = tags;
		r = nat_connect(t, &p);
		frame_build(&p, &tagged);
		cr_expect_eq(answer(t, r, 0), SHUNT_FORWARDED);
		cr_expect_eq(memcmp(t->got.data + 12, tagged.data + 12, 4 * tags + 2), 0);
		/* And a server's frame that has one. */
		f = t->in;
		memmove(f.data + 16, f.data + 12, f.len - 12);
		memcpy(f.data + 12, (__u8[4]){ 0x81, 0, 0x0f, 0xee }, 4);
		f.len += 4;
		cr_expect_eq(nat_send_frame(t, &f), SHUNT_FORWARDED);
		cr_expect_eq(memcmp(t->got.data + 12, tagged.data + 12, 4 * tags + 2), 0);
		cr_expect_eq(t->got.len, f.len - 4 + 4 * tags);
	}
}

/* One line of the index, which four connections fill. */
static struct nat_town *open_small(void)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));

	cr_assert(w);
	nat_build_world(w);
	w->rodata.conn_mask = 0;
	return nat_town_open_world(w);
}

/* What it would have taken over is as it was: the server may have to say something yet. */
Test(nat_change, a_connection_without_room_takes_nothing)
{
	_cleanup_nat_town_ struct nat_town *t = open_small();
	struct packet p = nat_packet(4, NAT_PLAIN, IPPROTO_TCP, 41000);
	const __u32 old = nat_connect(t, &p);

	close_by_fins(t, &p, old);
	for (p.sport = 41001; p.sport < 41004; p.sport++)
		nat_connect(t, &p);
	p.sport = 41000;
	p.dst = OPEN4;
	cr_expect_eq(nat_send(t, &p), SHUNT_CONNECTIONS_FULL);
	cr_expect_eq(nat_count_conns(t), 4);
	cr_expect_eq(answer(t, old, FIN_ACK), SHUNT_FORWARDED);
	cr_expect(nat_went_to_client(t, old));
}
