/* SPDX-License-Identifier: BSD-2-Clause */
#include "crossing.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "shunt/hash.h"

/* --- program and model -------------------------------------------------------- */

static int stay_on_this_cpu(void)
{
	const int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	return cpu;
}

struct crossing *crossing_open(const struct world *w)
{
	struct crossing *t = calloc(1, sizeof(*t));

	cr_assert(t);
	t->cpu = stay_on_this_cpu();
	t->rig = rig_open_world(w);
	t->budgets = calloc(dp_cpus(t->rig->dp), sizeof(*t->budgets));
	cr_assert(t->budgets);
	t->model = (struct flow_model){
		.rodata = w->rodata,
		.backends = t->rig->world.backends,
		.n_backends = WORLD_BACKENDS,
		.flows = t->flows,
		.marks = t->marks,
		.fresh = t->fresh,
		.loads = t->loads,
	};
	cr_assert_lt(w->rodata.flow_mask, WORLD_FLOW_LINES);
	return t;
}

void crossing_close(struct crossing *t)
{
	if (!t)
		return;
	rig_close(t->rig);
	free(t->budgets);
	free(t);
}

static const struct world_service *find_service(const struct world *w, const struct shunt_addr *vip,
						__u16 port, __u8 proto)
{
	for (__u32 i = 0; i < w->n_services; i++) {
		const struct shunt_service_key *key = &w->services[i].key;

		if (key->port == htons(port) && key->proto == proto &&
		    !memcmp(&key->vip, vip, sizeof(*vip)))
			return &w->services[i];
	}
	cr_assert_fail("no service on port %u", port);
	return NULL;
}

__u64 crossing_hash(const struct crossing *t, const struct shunt_addr *src, __u16 sport,
		    enum crossing_port port, __u8 proto)
{
	const bool v6 = src->d[0] || src->w[2] != htonl(0xffff);
	const struct shunt_addr dst = frame_addr(v6 ? SHOP6 : SHOP4);
	__be32 ports;

	frame_put16((__u8 *)&ports, sport);
	frame_put16((__u8 *)&ports + 2, port);
	return shunt_hash_flow(t->model.rodata.hash_key, src, &dst, ports, proto, v6);
}

void crossing_flow(const struct crossing *t, const struct packet *like, struct crossing_flow *f)
{
	const struct shunt_addr from = frame_addr(like->src);
	const char *vip = strchr(like->src, ':') ? SHOP6 : SHOP4;
	const struct shunt_addr to = frame_addr(vip);
	const struct world_service *service =
		find_service(&t->rig->world, &to, like->dport, like->proto);

	memset(f, 0, sizeof(*f));
	snprintf(f->src, sizeof(f->src), "%s", like->src);
	f->packet = *like;
	f->packet.src = f->src;
	f->packet.dst = vip;
	f->hash = crossing_hash(t, &from, like->sport, like->dport, like->proto);
	f->table = slot_table_of(&service->to);
	f->slot = (__u32)f->hash % f->table.n;
	f->base = service->to.base;
	f->service_flags = service->flags;
}

void crossing_forge(const struct crossing *t, __u64 hash, enum crossing_port port, __u8 proto,
		    struct crossing_flow *f)
{
	const struct shunt_addr to = frame_addr(SHOP6);
	char text[INET6_ADDRSTRLEN];
	struct packet like = { .src = text, .sport = 40001, .dport = port, .proto = proto };
	struct shunt_addr from;
	__be32 ports;

	frame_put16((__u8 *)&ports, like.sport);
	frame_put16((__u8 *)&ports + 2, port);
	from = forge_source(t->model.rodata.hash_key, hash, &to, ports, proto);
	cr_assert(inet_ntop(AF_INET6, &from, text, sizeof(text)));
	crossing_flow(t, &like, f);
	cr_assert_eq(f->hash, hash, "the hash is not what it was made to be");
}

void crossing_error(const struct crossing_flow *f, struct packet *sent, struct packet *error)
{
	const bool v6 = strchr(f->src, ':');

	*sent = (struct packet){ .src = f->packet.dst, .dst = f->src, .proto = f->packet.proto };
	sent->sport = f->packet.dport;
	sent->dport = f->packet.sport;
	sent->payload = 32;
	*error = (struct packet){ .src = v6 ? "2001:db8:c::1" : "198.51.100.1" };
	error->dst = f->packet.dst;
	error->proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	error->icmp_type = 3; /* time exceeded in the one, unreachable in the other */
	error->quoted = sent;
}

