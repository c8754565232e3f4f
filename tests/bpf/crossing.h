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

#define CROSSING_SLOTS SHUNT_MIN_SLOTS

/* The services, by port: TCP and UDP, on SHOP4 and SHOP6; each has its table. */
enum crossing_port {
	CROSSING_PLAIN = 80,
	CROSSING_TRACKED,
	CROSSING_UDP_MOVES,
	CROSSING_BOTH,
	CROSSING_PORT_END,
};

/* The backends. */
enum crossing_backend {
	CROSSING_LIVE = 1, /* from here to CROSSING_ONLY_V4 */
	CROSSING_ONLY_V4 = 7, /* no leg for the other family */
	CROSSING_ONLY_V6,
	CROSSING_DEAD, /* both legs say so */
	CROSSING_GONE, /* an entry without legs */
	CROSSING_BACKENDS,
	CROSSING_NEVER = WORLD_BACKENDS, /* behind the end of the map */
};

/**
 * struct crossing_flow - a flow, and the text its packets point to
 * @packet: its packets are made from this
 * @slot: in the slots map
 */
struct crossing_flow {
	char src[48];
	struct packet packet;
	__u64 hash;
	__u32 slot;
	__u32 service_flags;
};

/**
 * struct crossing - program and model
 * @words: the slots as they are. In rig->world they say STABLE and what the model
 *	has decided, so that the reference knows nothing of transitions.
 * @effect: what the last packet should have done
 */
struct crossing {
	struct rig *rig;
	struct flow_model model;
	__u32 words[WORLD_TABLES * WORLD_SLOTS];
	struct shunt_flow_line flows[WORLD_FLOW_LINES];
	struct shunt_flow_line fresh[SHUNT_FRESH_LINES];
	struct flow_effect effect;
	struct shunt_pin_budget *budgets; /* room for a read, one a CPU */
	int cpu;
};

void crossing_build_town(struct world *w);

/* The program over @w, which has the services and backends of that town. */
struct crossing *crossing_open(const struct world *w);
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

/* The same in the program and in the model. */
void crossing_put_word(struct crossing *t, __u32 slot, __u32 word);
void crossing_put_backend(struct crossing *t, __u32 id, const struct shunt_backend *b);
void crossing_put_flow_line(struct crossing *t, __u32 index, const struct shunt_flow_line *line);
void crossing_put_fresh_line(struct crossing *t, __u32 index, const struct shunt_flow_line *line);
void crossing_put_budget(struct crossing *t, const struct shunt_pin_budget *budget);

/* A flow is remembered since @time_s. */
void crossing_pin(struct crossing *t, const struct crossing_flow *f, __u32 backend, __u32 time_s);
void crossing_note(struct crossing *t, const struct crossing_flow *f, __u32 backend, __u32 time_s);

/* The backend that the program remembers for a flow; 0 for none. */
__u32 crossing_pinned(const struct crossing *t, const struct crossing_flow *f);
__u32 crossing_noted(const struct crossing *t, const struct crossing_flow *f);

/**
 * crossing_check() - one packet of a flow through the program and the model
 * @p: made from @f->packet
 *
 * Return: false, and why on stderr, if anything differs.
 */
bool crossing_check(struct crossing *t, const struct crossing_flow *f, const struct packet *p);

/* All that is remembered, also where no packet should have written. */
bool crossing_check_all(const struct crossing *t);

#endif /* TESTS_BPF_CROSSING_H */
