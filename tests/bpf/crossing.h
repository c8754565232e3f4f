/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots in transition: a rig, the model beside it, and the check that program
 * and model agree about a packet: where it went, to the byte, and what is now
 * remembered of its flow, to the bit.
 *
 * The process stays on one CPU, so that there is one budget of pins.
 */
#ifndef TESTS_BPF_CROSSING_H
#define TESTS_BPF_CROSSING_H

#include "flow_model.h"
#include "rig.h"

/*
 * The services, by port: TCP and UDP, on SHOP4 and SHOP6. Of a port all share a table;
 * PLAIN and UDP_MOVES share theirs, and BOTH has one for each family. Those on SHOP6
 * have another block of backends than those on SHOP4, in which members are the same.
 */
enum crossing_port {
	CROSSING_PLAIN = 80,
	CROSSING_TRACKED,
	CROSSING_UDP_MOVES,
	CROSSING_BOTH,
	CROSSING_COUNTED,
	CROSSING_TURNS,
	CROSSING_PORT_END,
};

/* Slots of the table that PLAIN has. The others' are larger. */
#define CROSSING_SLOTS SHUNT_MIN_SLOTS

#define CROSSING_BASE4 1000
#define CROSSING_BASE6 39000 /* more than 15 bits */

/* The members of each block. */
enum crossing_member {
	CROSSING_LIVE = 1, /* from here to CROSSING_ONLY_V4 */
	CROSSING_ONLY_V4 = 7, /* no leg for the other family */
	CROSSING_ONLY_V6,
	CROSSING_DEAD, /* both legs say so */
	CROSSING_GONE, /* an entry without legs */
	CROSSING_MEMBERS,
	CROSSING_NEVER = 20000, /* beyond the map in one block, an empty entry in the other */
};

/**
 * struct crossing_flow - a flow, and the text its packets point to
 * @packet: its packets are made from this
 * @table, @slot: where its slot is
 * @base, @service_flags: of its service
 */
struct crossing_flow {
	char src[48];
	struct packet packet;
	__u64 hash;
	struct slot_table table;
	__u32 slot;
	__u32 base;
	__u32 service_flags;
};

/**
 * struct crossing - program and model
 * @effect: what the last packet should have done
 */
struct crossing {
	struct rig *rig;
	struct flow_model model;
	struct shunt_flow_line flows[WORLD_FLOW_LINES];
	__u8 marks[WORLD_FLOW_LINES];
	struct shunt_flow_line fresh[SHUNT_FRESH_LINES];
	struct shunt_load loads[WORLD_BACKENDS];
	struct flow_effect effect;
	struct shunt_pin_budget *budgets; /* room for a read, one a CPU */
	int cpu;
};

/* crossing_town.c */
void crossing_build_town(struct world *w);

/* The program over @w, which has the services and backends of that town. */
struct crossing *crossing_open(const struct world *w);
/* Over the town itself, after @change if that is not NULL. */
struct crossing *crossing_open_town(void (*change)(struct world *w));
void crossing_close(struct crossing *t);
static inline void crossing_closep(struct crossing **t)
{
	crossing_close(*t);
}

#define _cleanup_crossing_ _cleanup_(crossing_closep)

/* The hash of a flow from @src, to the VIP of its family. */
__u64 crossing_hash(const struct crossing *t, const struct shunt_addr *src, __u16 sport,
		    enum crossing_port port, __u8 proto);
/* A flow of packets like this one, to the VIP of its family; @like->dst does not count. */
void crossing_flow(const struct crossing *t, const struct packet *like, struct crossing_flow *f);
/* An IPv6 flow with this hash. */
void crossing_forge(const struct crossing *t, __u64 hash, enum crossing_port port, __u8 proto,
		    struct crossing_flow *f);

/* An ICMP error of a router, about a packet of that flow that came from the VIP: @sent, which
 * @error points to. */
void crossing_error(const struct crossing_flow *f, struct packet *sent, struct packet *error);

/* The same in the program and in the model. What is put into a slot of a flow is so for all
 * flows whose tables lie there. */
void crossing_put_word(struct crossing *t, const struct crossing_flow *f, __u32 word);
void crossing_put_halves(struct crossing *t, const struct crossing_flow *f,
			 struct slot_halves halves);
/* The word of its slot. */
__u32 crossing_word(const struct crossing *t, const struct crossing_flow *f);
void crossing_put_backend(struct crossing *t, __u32 id, const struct shunt_backend *b);
/* With as few marks as there can be. */
void crossing_put_flow_line(struct crossing *t, __u32 index, const struct shunt_flow_line *line);
void crossing_put_marks(struct crossing *t, __u32 index, __u8 marks);
void crossing_put_fresh_line(struct crossing *t, __u32 index, const struct shunt_flow_line *line);
void crossing_put_budget(struct crossing *t, const struct shunt_pin_budget *budget);

/* A flow is remembered since @time_s, at backend @id. */
void crossing_pin(struct crossing *t, const struct crossing_flow *f, __u32 id, __u32 time_s);
void crossing_note(struct crossing *t, const struct crossing_flow *f, __u32 id, __u32 time_s);

/* All that is remembered. */
void crossing_forget(struct crossing *t);

/* The id of the backend that the program remembers for a flow; 0 for none. */
__u32 crossing_pinned(const struct crossing *t, const struct crossing_flow *f);
__u32 crossing_noted(const struct crossing *t, const struct crossing_flow *f);

/**
 * crossing_check() - one packet of a flow through the program and the model
 * @p: made from @f->packet, or by crossing_error()
 *
 * Return: false, and why on stderr, if anything differs.
 */
bool crossing_check(struct crossing *t, const struct crossing_flow *f, const struct packet *p);

/* One packet, with these TCP flags, checked. Return: the member that it went to, 0 for none. */
__u32 crossing_send(struct crossing *t, const struct crossing_flow *f, __u16 flags);

/* All that is remembered, also where no packet should have written. */
bool crossing_check_all(const struct crossing *t);

#endif /* TESTS_BPF_CROSSING_H */