/* --- both at once ------------------------------------------------------------- */

void crossing_put_halves(struct crossing *t, const struct crossing_flow *f,
			 struct slot_halves halves)
{
	slot_table_put(t->rig->world.lines, &f->table, f->slot, halves);
	slot_table_put(dp_lines(t->rig->dp), &f->table, f->slot, halves);
}

void crossing_put_word(struct crossing *t, const struct crossing_flow *f, __u32 word)
{
	crossing_put_halves(t, f, slot_halves(word));
}

__u32 crossing_word(const struct crossing *t, const struct crossing_flow *f)
{
	return slot_word(slot_table_get(t->rig->world.lines, &f->table, f->slot));
}

void crossing_put_backend(struct crossing *t, __u32 id, const struct shunt_backend *b)
{
	t->rig->world.backends[id] = *b;
	dp_put_backend(t->rig->dp, id, b);
}

/* --- the check ---------------------------------------------------------------- */

/* The packet got as far as the slot; what happens to it later changes nothing. */
static bool got_to_slot(enum shunt_reason reason)
{
	switch (reason) {
	case SHUNT_NOT_IP:
	case SHUNT_NOT_UNICAST:
	case SHUNT_NOT_L4:
	case SHUNT_NOT_SERVICE:
	case SHUNT_RUNT:
	case SHUNT_TRUNCATED:
	case SHUNT_BAD_LENGTH:
	case SHUNT_FRAGMENT:
	case SHUNT_EXTENSION:
	case SHUNT_BAD_ICMP:
		return false;
	default:
		return true;
	}
}

static bool line_agrees(const char *what, const struct shunt_flow_line *got,
			const struct shunt_flow_line *want, bool tell)
{
	if (!memcmp(got, want, sizeof(*got)))
		return true;
	for (int i = 0; tell && i < SHUNT_FLOWS_PER_LINE; i++)
		fprintf(stderr, "%s %d: %016llx, not %016llx%s\n", what, i, got->entry[i],
			want->entry[i], got->entry[i] == want->entry[i] ? "" : " <--");
	return false;
}

/* A line of the flow cache, and what is marked in it. */
static bool pins_agree(const struct crossing *t, __u32 index, const struct shunt_flow_line *want,
		       __u8 marks, bool tell)
{
	const __u8 got = dp_marks(t->rig->dp)[index];

	if (tell && got != marks)
		fprintf(stderr, "marks of line %u: %02x, not %02x\n", index, got, marks);
	return line_agrees("pin", &dp_flows(t->rig->dp)[index], want, tell) && got == marks;
}

static bool load_agrees(__u32 id, const struct shunt_load *got, const struct shunt_load *want,
			bool tell)
{
	if (!memcmp(got, want, sizeof(*got)))
		return true;
	if (tell)
		fprintf(stderr, "load of %u: %d active, %u opened, not %d, %u\n", id,
			(int)got->active, got->opened, (int)want->active, want->opened);
	return false;
}

/* Of the block of the flow's service, and of who had it before. */
static bool loads_agree(const struct crossing *t, const struct flow_effect *e, bool tell)
{
	const struct shunt_load *loads = dp_loads(t->rig->dp);
	bool same = true;

	for (__u32 id = e->base; id < e->base + CROSSING_MEMBERS; id++) {
		const struct shunt_load want = flow_model_load(&t->model, e, id);

		same = load_agrees(id, &loads[id], &want, tell) && same;
	}
	return same;
}

/* What is remembered now is what the effect says. */
static bool effect_agrees(const struct crossing *t, const struct flow_effect *e, bool tell)
{
	const struct shunt_pin_budget *budget = &t->budgets[t->cpu];
	const struct flow_lines *at = &e->at;
	bool same = true;

	dp_read_cpu_budgets(t->rig->dp, t->budgets);
	for (int l = 0; l < at->n; l++)
		same = pins_agree(t, at->index[l], &at->line[l], at->marks[l], tell) && same;
	same = line_agrees("note", &dp_fresh(t->rig->dp)[e->fresh_index], &e->fresh, tell) && same;
	same = loads_agree(t, e, tell) && same;
	if (!memcmp(budget, &e->budget, sizeof(*budget)))
		return same;
	if (tell)
		fprintf(stderr, "budget: %u of second %u, not %u of %u\n", budget->used,
			budget->second, e->budget.used, e->budget.second);
	return false;
}

