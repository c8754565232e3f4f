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
		.fresh = t->fresh,
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

/* As few as there can be: what is not marked is not looked for. */
static __u8 marks_of(const struct shunt_flow_line *line)
{
	__u8 marks = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (line->entry[i])
			marks |= 1 << (line->entry[i] >> 61);
	return marks;
}

void crossing_put_flow_line(struct crossing *t, __u32 index, const struct shunt_flow_line *line)
{
	t->flows[index] = *line;
	dp_flows(t->rig->dp)[index] = *line;
	dp_marks(t->rig->dp)[index] = marks_of(line);
}

void crossing_put_fresh_line(struct crossing *t, __u32 index, const struct shunt_flow_line *line)
{
	t->fresh[index] = *line;
	dp_fresh(t->rig->dp)[index] = *line;
}

void crossing_put_budget(struct crossing *t, const struct shunt_pin_budget *budget)
{
	t->model.budget = *budget;
	t->budgets[t->cpu] = *budget;
	dp_put_cpu_budgets(t->rig->dp, t->budgets);
}

void crossing_forget(struct crossing *t)
{
	memset(t->flows, 0, sizeof(t->flows));
	memset(t->fresh, 0, sizeof(t->fresh));
	memset(dp_flows(t->rig->dp), 0, (t->model.rodata.flow_mask + 1) * sizeof(t->flows[0]));
	memset(dp_fresh(t->rig->dp), 0, sizeof(t->fresh));
	memset(dp_marks(t->rig->dp), 0, t->model.rodata.flow_mask + 1);
}

static __u32 flow_index(const struct crossing *t, const struct crossing_flow *f)
{
	return f->hash >> 32 & t->model.rodata.flow_mask;
}

static __u32 fresh_index(const struct crossing_flow *f)
{
	return (f->hash >> 32) % SHUNT_FRESH_LINES;
}

void crossing_pin(struct crossing *t, const struct crossing_flow *f, __u32 id, __u32 time_s)
{
	struct shunt_flow_line line = t->flows[flow_index(t, f)];

	flow_model_pin(&line, (__u32)f->hash, id, time_s);
	crossing_put_flow_line(t, flow_index(t, f), &line);
}

void crossing_note(struct crossing *t, const struct crossing_flow *f, __u32 id, __u32 time_s)
{
	struct shunt_flow_line line = t->fresh[fresh_index(f)];

	flow_model_note(&line, (__u32)f->hash, id, time_s);
	crossing_put_fresh_line(t, fresh_index(f), &line);
}

static __u32 backend_in(const struct shunt_flow_line *line, const struct crossing_flow *f)
{
	const __u64 *entry = flow_model_find(line, (__u32)f->hash);

	return entry ? SHUNT_FLOW_BACKEND(*entry) : 0;
}

__u32 crossing_pinned(const struct crossing *t, const struct crossing_flow *f)
{
	return backend_in(&dp_flows(t->rig->dp)[flow_index(t, f)], f);
}

__u32 crossing_noted(const struct crossing *t, const struct crossing_flow *f)
{
	return backend_in(&dp_fresh(t->rig->dp)[fresh_index(f)], f);
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

/* What is remembered now is what the effect says. */
static bool effect_agrees(const struct crossing *t, const struct flow_effect *e, bool tell)
{
	const struct shunt_pin_budget *budget = &t->budgets[t->cpu];
	bool same;

	dp_read_cpu_budgets(t->rig->dp, t->budgets);
	same = line_agrees("pin", &dp_flows(t->rig->dp)[e->flow_index], &e->flow, tell);
	same = line_agrees("note", &dp_fresh(t->rig->dp)[e->fresh_index], &e->fresh, tell) && same;
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

	return (struct flow_packet){
		.hash = f->hash,
		.word = crossing_word(t, f),
		.base = f->base,
		.service_flags = f->service_flags,
		.proto = p->proto,
		.tcp_flags = tcp ? (__u8)(p->flags ?: FRAME_ACK) : 0,
		.v6 = strchr(p->src, ':'),
	};
}

/* A packet that never saw its slot leaves all as it was. */
static void expect_nothing(struct crossing *t)
{
	struct flow_effect *e = &t->effect;

	e->flow = t->flows[e->flow_index];
	e->fresh = t->fresh[e->fresh_index];
	e->budget = t->model.budget;
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
		expect_nothing(t);
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

/* The program has marked what it entered. */
static bool is_marked(const struct crossing *t, __u32 line)
{
	const __u8 missing = marks_of(&dp_flows(t->rig->dp)[line]) & ~dp_marks(t->rig->dp)[line];

	cr_expect(!missing, "line %u of the flow cache lacks marks 0x%02x", line, missing);
	return !missing;
}

bool crossing_check_all(const struct crossing *t)
{
	const struct shunt_flow_line *flows = dp_flows(t->rig->dp), *fresh = dp_fresh(t->rig->dp);
	bool same = true;

	for (__u32 i = 0; i <= t->model.rodata.flow_mask; i++)
		same = line_agrees("pin", &flows[i], &t->flows[i], true) && is_marked(t, i) && same;
	for (__u32 i = 0; i < SHUNT_FRESH_LINES; i++)
		same = line_agrees("note", &fresh[i], &t->fresh[i], true) && same;
	return same;
}
