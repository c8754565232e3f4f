/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/socket.h>

#include "health/tls_bio.h"

/*
 * A handshake and the first lines of an answer are shorter: OpenSSL takes 100 KiB of
 * certificates. Without an end a server could send new keys for ever, which cost it
 * nothing, and OpenSSL would read on and on while all other probes wait.
 */
#define MAX_READ_BYTES (160 << 10)

static int note_error(BIO *bio, int retry_flag)
{
	struct tls_socket *s = BIO_get_data(bio);

	if (errno == EAGAIN)
		BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
	else
		s->err = -errno;
	return -1;
}

static int bio_write(BIO *bio, const char *data, int len)
{
	struct tls_socket *s = BIO_get_data(bio);
	ssize_t n = send(s->fd, data, len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	return n < 0 ? note_error(bio, BIO_FLAGS_WRITE) : (int)n;
}

static int bio_read(BIO *bio, char *data, int len)
{
	struct tls_socket *s = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	if (s->n_read > MAX_READ_BYTES) {
		s->err = -EMSGSIZE;
		return -1;
	}
	n = recv(s->fd, data, len, 0);
	s->eof = n == 0;
	s->n_read += n > 0 ? n : 0;
	return n < 0 ? note_error(bio, BIO_FLAGS_READ) : (int)n;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct tls_socket *s = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_EOF:
		return s->eof;
	case BIO_CTRL_FLUSH:
		return 1; /* nothing is held back */
	default:
		return 0;
	}
}

static int bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "probe");

	if (m && BIO_meth_set_write(m, bio_write) && BIO_meth_set_read(m, bio_read) &&
	    BIO_meth_set_ctrl(m, bio_ctrl) && BIO_meth_set_create(m, bio_create))
		return m;
	BIO_meth_free(m);
	return NULL;
}
