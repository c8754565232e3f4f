/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams are sealed: AES-256-GCM with a key that each session has for itself, made of
 * the secret and of 16 bytes that the sender draws when it begins (HMAC-SHA256). So no two
 * sessions have a key in common, and within one the sequence number is the nonce, which is
 * never used again.
 *
 *	"shuP" | version 1 | 0 0 0 | session 16 | sequence 8 | sealed ... | tag 16
 *
 * Before anything else of a datagram is believed or looked at, its tag is checked, which
 * covers the head, too. That is why the daemon itself reads them, and not its unprivileged
 * child, which takes apart what strangers send: of strangers nothing comes through here.
 */
#ifndef SHARE_SEAL_H
#define SHARE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY 32
#define SEAL_SESSION 16
#define SEAL_HEAD 32
#define SEAL_TAG 16
#define SEAL_MAX 1400

struct seal_head {
	uint8_t session[SEAL_SESSION];
	uint64_t sequence;
};

/* Whether these bytes may be a datagram; then its head, of which nothing is true yet. */
bool seal_read_head(const uint8_t *bytes, size_t n, struct seal_head *out);

/* The key of a session. 0 or -EIO. */
int seal_derive(const uint8_t secret[SEAL_KEY], const uint8_t session[SEAL_SESSION],
		uint8_t out[SEAL_KEY]);

/* What stands for @text wherever the secret is known: the first 8 bytes of an HMAC. */
int seal_fingerprint(const uint8_t secret[SEAL_KEY], const void *text, size_t n, uint64_t *out);

/**
 * seal_close() - a datagram
 * @out: SEAL_MAX bytes
 * @n: of @text, at most SEAL_MAX - SEAL_HEAD - SEAL_TAG
 *
 * Return: its length; -EIO.
 */
int seal_close(const uint8_t key[SEAL_KEY], const struct seal_head *head, const uint8_t *text,
	       size_t n, uint8_t out[SEAL_MAX]);

/* What is inside of a datagram, to @out. Return: its length; -EBADMSG: it is of a stranger. */
int seal_open(const uint8_t key[SEAL_KEY], const uint8_t *bytes, size_t n, uint8_t out[SEAL_MAX]);

/**
 * seal_read_secret() - of a file that nobody else may read
 * @why: gets what is wrong with it, in words
 *
 * Return: 0 or a negative errno.
 */
int seal_read_secret(const char *path, uint8_t out[SEAL_KEY], const char **why);

#endif /* SHARE_SEAL_H */
