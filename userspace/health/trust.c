/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "health/tls_client.h"
#include "health/trust.h"

/* --- one file --------------------------------------------------------------- */

/* The path that @check verifies with, or NULL if it verifies nothing. */
static const char *path_of(const struct conf_check *check)
{
	if ((check->type != CONF_CHECK_HTTPS && check->type != CONF_CHECK_TLS) || !check->verify)
		return NULL;
	return check->ca_file ?: TRUST_SYSTEM_FILE;
}

static int read_all(int fd, char *out, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && (n = read(fd, out + done, len - done)) > 0)
		done += n;
	if (n < 0)
		return -errno;
	return done == len ? 0 : -EIO; /* it shrank meanwhile */
}

static int read_text(struct trust_file *f, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	/* Anything else might have no end. */
	if (!S_ISREG(st.st_mode))
		return -EBADF;
	if (st.st_size > TLS_MAX_BYTES)
		return -EFBIG;
	text = malloc(st.st_size + 1);
	if (!text)
		return -ENOMEM;
	err = read_all(fd, text, st.st_size);
	if (err)
		return err;
	f->text = take_ptr(&text);
	f->len = st.st_size;
	return 0;
}

static void free_file(struct trust_file *f)
{
	free(f->path);
	free(f->text);
	*f = (struct trust_file){ 0 };
}

static int complain(int err, const char *path)
{
	if (err == -EBADMSG)
		return log_err(0, "%s: there is no certificate in it, or a damaged one", path);
	if (err == -EBADF)
		return log_err(0, "%s: not a regular file", path);
	if (err == -ENOENT && !strcmp(path, TRUST_SYSTEM_FILE))
		return log_err(err,
			       "%s: install ca-certificates, or give checks of TLS a ca_file or "
			       "\"verify: false\"",
			       path);
	return log_err(err, "certificates to verify with: %s", path);
}

/* Certificates that were good before are not looked at again. */
static int read_file(struct trust_file *f, const char *path, const struct trust_file *old)
{
	int err, n;

	f->path = strdup(path);
	if (!f->path)
		return -ENOMEM;
	err = read_text(f, path);
	if (err)
		return complain(err, path);
	if (old->path && f->len == old->len && !memcmp(f->text, old->text, f->len)) {
		f->told = old->told;
		return 0;
	}
	n = tls_count_certificates(f->text, f->len);
	if (n < 0)
		return complain(n, path);
	log_info("%s: %d certificates to verify with", path, n);
	return 0;
}

/* --- the set ------------------------------------------------------------------ */

/* TLS_TRUST_NONE if @path has no place. */
static uint32_t find(const struct trust_set *set, const char *path)
{
	for (uint32_t i = 1; set->files && i < TLS_TRUST_PLACES; i++) {
		if (set->files[i].path && !strcmp(set->files[i].path, path))
			return i;
	}
	return TLS_TRUST_NONE;
}

/* A place that neither has, so that none changes hands while both live. */
static uint32_t find_free(const struct trust_set *next, const struct trust_set *old)
{
	for (uint32_t i = 1; i < TLS_TRUST_PLACES; i++) {
		if (!next->files[i].path && !(old->files && old->files[i].path))
			return i;
	}
	return TLS_TRUST_NONE;
}

static int add_path(struct trust_set *next, const struct trust_set *old, const char *path)
{
	static const struct trust_file none;
	uint32_t place = find(old, path);

	if (!next->files)
		next->files = calloc(TLS_TRUST_PLACES, sizeof(*next->files));
	if (!next->files)
		return -ENOMEM;
	if (find(next, path))
		return 0;
	if (place)
		return read_file(&next->files[place], path, &old->files[place]);
	place = find_free(next, old);
	if (!place)
		return log_err(-ENOSPC, "%s: too many files of certificates", path);
	return read_file(&next->files[place], path, &none);
}

int trust_set_build(struct trust_set *next, const struct trust_set *old, const struct conf *conf)
{
	int err = 0;

	for (size_t s = 0; s < conf->n_services && !err; s++) {
		const struct conf_service *service = &conf->services[s];

		for (size_t b = 0; b < service->n_backends && !err; b++) {
			const char *path = path_of(&service->backends[b].check);

			err = path ? add_path(next, old, path) : 0;
		}
	}
	return err;
}

void trust_set_free(struct trust_set *set)
{
	for (size_t i = 0; set->files && i < TLS_TRUST_PLACES; i++)
		free_file(&set->files[i]);
	free(set->files);
	set->files = NULL;
}

uint16_t trust_place(const struct trust_set *set, const struct conf_check *check)
{
	const char *path = path_of(check);
	uint32_t place = path ? find(set, path) : TLS_TRUST_NONE;

	assert(place || !path); /* trust_set_build() has read it */
	return place;
}

/* --- telling the prober --------------------------------------------------------- */

/* The text in a file without a name, that nobody can change any more; or an error. */
static int seal(const struct trust_file *f)
{
	_cleanup_close_ int fd = memfd_create("certificates", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, f->text, f->len);
	if (n != (ssize_t)f->len)
		return n < 0 ? -errno : -EIO;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return take_fd(&fd);
}

static int tell(const struct trust_file *f, uint32_t place, struct prober_link *l)
{
	const struct prober_trust message = { .place = place, .len = f->len };
	_cleanup_close_ int fd = seal(f);

	return fd < 0 ? fd : prober_link_hand_over(l, &message, sizeof(message), fd);
}

bool trust_tell(struct trust_set *set, struct prober_link *l, uint64_t now_ms)
{
	int err;

	if (!prober_link_is_up(l))
		return false;
	for (uint32_t i = 1; set->files && i < TLS_TRUST_PLACES; i++) {
		struct trust_file *f = &set->files[i];

		if (!f->path || f->told == l->n_starts)
			continue;
		err = tell(f, i, l);
		if (!err)
			f->told = l->n_starts;
		else if (l->blocked || l->ended)
			return false;
		else
			prober_link_warn(l, now_ms, "%s: not handed to the prober: %s", f->path,
					 strerror(-err));
	}
	return true;
}
