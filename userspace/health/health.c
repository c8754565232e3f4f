/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins the pieces: targets, their schedule, and the links to the probers. Each
 * kind of check belongs to a trade, and each trade has a prober and a queue of
 * its own, so that none waits for what another one does.
 *
 * A target is in one of four places: it waits in the schedule; it is due and
 * stands in a queue, because its prober takes no more just now; it flies, with
 * a deadline in the schedule and a serial in its request; or, without a check,
 * it is nowhere. An answer counts only if its serial is the one that flies, so
 * late, repeated and made-up answers fall through.
 *
 * Times are rounded up to ticks: what is due within one goes to the prober in
 * one system call, and a thousand targets do not mean a thousand wake-ups.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "health/check_sched.h"
#include "health/health.h"
#include "health/health_create.h"
#include "health/health_internal.h"
#include "health/primary.h"
#include "health/prober_link.h"
#include "health/target_queue.h"
#include "health/verdict.h"

#define TICK_MS 10

/* --- what came back ----------------------------------------------------------- */

/* A primary fails, or has failed just now: see at once who is one instead. */
static void look_for_primary(struct health *h, const struct target *t, uint64_t now_ms)
{
	struct target *other;
	size_t i = 0;

	while ((other = primary_next(&h->set, t, &i))) {
		if (other->queue || other->request.serial)
			continue;
		if (check_state_hasten_down(&other->check, &other->timing, now_ms))
			check_sched_wait(&h->sched, other->id, other->check.due_ms);
	}
}

static bool finish(struct health *h, struct target *t, enum health_code code, const char *detail,
		   uint64_t now_ms)
{
	char text[HEALTH_DETAIL];
	bool changed;

	snprintf(text, sizeof(text), "%s", detail);
	if (code == HEALTH_OK_CODE)
		code = primary_judge(&h->set, t, text);
	changed = verdict_note(t, code, text, now_ms);
	t->request.serial = 0;
	check_sched_wait(&h->sched, t->id, t->check.due_ms);
	if (t->check.falling || (changed && t->status.state == HEALTH_DOWN))
		look_for_primary(h, t, now_ms);
	return changed;
}

static bool take_answer(struct health *h, const struct health_prober *p,
			const struct prober_answer *a, uint64_t now_ms)
{
	struct target *t = a->target < h->set.n_ids ? h->set.by_id[a->target] : NULL;
	bool wants;

	if (!t || t->request.serial != a->serial || health_prober_of(h, t) != p)
		return false;
	verdict_note_duration(t, a->duration_us);
	verdict_note_certificate(t, a, now_ms);
	wants = verdict_note_agent(t, a, now_ms);
	return finish(h, t, a->code, a->detail, now_ms) || wants;
}

/*
 * Bounded, though the socket may be filled again while it is read: an honest
 * prober owes one answer a target, and the rest can wait for the next turn.
 */
static int take_answers(struct health *h, struct health_prober *p, uint64_t now_ms)
{
	struct prober_answer answers[PROBER_BATCH];
	size_t budget = h->set.n_ids + PROBER_BATCH, n, got = PROBER_BATCH;
	int changed = 0;

	while (prober_link_is_up(&p->link) && got == PROBER_BATCH && budget >= PROBER_BATCH) {
		got = prober_link_receive(&p->link, answers, &n, now_ms);
		for (size_t i = 0; i < n; i++)
			changed += take_answer(h, p, &answers[i], now_ms);
		budget -= got;
	}
	return changed;
}

/* --- what is due -------------------------------------------------------------- */

/*
 * No answer, not even "timed out". If the prober has been silent ever since it
 * was asked, it is stuck and has to be replaced.
 */
static bool give_up(struct health *h, struct target *t, uint64_t now_ms)
{
	struct prober_link *l = &health_prober_of(h, t)->link;

	if (l->heard_ms <= t->check.started_ms)
		l->ended = true;
	return finish(h, t, HEALTH_INTERNAL_CODE, "no answer from the prober", now_ms);
}

