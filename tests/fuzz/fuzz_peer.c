/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as what a peer tells. What is understood is written as it was, names lead
 * nowhere else than to names, and nothing is longer than a datagram.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "share/message.h"

static void look(const struct message *m)
{
	require(m->n_names <= MESSAGE_MAX_NAMES && m->n_conns <= MESSAGE_MAX_CONNS);
	require(m->n_flows <= MESSAGE_MAX_FLOWS && m->n_asks <= MESSAGE_MAX_PEERS);
	require(m->n_proofs <= MESSAGE_MAX_PEERS && m->n_wants <= MESSAGE_MAX_PEERS);
	require(memchr(m->hello.name, 0, sizeof(m->hello.name)));
	for (size_t i = 0; i < m->n_conns; i++) {
		require(m->conns[i].backend < m->n_names && m->conns[i].interface < m->n_names);
		require(m->conns[i].server.ports && m->conns[i].client.ports);
	}
	for (size_t i = 0; i < m->n_flows; i++)
		require(m->flows[i].backend < m->n_names && m->flows[i].line < m->flow_lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message m, again;
	uint8_t bytes[MESSAGE_BYTES], same[MESSAGE_BYTES];
	size_t n;
	int err;

	if (size > MESSAGE_BYTES)
		return 0;
	err = message_parse(&m, data, size);
	require(err == 0 || err == -EBADMSG);
	if (err)
		return 0;
	look(&m);
	/* Parts may have come in pieces, so it may be shorter, but never longer. */
	n = message_write(&m, bytes);
	require(message_parse(&again, bytes, n) == 0);
	require(again.n_conns == m.n_conns && again.n_flows == m.n_flows);
	require(message_write(&again, same) == n && !memcmp(same, bytes, n));
	return 0;
}
