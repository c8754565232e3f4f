/* SPDX-License-Identifier: BSD-2-Clause */
/* What is on an interface. Inside the dataplane floor; nothing is logged. */
#ifndef DATAPLANE_OCCUPANT_H
#define DATAPLANE_OCCUPANT_H

#include <linux/bpf.h>

#include "dataplane/internal.h"

enum who {
	WHO_NOBODY,
	WHO_SHUNT, /* alone */
	WHO_DISPATCHER,
	WHO_STRANGER,
};

/**
 * struct occupant - what is on an interface; zero but for @fd, -1, to begin with
 * @fd: of the program if @who is WHO_SHUNT, else -1
 * @name: "" if it may not be known
 */
struct occupant {
	enum who who;
	uint32_t id;
	enum conf_xdp_mode mode;
	int fd;
	char name[BPF_OBJ_NAME_LEN];
};

int occupant_find(const struct dataplane *dp, int ifindex, struct occupant *o);
void occupant_done(struct occupant *o);

/* What the kernel calls there, 0 for nothing. 0 or a negative errno. */
int occupant_top(int ifindex, uint32_t *id, enum conf_xdp_mode *mode);

/* Id of a program; 0 if @fd is none. @name: also its name, or NULL. */
uint32_t occupant_program_id(int fd, char name[BPF_OBJ_NAME_LEN]);

#endif /* DATAPLANE_OCCUPANT_H */
