/* SPDX-License-Identifier: BSD-2-Clause */
/* The CLI's end of the control socket. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <stddef.h>

#include "ctl/command.h"

/**
 * struct client_request - what to ask
 * @options: enum ctl_option_bit; only those on the wire are sent
 * @values: by option, of those that take one; NULL: there are none
 * @files, @fd: a config that goes with it, see handover.h; NULL: none does
 * @timeout_s: of each wait; 0: CLIENT_TIMEOUT_S
 */
struct client_request {
	const char *command;
	const char *const *args;
	size_t n_args;
	unsigned int options;
	const char *const *values;
	json_t *files;
	int fd;
	unsigned int timeout_s;
};

#define CLIENT_TIMEOUT_S 60

/**
 * client_ask() - one question, one answer
 * @answer: an object with "ok"; to be released with json_decref()
 * @error: why there is no answer
 *
 * Return: CTL_OK if there is an answer, whatever it says; CTL_UNREACHABLE;
 * CTL_DENIED if the socket may not be opened; CTL_USAGE if @request is not UTF-8.
 */
enum ctl_exit client_ask(const char *socket_path, const struct client_request *request,
			 json_t **answer, struct buf *error);

/*
 * As client_ask(), for who wants what it tells: an answer that is not ok is an error, too,
 * with its exit code, and its words in @error.
 */
enum ctl_exit client_ask_ok(const char *socket_path, const struct client_request *request,
			    json_t **answer, struct buf *error);

/**
 * struct client_stream - what is behind an answer
 * @answer: as for client_ask()
 * @fd: to be read from, and closed
 */
struct client_stream {
	json_t *answer;
	int fd;
};

/* As client_ask(), of a command whose answer goes on behind its line. */
enum ctl_exit client_open(const char *socket_path, const struct client_request *request,
			  struct client_stream *out, struct buf *error);

/* @json on one line. */
void client_dump(const json_t *json, struct buf *out);

#endif /* CTL_CLIENT_H */
