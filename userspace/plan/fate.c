/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/fate.h"

struct admin_entry fate_word(const struct admin_entry *said, const struct plan_condition *c)
{
	static const enum admin_state wishes[HEALTH_AGENT_STATES] = {
		[HEALTH_AGENT_DRAIN] = ADMIN_DRAIN,
		[HEALTH_AGENT_MAINT] = ADMIN_MAINT,
	};
	struct admin_entry word = { .weight = -1, .weight_percent = -1 };

	if (said)
		word = *said;
	if (c->agent == HEALTH_AGENT_SILENT)
		return word;
	if (word.state == ADMIN_ENABLED)
		word.state = wishes[c->agent];
	if (word.weight < 0 && word.weight_percent < 0)
		word.weight_percent = c->agent_percent;
	return word;
}

/* When nobody waits for them any more. Connections of nat cannot move. */
static enum fate fate_in_the_end(const struct conf_service *service)
{
	if (service->on_down == CONF_ON_DOWN_RESET)
		return FATE_RESET;
	return conf_forward_is_nat(service->forward) && service->on_down != CONF_ON_DOWN_KEEP
		       ? FATE_RESET
		       : FATE_MOVED;
}

enum fate fate_of(const struct conf_service *service, const struct plan_condition *c,
		  const struct admin_entry *word)
{
	if (word->state == ADMIN_MAINT)
		return fate_in_the_end(service);
	if (service->on_down == CONF_ON_DOWN_KEEP)
		return FATE_KEPT;
	if (c->is_over)
		return fate_in_the_end(service);
	if (c->health != HEALTH_DOWN || service->on_down == CONF_ON_DOWN_DRAIN)
		return FATE_KEPT;
	return service->on_down == CONF_ON_DOWN_RESET ? FATE_RESET : FATE_MOVED;
}
