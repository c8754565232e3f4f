/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/share.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "share/internal.h"

#define TICK_MS 100
/* Datagrams that are taken at once; the rest waits for the next turn of the loop. */
#define TURN 256
/* Rounds of a peer that may be missed before what it has told of is left to its timeouts. */
#define HOLD_ROUNDS 3
#define HOLD_MIN_S 10

/* --- the config ----------------------------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int copy_conf(struct share *s, const struct conf_peers *conf)
{
	const char **own[] = { &s->conf.listen, &s->conf.group, &s->conf.interface,
			       &s->conf.key_file };
	const size_t bytes = conf->n_send_to * sizeof(*s->send_to);

	s->conf = *conf;
	for (size_t i = 0; i < array_len(own); i++) {
		s->texts[i] = *own[i] ? strdup(*own[i]) : NULL;
		if (*own[i] && !s->texts[i])
			return -ENOMEM;
		*own[i] = s->texts[i];
	}
	s->send_to = calloc(conf->n_send_to + 1, sizeof(*s->send_to));
	if (!s->send_to)
		return -ENOMEM;
	if (bytes)
		memcpy(s->send_to, conf->send_to, bytes);
	s->conf.send_to = s->send_to;
	return 0;
}

bool share_is_of(const struct share *s, const struct conf_peers *conf)
{
	return is_same(s->conf.listen, conf->listen) && is_same(s->conf.group, conf->group) &&
	       is_same(s->conf.interface, conf->interface) &&
	       is_same(s->conf.key_file, conf->key_file) && s->conf.rate == conf->rate &&
	       s->conf.refresh_ms == conf->refresh_ms && s->conf.n_send_to == conf->n_send_to &&
	       !memcmp(s->send_to, conf->send_to ?: s->send_to,
		       conf->n_send_to * sizeof(*s->send_to));
}

/* --- opened and closed -------------------------------------------------------------------------- */

static int watch(struct share *s, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return fd >= 0 && epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* Why nothing is shared, in words; @why: without those of @err if it says all. */
static int have_trouble(struct share *s, int err, const char *at, const char *why)
{
	const bool says_all = strncmp(why, "cannot", strlen("cannot"));

	snprintf(s->trouble, sizeof(s->trouble), "%s %s%s%s", at, why, says_all ? "" : ": ",
		 says_all ? "" : strerror(-err));
	return err;
}

static int try_open(struct share *s)
{
	uint8_t secret[SEAL_KEY];
	const char *why;
	int err = seal_read_secret(s->conf.key_file, secret, &why);

	if (err)
		return have_trouble(s, err, s->conf.key_file, why);
	err = sessions_begin(&s->sessions, secret) ?: link_open(&s->conf, &s->link);
	explicit_bzero(secret, sizeof(secret));
	if (err)
		return have_trouble(s, err, s->conf.listen, "cannot be listened at");
	err = watch(s, s->link.fds[0]) ?: watch(s, s->link.fds[1]);
	if (!err)
		return 0;
	link_close(&s->link);
	return have_trouble(s, err, s->conf.listen, "cannot be watched");
}

/* What goes wrong is said when it begins. */
static void open_again(struct share *s)
{
	int err = try_open(s);

	s->is_open = s->is_unnamed = !err;
	if (err && err != s->trouble_err)
		log_error("nothing is shared with peers: %s", s->trouble);
	else if (!err)
		log_info("connections are shared with peers: this is %s", s->name);
	s->trouble_err = err;
}

static void close_all(struct share *s)
{
	link_close(&s->link);
	s->is_open = s->has_draft = false;
	sessions_end(&s->sessions);
}

void share_reload(struct share *s)
{
	uint8_t secret[SEAL_KEY];
	const char *why;
	const int err = seal_read_secret(s->conf.key_file, secret, &why);
	const bool is_same_key = !err && !memcmp(secret, s->sessions.secret, sizeof(secret));

	explicit_bzero(secret, sizeof(secret));
	if (s->is_open && (err || is_same_key)) {
		if (err)
			log_error("the secret of peers stays as it is: %s %s", s->conf.key_file,
				  why);
		return;
	}
	close_all(s);
	s->trouble_err = 0;
	open_again(s);
}

static int start_timer(struct share *s)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	const struct itimerspec every = { .it_interval = tick, .it_value = tick };

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->timer_fd < 0 || timerfd_settime(s->timer_fd, 0, &every, NULL))
		return -errno;
	return watch(s, s->timer_fd);
}

static void share_freep(struct share **s)
{
	share_free(*s);
}

int share_create(const struct conf_peers *conf, struct share **out)
{
	_cleanup_(share_freep) struct share *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return log_err(-ENOMEM, "share with peers");
	s->epoll_fd = s->timer_fd = -1;
	s->link = LINK_CLOSED;
	err = copy_conf(s, conf) ?: start_timer(s);
	if (err)
		return log_err(err, "share with peers");
	peers_expect(s);
	open_again(s);
	*out = take_ptr(&s);
	return 0;
}

void share_free(struct share *s)
{
	if (!s)
		return;
	if (s->dp)
		dataplane_unshare(s->dp);
	close_all(s);
	idents_free(&s->idents);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	array_for_each (text, s->texts, array_len(s->texts))
		free(*text);
	free(s->send_to);
	free(s);
}

/* --- what is shared ------------------------------------------------------------------------------ */

