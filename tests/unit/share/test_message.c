/* SPDX-License-Identifier: BSD-2-Clause */
/* What balancers tell each other, written and read again, and cut anywhere. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "share/message.h"
#include "shunt/conn.h"

static struct shunt_addr addr(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

static struct message_conn conn(uint32_t number, bool v6)
{
	struct message_conn c = {
		.client = { addr(v6 ? "2001:db8:1::2" : "198.51.100.7"), addr("192.0.2.80"),
			    htonl(number << 16 | 80), IPPROTO_TCP },
		.server = { addr("10.2.0.11"), addr(v6 ? "2001:db8:2::5" : "10.2.0.5"),
			    htonl(8080U << 16 | 10000), IPPROTO_TCP },
		.ended = number % 2,
		.flags = { 3, 5 },
		.idle_s = { 7, UINT16_MAX },
		.ip_csum = 0x1234,
		.l4_csum = 0x5678,
		.hop = { 2, 0, 0, 0, 0, 9 },
		.tags = number % 3 ? 0 : 0x8100000a,
	};

	return c;
}

static void put_conns(struct message *m, size_t n)
{
	const struct message_name backend = { MESSAGE_BACKEND, 0x1122334455667788, 64 };
	const struct message_name iface = { MESSAGE_INTERFACE, 42, 0 };

	for (size_t i = 0; i < n; i++) {
		struct message_conn c = conn(1 + i, i % 2);

		c.backend = message_put_name(m, &backend);
		c.interface = message_put_name(m, &iface);
		m->conns[m->n_conns++] = c;
	}
}

/* One with everything in it. */
static struct message full(void)
{
	struct message m = { .has_hello = true,
			     .has_round = true,
			     .has_piece = true,
			     .piece = { 12345, 17 },
			     .wants = { 6, 7, 8 },
			     .n_wants = 3,
			     .hello = { "10.0.0.1:7946", 10 },
			     .round = 12345,
			     .asks = { { 1, 2 }, { 3, 4 } },
			     .n_asks = 2,
			     .proofs = { 5 },
			     .n_proofs = 1,
			     .flow_lines = 65536,
			     .flow_key = 99 };

	put_conns(&m, 5);
	/* The order of others stays. */
	m.conns[4].is_spliced = true;
	m.conns[4].seq = (struct shunt_conn_seq){ 0xdeadbeef, 0x80000001 };
	m.flows[0] = (struct message_flow){ 0, true, 17, 65535, 0xdeadbeef };
	m.flows[1] = (struct message_flow){ 0, false, 0x7fff, 0, 1 };
	m.n_flows = 2;
	return m;
}

Test(message, comes_back_as_it_was)
{
	struct message m = full(), back;
	uint8_t bytes[MESSAGE_BYTES], same[MESSAGE_BYTES];
	const size_t n = message_write(&m, bytes);

	cr_assert_eq(message_parse(&back, bytes, n), 0);
	cr_expect_eq(memcmp(&m.hello, &back.hello, sizeof(m.hello)), 0);
	cr_expect(back.has_hello && back.has_round);
	cr_expect_eq(back.round, 12345);
	cr_expect(back.has_piece);
	cr_expect_eq(back.piece.round, 12345);
	cr_expect_eq(back.piece.index, 17);
	cr_assert_eq(back.n_wants, 3);
	cr_expect_eq(back.wants[2], 8);
	cr_expect_eq(back.n_asks, 2);
	cr_expect_eq(back.asks[1].nonce, 4);
	cr_expect_eq(back.proofs[0], 5);
	cr_expect_eq(back.n_names, 2);
	cr_expect_eq(back.names[0].base, 64);
	cr_expect_eq(back.names[0].id, m.names[0].id);
	cr_assert_eq(back.n_conns, 5);
	cr_expect(shunt_tuple_is_equal(&back.conns[4].client, &m.conns[4].client));
	cr_expect(shunt_tuple_is_equal(&back.conns[3].server, &m.conns[3].server));
	cr_expect(back.conns[0].ended && !back.conns[1].ended);
	cr_expect_eq(back.conns[2].tags, 0x8100000a);
	cr_expect_not(back.conns[3].is_spliced);
	cr_expect(back.conns[4].is_spliced);
	cr_expect_eq(back.conns[4].seq.client_isn, 0xdeadbeef);
	cr_expect_eq(back.conns[4].seq.ours, 0x80000001);
	cr_expect_eq(back.conns[2].idle_s[SHUNT_TO_CLIENT], UINT16_MAX);
	cr_expect_eq(back.conns[2].flags[SHUNT_TO_SERVER], 3);
	cr_expect_eq(back.conns[2].l4_csum, 0x5678);
	cr_expect_eq(back.conns[2].hop[5], 9);
	cr_expect_eq(back.flow_lines, 65536);
	cr_expect_eq(back.flow_key, 99);
	cr_assert_eq(back.n_flows, 2);
	cr_expect_eq(back.flows[0].tag, 0xdeadbeef);
	cr_expect_eq(back.flows[0].line, 65535);
	cr_expect(back.flows[0].closing);
	cr_expect_eq(back.flows[1].age_s, 0x7fff);
	cr_expect_not(back.flows[1].closing);
	cr_expect_eq(message_write(&back, same), n);
	cr_expect_eq(memcmp(same, bytes, n), 0);
}

