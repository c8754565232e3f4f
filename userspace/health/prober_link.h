/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parent's end of the prober: the process and the messages. What the child
 * says is checked here and nowhere else; no answer leaves this file that is not
 * valid in every field.
 */
#ifndef HEALTH_PROBER_LINK_H
#define HEALTH_PROBER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "health/prober_proto.h"

/**
 * struct prober_link - one child at a time
 * @run: what the child does with its socket, on descriptor PROBER_SOCKET_FD; NULL: it
 *	becomes this program again, as prober_trade_name()
 * @epoll_fd: the caller's; wakes for @socket_fd
 * @pid, @socket_fd: -1 while there is no child
 * @ended: the child is of no use any more: its end of the socket is closed,
 *	which is how a death is noticed, too; prober_link_part() comes next
 * @blocked: the child takes no more now; epoll tells when it does
 * @started_ms: when the child was started
 * @n_starts: how many there were, this one included
 * @heard_ms: when it last said something
 * @parting_pid: a former child that has things to end, or -1: none may be started then
 * @parting_fd: in epoll: tells that it has; @parting_until_ms: then it is killed
 * @parting_counts: nobody has asked it to go: its status will be wanted
 * @next_serial: of the next request; never starts over
 * @warn_after_ms, @n_quiet: warnings held back until then, and how many
 */
struct prober_link {
	enum prober_trade trade;
	int (*run)(int socket_fd);
	int epoll_fd;
	pid_t pid;
	int socket_fd;
	bool ended;
	bool blocked;
	uint64_t started_ms;
	uint64_t n_starts;
	uint64_t heard_ms;
	pid_t parting_pid;
	int parting_fd;
	uint64_t parting_until_ms;
	bool parting_counts;
	uint64_t next_serial;
	uint64_t warn_after_ms;
	uint64_t n_quiet;
};

/* No child yet. */
void prober_link_init(struct prober_link *l, enum prober_trade trade, int epoll_fd);

/* Return: 0, or a negative errno, logged. */
int prober_link_start(struct prober_link *l, uint64_t now_ms);

/**
 * prober_link_part() - end the child, if there is one
 *
 * One that has commands to end may take a moment for it, and is not waited for: there is
 * none any more all the same, and prober_link_see_off() tells when it is gone.
 */
void prober_link_part(struct prober_link *l, uint64_t now_ms);

/**
 * prober_link_see_off() - once in a while, and when @parting_fd is readable
 *
 * Return: true if one is gone that nobody had asked to go; @status is its wait status.
 */
bool prober_link_see_off(struct prober_link *l, uint64_t now_ms, int *status);

/* The same at once: all children are gone when it returns, within a second. */
void prober_link_stop(struct prober_link *l);

bool prober_link_is_up(const struct prober_link *l);

/**
 * prober_link_send() - hand over requests
 * @requests: at most PROBER_BATCH; each gets its serial
 * @fds: what goes with them, or -1; closed
 *
 * Return: how many were taken; fewer than @n sets @blocked or @ended. The serial
 * of those that were not is 0.
 */
size_t prober_link_send(struct prober_link *l, struct prober_request *const *requests,
			const int *fds, size_t n);

/**
 * prober_link_hand_over() - one message that is no request, and a descriptor with it
 * @fd: stays the caller's
 *
 * Return: 0; -EAGAIN, and @l->blocked is set, if the child takes no more now; another
 * negative errno, with @l->ended if it is of no use any more.
 */
int prober_link_hand_over(struct prober_link *l, const void *message, size_t len, int fd);

/**
 * prober_link_receive() - take answers
 * @answers: room for PROBER_BATCH
 * @n: valid ones among what was taken
 *
 * Return: how many messages were taken, valid or not; 0 if none is left now,
 * or if @l->ended.
 */
size_t prober_link_receive(struct prober_link *l, struct prober_answer *answers, size_t *n,
			   uint64_t now_ms);

/* Warn, at most once in ten seconds. */
void prober_link_warn(struct prober_link *l, uint64_t now_ms, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* HEALTH_PROBER_LINK_H */
