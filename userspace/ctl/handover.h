/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A config that the CLI hands over with its request, so that the daemon reads no file
 * that the caller could not read. All texts, one behind the other, are in a memory file
 * whose seals say that it stays as it is: reading it neither waits nor is raced. Its
 * descriptor comes with the request's first byte (SCM_RIGHTS), their names and lengths are
 * in the request:
 *
 *	"files": [["/etc/shunt/shunt.yaml", 1234], ["/etc/shunt/conf.d/web.yaml", 567]]
 */
#ifndef CTL_HANDOVER_H
#define CTL_HANDOVER_H

#include "conf/conf.h"
#include "ctl/client.h"
#include "ctl/command.h"

/* Put the texts of @conf into @r: its descriptor is to be closed, "files" released. */
int handover_give(const struct conf *conf, struct client_request *r);

/* In the daemon: @text is what the others point into. Zero-initialised is none. */
struct handover {
	struct buf text;
	struct conf_input *inputs;
	size_t n_inputs;
};

/* What came with @call; nothing came: none. CTL_USAGE: it is not as it should be, said. */
enum ctl_exit handover_take(struct ctl_call *call, struct handover *out);
void handover_free(struct handover *h);

#endif /* CTL_HANDOVER_H */
