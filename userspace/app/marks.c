/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Have files changed? What is asked of the system costs a few calls of stat(), and sees
 * through links that are moved and files that are put in place of others.
 */
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/cleanup.h"

#define MARK_NONE 0xcbf29ce484222325

/* FNV-1a, 64 bits. */
static uint64_t add_bytes(uint64_t mark, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < n; i++)
		mark = (mark ^ b[i]) * 0x100000001b3;
	return mark;
}

static uint64_t add_file(uint64_t mark, const char *path)
{
	struct stat st;
	uint64_t is[5] = { 0 };

	if (!stat(path, &st)) {
		is[0] = st.st_dev;
		is[1] = st.st_ino;
		is[2] = st.st_size;
		is[3] = st.st_mtim.tv_sec;
		is[4] = st.st_mtim.tv_nsec;
	}
	mark = add_bytes(mark, path, strlen(path));
	return add_bytes(mark, is, sizeof(is));
}

static uint64_t add_pattern(uint64_t mark, const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return mark;
	for (size_t i = 0; i < found.gl_pathc; i++)
		mark = add_file(mark, found.gl_pathv[i]);
	globfree(&found);
	return mark;
}

static uint64_t add_prefixes(uint64_t mark, const struct conf_firewall *f)
{
	for (size_t i = 0; i < f->deny.n_patterns; i++)
		mark = add_pattern(mark, f->deny.patterns[i]);
	for (size_t i = 0; i < f->allow.n_patterns; i++)
		mark = add_pattern(mark, f->allow.patterns[i]);
	return mark;
}

/* Where one runs that is to be confirmed, the files are still those of the former one. */
uint64_t daemon_mark_files(const struct daemon *d)
{
	const struct conf *conf = d->former ?: d->conf;
	uint64_t mark = add_file(MARK_NONE, d->conf_path);

	for (size_t i = 0; i < conf->n_includes; i++)
		mark = add_pattern(mark, conf->includes[i]);
	mark = add_prefixes(mark, &conf->firewall);
	array_for_each (s, conf->services, conf->n_services)
		mark = add_prefixes(mark, &s->firewall);
	return mark;
}

uint64_t daemon_mark_text(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t mark = MARK_NONE;
	char piece[16384];
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
		mark = add_bytes(mark, piece, n);
	return n ? 0 : mark;
}
