/* SPDX-License-Identifier: BSD-2-Clause */
/* What is remembered of flows: in the program and in the model the same, by hand. */
#include <string.h>

#include "crossing.h"

/* As few as there can be: what is not marked is not looked for. */
static __u8 marks_of(const struct shunt_flow_line *line)
{
	__u8 marks = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (line->entry[i])
			marks |= 1 << (line->entry[i] >> 61);
	return marks;
}

void crossing_put_marks(struct crossing *t, __u32 index, __u8 marks)
{
	t->marks[index] = marks;
	dp_marks(t->rig->dp)[index] = marks;
}

void crossing_put_flow_line(struct crossing *t, __u32 index, const struct shunt_flow_line *line)
{
	t->flows[index] = *line;
	dp_flows(t->rig->dp)[index] = *line;
	crossing_put_marks(t, index, marks_of(line));
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
	const struct shunt_flow_line none = {};

	for (__u32 i = 0; i <= t->model.rodata.flow_mask; i++)
		crossing_put_flow_line(t, i, &none);
	memset(t->fresh, 0, sizeof(t->fresh));
	memset(dp_fresh(t->rig->dp), 0, sizeof(t->fresh));
}

static __u32 fresh_index(const struct crossing_flow *f)
{
	return (f->hash >> 32) % SHUNT_FRESH_LINES;
}

void crossing_pin(struct crossing *t, const struct crossing_flow *f, __u32 id, __u32 time_s)
{
	struct flow_lines at = flow_model_lines(&t->model, f->hash);

	flow_model_enter(&at, (__u32)f->hash, id, time_s, true);
	for (int l = 0; l < at.n; l++)
		crossing_put_flow_line(t, at.index[l], &at.line[l]);
}

void crossing_note(struct crossing *t, const struct crossing_flow *f, __u32 id, __u32 time_s)
{
	struct shunt_flow_line line = t->fresh[fresh_index(f)];

	flow_model_note(&line, (__u32)f->hash, id, time_s);
	crossing_put_fresh_line(t, fresh_index(f), &line);
}

/* In either line, so that nothing escapes which no packet would find. */
__u32 crossing_pinned(const struct crossing *t, const struct crossing_flow *f)
{
	const struct flow_lines at = flow_model_lines(&t->model, f->hash);

	for (int l = 0; l < at.n; l++) {
		const struct shunt_flow_line *line = &dp_flows(t->rig->dp)[at.index[l]];
		const __u64 *entry = flow_model_find(line, (__u32)f->hash);

		if (entry)
			return SHUNT_FLOW_BACKEND(*entry);
	}
	return 0;
}

__u32 crossing_noted(const struct crossing *t, const struct crossing_flow *f)
{
	const struct shunt_flow_line *line = &dp_fresh(t->rig->dp)[fresh_index(f)];
	const __u64 *entry = flow_model_find(line, (__u32)f->hash);

	return entry ? SHUNT_FLOW_BACKEND(*entry) : 0;
}