/* At the end of a part it is whole, but shorter. */
Test(message, survives_every_cut)
{
	struct message m = full(), back;
	uint8_t bytes[MESSAGE_BYTES];
	const size_t n = message_write(&m, bytes);
	unsigned int whole = 0;

	for (size_t cut = 0; cut < n; cut++) {
		const int err = message_parse(&back, bytes, cut);

		cr_assert(err == 0 || err == -EBADMSG);
		whole += !err;
	}
	cr_expect_eq(whole, 10);
}

Test(message, steps_over_what_it_does_not_know)
{
	uint8_t bytes[] = { 200, 0, 2, 1, 2, 7, 0, 4, 0, 0, 0, 9 };
	struct message m;

	cr_assert_eq(message_parse(&m, bytes, sizeof(bytes)), 0);
	cr_expect_eq(m.round, 9);
}

Test(message, names_have_to_be_there)
{
	struct message m = full(), back;
	uint8_t bytes[MESSAGE_BYTES];

	m.conns[3].backend = 1;
	cr_expect_eq(message_parse(&back, bytes, message_write(&m, bytes)), -EBADMSG);
	m.conns[3].backend = 2;
	cr_expect_eq(message_parse(&back, bytes, message_write(&m, bytes)), -EBADMSG);
	m.conns[3].backend = 0;
	m.flows[1].line = 65536;
	cr_expect_eq(message_parse(&back, bytes, message_write(&m, bytes)), -EBADMSG);
}

Test(message, refuses_what_is_no_connection)
{
	struct message m = full(), back;
	uint8_t bytes[MESSAGE_BYTES];

	m.conns[0].server.ports = 0;
	cr_expect_eq(message_parse(&back, bytes, message_write(&m, bytes)), -EBADMSG);
	m = full();
	m.conns[0].client.proto = IPPROTO_ICMP;
	cr_expect_eq(message_parse(&back, bytes, message_write(&m, bytes)), -EBADMSG);
	m = full();
	strcpy(m.hello.name, "a\nb");
	cr_expect_eq(message_parse(&back, bytes, message_write(&m, bytes)), -EBADMSG);
}

/* One more connection, of a backend and an interface that nobody spoke of. False: no room. */
static bool add_conn(struct message *m, bool v6, uint64_t id)
{
	const struct message_name name = { MESSAGE_BACKEND, id, 1 };
	const struct message_name iface = { MESSAGE_INTERFACE, id, 1 };
	struct message_conn c = conn(3, v6);

	c.is_spliced = m->n_conns % 2;
	if (!message_fits_conn(m, &c, message_lacks_name(m, &name) + message_lacks_name(m, &iface)))
		return false;
	c.backend = message_put_name(m, &name);
	c.interface = message_put_name(m, &iface);
	m->conns[m->n_conns++] = c;
	return true;
}

static bool add_flow(struct message *m, uint64_t id)
{
	const struct message_name name = { MESSAGE_BACKEND, id, 1 };

	if (!message_fits_flow(m, message_lacks_name(m, &name)))
		return false;
	m->flows[m->n_flows++].backend = message_put_name(m, &name);
	return true;
}

/* Whatever it was filled with it is as long as a datagram takes. */
Test(message, is_never_too_long)
{
	for (unsigned int way = 0; way < 6; way++) {
		struct message m = { .flow_lines = 64,
				     .n_asks = MESSAGE_MAX_PEERS,
				     .n_proofs = MESSAGE_MAX_PEERS,
				     .has_piece = true,
				     .has_round = true },
			       back;
		uint8_t bytes[MESSAGE_BYTES];
		/* Of one backend, or each of another one. */
		const bool differ = way % 2;
		uint64_t id = 1;

		while (way < 4 ? add_conn(&m, way / 2, id) : add_flow(&m, id))
			id += differ;
		cr_expect_gt(m.n_conns + m.n_flows, 5);
		cr_assert_eq(message_parse(&back, bytes, message_write(&m, bytes)), 0);
		cr_expect_eq(back.n_conns, m.n_conns);
		cr_expect_eq(back.n_flows, m.n_flows);
	}
}
