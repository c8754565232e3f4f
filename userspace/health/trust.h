/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom the probes of a config trust: the files of CA certificates, read by the
 * parent, because the prober can open none. Each file has a place, by which
 * requests name it, and keeps that for as long as a config names the file; what
 * is in it is read again at every reload.
 *
 * The prober is told before the first request that needs it (trust_tell()),
 * and again when the file has changed, or when there is another prober.
 */
#ifndef HEALTH_TRUST_H
#define HEALTH_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "health/prober_link.h"

/* Where Debian keeps those that the system trusts, all in one. */
#define TRUST_SYSTEM_FILE "/etc/ssl/certs/ca-certificates.crt"

/**
 * struct trust_file - one file of certificates
 * @path: NULL: this place is free
 * @text, @len: what is in it, PEM
 * @told: prober_link.n_starts when that prober was told; 0: nobody was
 */
struct trust_file {
	char *path;
	char *text;
	size_t len;
	uint64_t told;
};

/**
 * struct trust_set - zero-initialised is empty and valid
 * @files: by place, from place 1 on; NULL while there is none
 */
struct trust_set {
	struct trust_file *files;
};

/**
 * trust_set_build() - read what the checks of @conf need
 * @next: empty; to be released with trust_set_free(), also on failure
 * @old: places are taken over from it; nothing of it is changed
 *
 * Return: 0; -ENOMEM; another negative errno, logged, if a file cannot be used.
 */
int trust_set_build(struct trust_set *next, const struct trust_set *old, const struct conf *conf);
void trust_set_free(struct trust_set *set);

/* The place for @check, whose files are in @set; TLS_TRUST_NONE if it verifies nothing. */
uint16_t trust_place(const struct trust_set *set, const struct conf_check *check);

/**
 * trust_tell() - tell the prober what it does not know yet
 *
 * Return: false if it takes no more now, or has ended: the rest is to be told later,
 * before any request. What cannot be handed over was logged, and holds up nobody.
 */
bool trust_tell(struct trust_set *set, struct prober_link *l, uint64_t now_ms);

#endif /* HEALTH_TRUST_H */
