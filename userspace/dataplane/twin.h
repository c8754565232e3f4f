/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program once more, in a world of its own: with the constants of the one that
 * packets run through, over the same maps where it only reads, and over copies where
 * it writes. Packets that are run here change nothing and are counted nowhere.
 *
 * Inside the dataplane floor only.
 */
#ifndef DATAPLANE_TWIN_H
#define DATAPLANE_TWIN_H

#include "dataplane/load.h"
#include "shunt/reason.h"
#include "tables/conns.h"

/* More than any packet that is made here, with what is put around it. */
#define TWIN_FRAME_BYTES 512

struct twin_frame {
	size_t len;
	uint8_t data[TWIN_FRAME_BYTES];
};

/**
 * struct twin
 * @rodata: of the program, sizes of maps included
 * @fds: of the maps of the other one, not owned
 * @entries: of each map
 * @real, @own: by map: mappings, of those that can be mapped; the same one where the
 *	map is, and NULL where it cannot
 * @conns: the copies, as tables/conns.h has them
 * @by_cpu: room for a value of a map that each CPU has one of
 */
struct twin {
	struct shunt_rodata rodata;
	struct load *load;
	const int *fds;
	uint32_t entries[LOAD_MAPS];
	void *real[LOAD_MAPS];
	void *own[LOAD_MAPS];
	struct conns conns;
	void *by_cpu;
};

/**
 * twin_open() - load it
 * @fds: LOAD_MAPS of them; to stay open until twin_close()
 * @rodata: of the program that is to be copied
 *
 * Takes as much memory again as the maps that are copied, and the time to load a
 * program: a tenth of a second. Return: 0 or a negative errno, logged.
 */
int twin_open(const int *fds, const struct shunt_rodata *rodata, struct twin **out);
void twin_close(struct twin *t);
static inline void twin_closep(struct twin **t)
{
	twin_close(*t);
}

/* Its copies are what the maps hold now. Return: 0 or a negative errno. */
int twin_fill(struct twin *t);

/**
 * twin_run() - a frame through it
 * @ifindex: of the interface that it comes in by, in this network namespace
 * @frame: in and out
 * @action: XDP_*
 *
 * Return: 0 or a negative errno.
 */
int twin_run(const struct twin *t, int ifindex, struct twin_frame *frame, uint32_t *action);

/*
 * What it has counted, which is 0 again then: the reason that one packet ended for, and
 * whether a backend has got it. 0 or a negative errno; -ENODATA: no packet has ended.
 */
int twin_take_reason(const struct twin *t, enum shunt_reason *out);
int twin_take_packet(const struct twin *t, uint32_t backend_id, bool *out);
/* Ids of the rules of the firewall that the packet has hit; @max at most. Likewise. */
int twin_take_rules(const struct twin *t, uint32_t *rules, size_t max, size_t *n);

#endif /* DATAPLANE_TWIN_H */