static int take_due(struct health *h, uint64_t now_ms)
{
	enum check_due due;
	int changed = 0;
	uint32_t id;

	while ((due = check_sched_take(&h->sched, now_ms, &id)) != CHECK_NOTHING) {
		struct target *t = h->set.by_id[id];
		struct health_prober *p = health_prober_of(h, t);

		if (due == CHECK_OVERDUE)
			changed += give_up(h, t, now_ms);
		else if (prober_link_is_up(&p->link))
			target_queue_add(&p->queue, t);
		else
			health_postpone(h, t, now_ms);
	}
	return changed;
}

/* --- the interface ---------------------------------------------------------------- */

static void set_timer(struct health *h)
{
	uint64_t at_ms = check_sched_next_ms(&h->sched);
	struct itimerspec when = { 0 };

	array_for_each (p, h->probers, PROBER_TRADES) {
		const uint64_t look_ms = health_prober_due_ms(p);

		if (look_ms < at_ms)
			at_ms = look_ms;
	}
	if (at_ms != CHECK_NEVER) {
		at_ms = (at_ms + TICK_MS - 1) / TICK_MS * TICK_MS;
		when.it_value.tv_sec = at_ms / 1000;
		/* All zero would disarm it; 1 ns is as long past. */
		when.it_value.tv_nsec = at_ms % 1000 * 1000000 + !at_ms;
	}
	timerfd_settime(h->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

int health_dispatch(struct health *h, uint64_t now_ms)
{
	int changed = 0;

	array_for_each (p, h->probers, PROBER_TRADES)
		changed += take_answers(h, p, now_ms);
	changed += take_due(h, now_ms);
	array_for_each (p, h->probers, PROBER_TRADES) {
		health_keep_alive(h, p, now_ms);
		health_send(h, p, now_ms);
	}
	set_timer(h);
	return changed;
}

static bool is_probed(const struct target *t)
{
	return t->checked && !t->resting;
}

/* Not if it is due, or a probe is under way: that will tell. */
void health_suspect(struct health *h, size_t service, size_t backend, uint64_t now_ms)
{
	struct target *t = h->set.by_place[h->set.first[service] + backend];

	if (!is_probed(t) || t->queue || t->request.serial ||
	    !check_state_may_hasten(&t->check, &t->timing, now_ms) ||
	    !ration_take(&h->suspects, HEALTH_SUSPECTS_PER_S, now_ms))
		return;
	check_state_hasten(&t->check, &t->timing, now_ms);
	check_sched_wait(&h->sched, t->id, t->check.due_ms);
	set_timer(h);
}

static void unschedule(struct health *h, struct target *t)
{
	target_queue_remove(t);
	check_sched_remove(&h->sched, t->id);
	t->request.serial = 0;
}

/* Probe what is new or has another check; all others keep their turn. */
static void schedule_news(struct health *h, uint64_t now_ms)
{
	size_t n = 0, i = 0;

	array_for_each (t, h->set.by_place, h->set.n)
		n += is_probed(*t) && (*t)->news != TARGET_SAME;
	array_for_each (t, h->set.by_place, h->set.n) {
		if ((*t)->news == TARGET_SAME)
			continue;
		unschedule(h, *t);
		if (is_probed(*t))
			check_sched_wait(&h->sched, (*t)->id,
					 now_ms + check_state_first_ms(&(*t)->timing, i++, n));
	}
}

int health_configure(struct health *h, const struct conf *conf, uint64_t now_ms)
{
	struct target_set next = { 0 };
	int err = target_set_build(&next, &h->set, conf);

	if (err)
		return err;
	err = check_sched_reserve(&h->sched, next.n_ids);
	if (err) {
		target_set_discard(&next);
		return err;
	}
	array_for_each (t, h->set.by_place, h->set.n) {
		if (!(*t)->kept)
			unschedule(h, *t);
	}
	target_set_switch(&h->set, &next, conf, h->seed);
	health_hire(h, now_ms);
	schedule_news(h, now_ms);
	set_timer(h);
	return 0;
}

void health_set_sockets(struct health *h, const struct health_sockets *sockets)
{
	h->sockets = *sockets;
}

static int open_loop(struct health *h)
{
	struct epoll_event ev = { .events = EPOLLIN };

	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	h->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ev.data.fd = h->timer_fd;
	if (h->epoll_fd < 0 || h->timer_fd < 0 ||
	    epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, h->timer_fd, &ev))
		return log_err(-errno, "health: set up its loop");
	return 0;
}

static void health_freep(struct health **h)
{
	health_free(*h);
}

int health_create_with(int (*run)(int socket_fd), struct health **out)
{
	_cleanup_(health_freep) struct health *h = calloc(1, sizeof(*h));
	struct health_prober *net;
	int err;

	if (!h)
		return log_err(-ENOMEM, "health");
	h->epoll_fd = -1;
	h->timer_fd = -1;
	array_for_each (p, h->probers, PROBER_TRADES) {
		target_queue_init(&p->queue);
		prober_link_init(&p->link, p - h->probers, -1);
	}
	/* Not a secret: it keeps balancers of a fleet from marching in step. */
	if (getrandom(&h->seed, sizeof(h->seed), GRND_NONBLOCK) < 0)
		h->seed = clock_now_us();
	err = open_loop(h);
	array_for_each (p, h->probers, PROBER_TRADES)
		p->link.epoll_fd = h->epoll_fd;
	net = &h->probers[PROBER_NET];
	net->wanted = true;
	if (run)
		net->link.run = run;
	err = err ?: prober_link_start(&net->link, clock_now_ms());
	if (err)
		return err;
	*out = take_ptr(&h);
	return 0;
}

int health_create(struct health **out)
{
	return health_create_with(NULL, out);
}

void health_free(struct health *h)
{
	if (!h)
		return;
	array_for_each (p, h->probers, PROBER_TRADES)
		prober_link_stop(&p->link);
	target_set_free(&h->set);
	check_sched_free(&h->sched);
	cleanup_closep(&h->timer_fd);
	cleanup_closep(&h->epoll_fd);
	free(h);
}

int health_fd(const struct health *h)
{
	return h->epoll_fd;
}

const struct health_status *health_get(const struct health *h, size_t service, size_t backend)
{
	return &h->set.by_place[h->set.first[service] + backend]->status;
}

void health_restore(struct health *h, const char *service, const char *backend,
		    enum health_state state, uint64_t since_wall_s)
{
	struct target *t = target_set_find_backend(&h->set, service, backend);

	if (!t || !t->checked || state == HEALTH_UNKNOWN)
		return;
	check_state_adopt(&t->check, state);
	t->status.state = state;
	t->status.since_wall_s = since_wall_s;
}

void health_restore_agent(struct health *h, const char *service, const char *backend,
			  enum health_agent agent, uint8_t percent)
{
	struct target *t = target_set_find_backend(&h->set, service, backend);

	if (!t || t->request.type != CONF_CHECK_AGENT || percent > 100)
		return;
	t->status.agent = agent;
	t->status.agent_percent = percent;
}

void health_rest(struct health *h, const char *service, const char *backend, bool rests,
		 uint64_t now_ms)
{
	struct target *t = target_set_find_backend(&h->set, service, backend);

	if (!t || t->resting == rests)
		return;
	t->resting = rests;
	if (!t->checked)
		return;
	unschedule(h, t);
	if (rests)
		target_forget(t, h->seed);
	else
		check_sched_wait(&h->sched, t->id, now_ms);
	set_timer(h);
}

bool health_is_settled(const struct health *h)
{
	for (size_t i = 0; i < h->set.n; i++) {
		const struct target *t = h->set.by_place[i];

		if (t->status.state == HEALTH_UNKNOWN && !t->resting)
			return false;
	}
	return true;
}

int health_prober_pid(const struct health *h)
{
	return h->probers[PROBER_NET].link.pid;
}
