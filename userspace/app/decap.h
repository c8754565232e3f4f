/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shunt-decap: bpf/decap.bpf.c on the interfaces of a backend. No process stays:
 * what is attached is a BPF link, pinned on bpffs with the maps of its program, and
 * each command works on what it finds there:
 *	PIN_DIR/IFACE/link	holds the program on the interface
 *	PIN_DIR/IFACE/sources	the prefixes of --from
 *	PIN_DIR/IFACE/counters
 *	PIN_DIR/IFACE/config	struct decap_config
 * Errors are negative errno, already logged.
 */
#ifndef APP_DECAP_H
#define APP_DECAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "shunt/decap.h"

#define DECAP_PIN_DIR "/sys/fs/bpf/shunt-decap"

enum decap_mode {
	DECAP_AS_IT_IS, /* native where nothing is attached yet */
	DECAP_NATIVE,
	DECAP_GENERIC,
};

const char *decap_mode_name(enum decap_mode mode);

/* --- decap_from.c ----------------------------------------------------------------- */

/* Prefixes that outer sources may be in; zero is empty. */
struct decap_from {
	struct decap_source *sources;
	size_t n;
};

/**
 * decap_from_add() - add "PREFIX[,PREFIX...]"; an address alone is all of its bits
 * @error: what is wrong, a sentence, if something is
 *
 * Return: 0, -EINVAL or -ENOMEM; @from may have some of the prefixes then.
 */
int decap_from_add(struct decap_from *from, const char *text, struct buf *error);
void decap_from_free(struct decap_from *from);

/* "192.0.2.0/24" */
void decap_source_format(const struct decap_source *source, struct buf *out);

/* --- decap_pins.c ----------------------------------------------------------------- */

/* What is pinned for an interface; descriptors, -1 for none. */
struct decap_pins {
	int link;
	int sources;
	int counters;
	int config;
};

#define DECAP_NO_PINS                                                                              \
	{                                                                                          \
		.link = -1, .sources = -1, .counters = -1, .config = -1                            \
	}

void decap_pins_close(struct decap_pins *pins);

/**
 * decap_pins_lock() - one command at a time
 * @make: make @pin_dir if it is not there
 *
 * Return: a descriptor that holds the lock until it is closed; -ENOENT, not logged,
 * if @pin_dir is not there.
 */
int decap_pins_lock(const char *pin_dir, bool make);

/* -ENOENT, not logged, if nothing is pinned for @ifname. @pins is not touched then. */
int decap_pins_open(const char *pin_dir, const char *ifname, struct decap_pins *pins);

/*
 * Pin beside what is pinned for @ifname, and put that in its place: two steps, so
 * that whatever may fail has succeeded when the program changes between them.
 */
int decap_pins_prepare(const char *pin_dir, const char *ifname, const struct decap_pins *pins);
int decap_pins_publish(const char *pin_dir, const char *ifname);

/* The interface that a file in PIN_DIR is of; false for one that is of none. */
bool decap_pins_name(const char *file, char ifname[IF_NAMESIZE]);

/* @pin_dir goes, too, if it is empty then. */
int decap_pins_remove(const char *pin_dir, const char *ifname);

/* --- decap_link.c ----------------------------------------------------------------- */

/**
 * struct decap_link - a pinned link, and what it is attached to
 * @ifindex: 0 if the interface has gone
 * @is_here: it is on that interface of this network namespace
 * @mode: if @is_here
 */
struct decap_link {
	uint32_t program;
	int ifindex;
	bool is_here;
	enum decap_mode mode;
};

/* Of no link, @fd negative, as of one whose interface has gone. */
int decap_link_read(int fd, struct decap_link *link);

/* -EBUSY if an XDP program is on the interface. */
int decap_link_check_free(const char *ifname, int ifindex);

/* Return: a new link, or a negative errno. @mode: not DECAP_AS_IT_IS. */
int decap_link_create(const char *ifname, int ifindex, int program, enum decap_mode mode);

/* --- the commands ----------------------------------------------------------------- */

struct decap_target {
	const char *pin_dir;
	const char *ifname; /* NULL for all: show only */
	enum decap_mode mode;
	struct decap_from from;
	uint16_t gue_port; /* 0: no GUE */
};

int decap_attach(const struct decap_target *t);
int decap_detach(const struct decap_target *t);
int decap_show(const struct decap_target *t, struct buf *out);

#endif /* APP_DECAP_H */
