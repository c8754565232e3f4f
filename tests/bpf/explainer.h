/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program under test and its twin (dataplane/twin.h), which explains packets; and
 * the check that it leaves no trace: every map of the program, to the bit.
 */
#ifndef TESTS_BPF_EXPLAINER_H
#define TESTS_BPF_EXPLAINER_H

#include "base/cleanup.h"
#include "dataplane/explain.h"
#include "dataplane/twin.h"
#include "dp.h"

/**
 * struct explainer
 * @before, @bytes: what the maps held, and how much it was
 * @home_fd, @other_fd: network namespaces, that of the program and that of the twin
 */
struct explainer {
	const struct dp *dp;
	int fds[LOAD_MAPS];
	struct twin *twin;
	void *before[LOAD_MAPS];
	size_t bytes[LOAD_MAPS];
	int home_fd, other_fd;
};

/* For the program of @dp, which must stay open; never NULL. */
struct explainer *explainer_open(const struct dp *dp);
void explainer_close(struct explainer *e);
static inline void explainer_closep(struct explainer **e)
{
	explainer_close(*e);
}

#define _cleanup_explainer_ _cleanup_(explainer_closep)

/* The packet of a frame that comes in by the loopback device: its addresses and ports. */
struct explain_packet explainer_packet(const struct frame *f, bool syn);

/* What becomes of it, checked: the maps of the program are as they were. */
struct explain explainer_ask(struct explainer *e, const struct explain_packet *p);

/* A frame through the twin, which has counted it until the next call. Return: the XDP action. */
__u32 explainer_run(struct explainer *e, const struct frame *in, struct frame *out);
/* It has counted nothing; @backend may have got a packet. */
void explainer_forget(struct explainer *e, __u32 backend);

#endif /* TESTS_BPF_EXPLAINER_H */