static struct flow_packet describe(const struct crossing *t, const struct crossing_flow *f,
				   const struct packet *p)
{
	const bool tcp = p->proto == IPPROTO_TCP;

	/* An ICMP error is for its flow's service. */
	return (struct flow_packet){
		.hash = f->hash,
		.word = crossing_word(t, f),
		.base = f->base,
		.service_flags = f->service_flags,
		.lines = t->rig->world.lines,
		.table = f->table,
		.proto = f->packet.proto,
		.tcp_flags = tcp ? (__u8)(p->flags ?: FRAME_ACK) : 0,
		.v6 = strchr(p->src, ':'),
		.is_error = p->quoted,
	};
}

/* A packet that never saw its slot leaves all as it was. */
static void expect_nothing(struct crossing *t, const struct crossing_flow *f)
{
	struct flow_effect *e = &t->effect;

	e->at = flow_model_lines(&t->model, f->hash);
	e->fresh = t->fresh[e->fresh_index];
	e->budget = t->model.budget;
	e->begun = e->ended = e->turns = 0;
}

/* The program's clock may have gone on since @before_s: which second did it read? */
static void find_second(struct crossing *t, const struct flow_packet *fp, __u32 before_s)
{
	const __u32 after_s = flow_model_now_s();

	for (__u32 s = before_s; s != after_s && !effect_agrees(t, &t->effect, false); s++)
		flow_model_judge(&t->model, fp, s + 1, &t->effect);
}

/* Reference and model have read the same slot; each knows only a part of what it says. */
static bool verdict_agrees(const struct crossing *t)
{
	const __u32 reference = t->rig->verdict.backend, model = t->effect.backend;

	if (reference == model)
		return true;
	fprintf(stderr, "backend %u by the reference, %u by the model\n", reference, model);
	return false;
}

static void tell(const struct crossing_flow *f, const struct flow_packet *fp)
{
	fprintf(stderr,
		"%s, flags %02x, hash %016llx, slot %u of the table at %u, base %u, word %08x "
		"(state %u, prev %u, cur %u)\n",
		f->src, fp->tcp_flags, f->hash, f->slot, f->table.first, fp->base, fp->word,
		SHUNT_SLOT_STATE(fp->word), SHUNT_SLOT_PREV(fp->word), SHUNT_SLOT_CUR(fp->word));
}

bool crossing_check(struct crossing *t, const struct crossing_flow *f, const struct packet *p)
{
	const struct flow_packet fp = describe(t, f, p);
	const __u32 before_s = flow_model_now_s();
	struct frame in;
	bool agree;

	frame_build(p, &in);
	flow_model_judge(&t->model, &fp, before_s, &t->effect);
	t->rig->world.found = t->effect.backend;
	agree = rig_check(t->rig, &in);
	if (got_to_slot(t->rig->verdict.reason)) {
		agree = verdict_agrees(t) && agree;
		find_second(t, &fp, before_s);
	} else {
		expect_nothing(t, f);
	}
	agree = effect_agrees(t, &t->effect, true) && agree;
	if (!agree)
		tell(f, &fp);
	flow_model_commit(&t->model, &t->effect);
	return agree;
}

__u32 crossing_send(struct crossing *t, const struct crossing_flow *f, __u16 flags)
{
	struct packet p = f->packet;

	p.flags = flags;
	cr_expect(crossing_check(t, f, &p));
	return ref_is_forwarded(t->rig->verdict.reason)
		       ? frame_get16(t->rig->got.data + 4) - f->base
		       : 0;
}

bool crossing_check_all(const struct crossing *t)
{
	const struct shunt_flow_line *fresh = dp_fresh(t->rig->dp);
	bool same = true;

	for (__u32 i = 0; i <= t->model.rodata.flow_mask; i++)
		same = pins_agree(t, i, &t->flows[i], t->marks[i], true) && same;
	for (__u32 i = 0; i < SHUNT_FRESH_LINES; i++)
		same = line_agrees("note", &fresh[i], &t->fresh[i], true) && same;
	for (__u32 id = 0; id < WORLD_BACKENDS; id++)
		same = load_agrees(id, &dp_loads(t->rig->dp)[id], &t->loads[id], true) && same;
	return same;
}
