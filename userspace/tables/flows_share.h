/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of the flow cache that balancers share (tables/flows.h): which of ours others
 * have not been told of, and entering those that they tell us of. An entry is theirs for
 * as long as it is what they have told, the time included: a packet changes that.
 *
 * Who tells makes an entry a second older than it is: so what goes round among several is
 * never younger than what somebody has seen, and dies out.
 *
 * Pure: lines are memory, be it the mapping of a map.
 */
#ifndef TABLES_FLOWS_SHARE_H
#define TABLES_FLOWS_SHARE_H

#include "tables/flows.h"

/* What became of an entry that a peer has told of. */
enum flows_verdict {
	FLOWS_ENTERED, /* in an empty place */
	FLOWS_REFRESHED, /* in that of an older one, of the same flow or of another */
	FLOWS_OURS, /* what is here is not older */
	FLOWS_OTHER_SIZE, /* it may be of too many lines here */
	FLOWS_VERDICTS,
};

/**
 * struct flows_share - zeroed, then flows_share_init()
 * @n: lines of the cache
 * @notes: by entry: theirs, and the time that they have said; or what of ours was told; or 0
 * @at: line that is looked at next for what is new
 */
struct flows_share {
	size_t n;
	uint16_t *notes;
	size_t at;
};

enum flows_which {
	FLOWS_NEWS, /* what was not told, of it or of its backend */
	FLOWS_ALL,
	FLOWS_EVERY, /* theirs, too, which stay theirs */
};

/* For @n lines. 0 or -ENOMEM, and flows_share_free() has nothing to do. */
int flows_share_init(struct flows_share *s, size_t n);
void flows_share_free(struct flows_share *s);

/**
 * flows_share_look() - entries of ours in a line that are to be told
 * @out: them; others are 0
 *
 * Return: how many.
 */
size_t flows_share_look(const struct flows_share *s, enum flows_which which, size_t at,
			const struct shunt_flow_line *line, uint64_t out[SHUNT_FLOWS_PER_LINE]);

/* They were told. */
void flows_share_told(struct flows_share *s, size_t at, const uint64_t told[SHUNT_FLOWS_PER_LINE]);

/**
 * struct flows_told - an entry as a peer knows it
 * @entry: its backend and its time being ours
 * @line: that it is in, of @lines, a power of two
 */
struct flows_told {
	uint64_t entry;
	size_t line;
	size_t lines;
};

/* A cache may be so many times as large as that of a peer. */
#define FLOWS_SHARE_LARGER 8

/* Where the cache is larger than the peer's it is entered in each line that it may be of. */
enum flows_verdict flows_share_enter(struct flows_share *s, const struct flows_cache *cache,
				     const struct flows_told *told, uint16_t now_s);

#endif /* TABLES_FLOWS_SHARE_H */