void share_follow(struct share *s, struct dataplane *dp, const struct plan *plan,
		  const struct conf *conf)
{
	const bool was_deaf = !s->dp;
	int err;

	idents_free(&s->idents);
	s->plan = plan;
	s->plan_conf = conf;
	s->dp = NULL;
	s->has_draft = false;
	if (!plan)
		return;
	err = dataplane_share(dp);
	if (err) {
		log_err(err, "share connections with peers");
		return;
	}
	if (was_deaf)
		sessions_begin_rounds(&s->sessions);
	s->dp = dp;
	s->is_unnamed = true;
}

/* Not with every change of the plan, of which many may come at once. */
static void name_all(struct share *s)
{
	int err;

	if (!s->is_unnamed || !s->is_open || !s->dp)
		return;
	s->is_unnamed = false;
	idents_free(&s->idents);
	err = idents_make(s->plan, s->plan_conf, s->sessions.secret, &s->idents);
	if (err)
		log_err(err, "name what is shared with peers");
}

/* --- the loop ------------------------------------------------------------------------------------- */

int share_fd(const struct share *s)
{
	return s->epoll_fd;
}

/* What peers have told of is theirs for as long as they may be heard to tell it again. */
static void hold(struct share *s)
{
	uint32_t longest_s = 0;

	array_for_each (at, s->sessions.at, array_len(s->sessions.at))
		if (at->was_proved && at->hello.refresh_s > longest_s)
			longest_s = at->hello.refresh_s;
	longest_s *= HOLD_ROUNDS;
	if (s->dp)
		dataplane_hold_shared(s->dp, longest_s > HOLD_MIN_S ? longest_s : HOLD_MIN_S);
}

static void on_message(struct share *s, struct session *who, const struct message *m,
		       uint64_t now_ms)
{
	peers_note(s, who, m, now_ms);
	if (!who->greeted && session_listens(who, now_ms)) {
		who->greeted = true;
		tell_all(s);
		s->answer = true;
	}
	array_for_each (session, m->wants, m->n_wants)
		if (*session == session_id(s->sessions.own))
			tell_every(s);
	take_message(s, m, now_ms);
}

static void on_datagram(struct share *s, const uint8_t *bytes, size_t n, uint64_t now_ms)
{
	static const enum peer_datagram counters[SESSION_VERDICTS] = {
		[SESSION_OK] = PEER_TAKEN,
		[SESSION_ASKED] = PEER_UNPROVED,
		[SESSION_FOREIGN] = PEER_FOREIGN,
		[SESSION_REPLAYED] = PEER_REPLAYED,
		[SESSION_MALFORMED] = PEER_MALFORMED,
		[SESSION_CROWDED] = PEER_CROWDED,
	};
	struct session *who = NULL;
	struct message m;
	const struct received in = { bytes, n, now_ms };
	const enum session_verdict v = sessions_open(&s->sessions, &in, &m, &who);

	if (v == SESSION_OWN)
		return;
	s->count.datagrams[counters[v]]++;
	/* He has to hear at once what he is to prove himself with. */
	s->answer |= v == SESSION_ASKED;
	if (v == SESSION_OK)
		on_message(s, who, &m, now_ms);
}

static void receive(struct share *s, int fd, uint64_t now_ms)
{
	uint8_t bytes[SEAL_MAX];

	for (int i = 0; i < TURN; i++) {
		const int n = link_receive(fd, bytes, sizeof(bytes));

		if (n == -EAGAIN)
			return;
		if (n >= 0)
			on_datagram(s, bytes, n, now_ms);
	}
}

static void on_second(struct share *s, uint64_t now_ms)
{
	s->second_ms = now_ms;
	s->answer = false;
	peers_note_silence(s, now_ms);
	if (s->is_open)
		tell_hello(s, now_ms);
	else
		open_again(s);
	hold(s);
}

static void on_tick(struct share *s, uint64_t now_ms)
{
	uint64_t times;

	if (read(s->timer_fd, &times, sizeof(times)) < 0)
		return;
	if (now_ms - s->second_ms >= 1000)
		on_second(s, now_ms);
	if (!s->is_open)
		return;
	if (s->answer)
		tell_hello(s, now_ms);
	s->answer = false;
	tell_tick(s, now_ms);
}

/* --- what others have ------------------------------------------------------------------------------ */

void share_catch_up(struct share *s, bool is_empty, uint64_t now_ms)
{
	s->catch_up = catch_up_begin(&s->conf, is_empty, now_ms);
	log_info("asking peers for what they have");
}

bool share_is_behind(const struct share *s)
{
	return s->catch_up.began_ms && !s->catch_up.is_over;
}

static void end_catch_up(struct share *s, uint64_t now_ms)
{
	const size_t told = catch_up_told(&s->sessions);

	if (!share_is_behind(s) || catch_up_waits(&s->catch_up, &s->sessions, now_ms))
		return;
	if (told)
		log_info("%zu peers have told what they have, in %" PRIu64 " ms", told,
			 now_ms - s->catch_up.began_ms);
	else
		log_warn("no peer has told all that it has: going on without");
	s->catch_up.is_over = true;
}

void share_dispatch(struct share *s, uint64_t now_ms)
{
	struct epoll_event events[3];
	const int n = epoll_wait(s->epoll_fd, events, array_len(events), 0);

	name_all(s);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == s->timer_fd)
			on_tick(s, now_ms);
		else
			receive(s, events[i].data.fd, now_ms);
	}
	end_catch_up(s, now_ms);
}
