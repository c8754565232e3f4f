/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How parts of a message lie, for who reads and who writes them. A connection is 30
 * bytes, four addresses, and its VLAN tags if it has some:
 *
 *	is 1 | proto 1 | backend 1 | interface 1 | flags 2 | idle 4 | ports 8 | sums 4 | hop 6 |
 *	pad 2 | client 4/16 | vip 4/16 | server 4/16 | source 4/16 | tags 0/8
 *
 * is: bits 0 to 3: that address has 16 bytes; 4: ended; 5: it has tags. Behind one that is
 * spliced: sequence number of the client 4 | how much more the server counts 4
 *
 * And an entry of the flow cache: backend 1 | line 4 | tag 4 | closing 1 bit, age 15
 */
#ifndef SHARE_MESSAGE_PARTS_H
#define SHARE_MESSAGE_PARTS_H

enum part {
	PART_HELLO = 1,
	PART_ASK,
	PART_PROOF,
	PART_NAMES,
	PART_CONNS,
	PART_FLOWS,
	PART_ROUND,
	PART_PIECE,
	PART_WANT,
	PART_SPLICED,
};

#define PART_HEAD 3
#define NAME_BYTES 11
#define ASK_BYTES 16
#define PROOF_BYTES 8
#define CONN_BYTES 30
#define CONN_ADDRS 4
#define CONN_ENDED (1 << 4)
#define CONN_TAGGED (1 << 5)
#define FLOWS_HEAD 9
#define FLOW_BYTES 11
#define FLOW_CLOSING 0x8000
#define SEQ_BYTES 8
#define ROUND_BYTES 4
#define PIECE_BYTES 8
#define WANT_BYTES 8
/* Of lines of a flow cache: as many as there are at all. */
#define MAX_LINES_LOG2 31

#endif /* SHARE_MESSAGE_PARTS_H */
