/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots in transition: a rig, the model beside it, and the check that program
 * and model agree about a packet: where it went, to the byte, and what is now
 * remembered of its flow, to the bit.
 *
 * The process stays on one CPU, so that there is one budget of pins.
 */
#ifndef TESTS_BPF_TRANSIT_H
#define TESTS_BPF_TRANSIT_H

#include "flow_model.h"
#include "rig.h"

#define TRANSIT_SLOTS SHUNT_MIN_SLOTS

/* The services, by port: TCP and UDP, on SHOP4 and SHOP6; each has its table. */
enum transit_port {
	TRANSIT_PLAIN = 80,
	TRANSIT_TRACKED,
	TRANSIT_UDP_MOVES,
	TRANSIT_BOTH,
	TRANSIT_PORT_END,
};

/* The backends. */
enum transit_backend {
	TRANSIT_LIVE = 1, /* from here to TRANSIT_ONLY_V4 */
	TRANSIT_ONLY_V4 = 7, /* no leg for the other family */
	TRANSIT_ONLY_V6,
	TRANSIT_DEAD, /* both legs say so */
	TRANSIT_GONE, /* an entry without legs */
	TRANSIT_BACKENDS,
	TRANSIT_NEVER = WORLD_BACKENDS, /* behind the end of the map */
};

/**
 * struct transit_flow - a flow, and the text its packets point to
 * @packet: its packets are made from this
 * @slot: in the slots map
 */
struct transit_flow {
	char src[48];
	struct packet packet;
	__u64 hash;
	__u32 slot;
	__u32 service_flags;
};

/**
 * struct transit - program and model
 * @words: the slots as they are. In rig->world they say STABLE and what the model
 *	has decided, so that the reference knows nothing of transitions.
 * @effect: what the last packet should have done
 */
struct transit {
	struct rig *rig;
	struct flow_model model;
	__u32 words[WORLD_TABLES * WORLD_SLOTS];
	struct shunt_flow_line flows[WORLD_FLOW_LINES];
	struct shunt_flow_line fresh[SHUNT_FRESH_LINES];
	struct flow_effect effect;
	struct shunt_pin_budget *budgets; /* room for a read, one a CPU */
	int cpu;
};

void transit_build_town(struct world *w);

/* The program over @w, which has the services and backends of that town. */
struct transit *transit_open(const struct world *w);
void transit_close(struct transit *t);
static inline void transit_closep(struct transit **t)
{
	transit_close(*t);
}

#define _cleanup_transit_ _cleanup_(transit_closep)

/* A flow from @src (text) and @sport to a service. */
void transit_flow(const struct transit *t, const char *src, __u16 sport, enum transit_port port,
		  __u8 proto, struct transit_flow *f);
/* An IPv6 flow with this hash. */
void transit_forge(const struct transit *t, __u64 hash, enum transit_port port, __u8 proto,
		   struct transit_flow *f);

/* The same in the program and in the model. */
void transit_put_word(struct transit *t, __u32 slot, __u32 word);
void transit_put_backend(struct transit *t, __u32 id, const struct shunt_backend *b);
void transit_put_flow_line(struct transit *t, __u32 index, const struct shunt_flow_line *line);
void transit_put_fresh_line(struct transit *t, __u32 index, const struct shunt_flow_line *line);
void transit_put_budget(struct transit *t, const struct shunt_pin_budget *budget);

/* A flow is remembered since @time_s. */
void transit_pin(struct transit *t, const struct transit_flow *f, __u32 backend, __u32 time_s);
void transit_note(struct transit *t, const struct transit_flow *f, __u32 backend, __u32 time_s);

/* The backend that the program remembers for a flow; 0 for none. */
__u32 transit_pinned(const struct transit *t, const struct transit_flow *f);
__u32 transit_noted(const struct transit *t, const struct transit_flow *f);

/**
 * transit_check() - one packet of a flow through the program and the model
 * @p: made from @f->packet
 *
 * Return: false, and why on stderr, if anything differs.
 */
bool transit_check(struct transit *t, const struct transit_flow *f, const struct packet *p);

/* All that is remembered, also where no packet should have written. */
bool transit_check_all(const struct transit *t);

#endif /* TESTS_BPF_TRANSIT_H */
