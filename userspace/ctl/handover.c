/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "ctl/handover.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

/* --- in the CLI ---------------------------------------------------------------- */

int handover_give(const struct conf *conf, struct client_request *r)
{
	_cleanup_close_ int fd = memfd_create("shunt config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	json_t *files = json_array();
	int err = fd < 0 || !files ? -errno : 0;

	array_for_each (in, conf->inputs, conf->n_inputs) {
		err = err ?: fd_write_all(fd, in->text, in->len);
		json_array_append_new(files, json_pack("[s, I]", in->name, (json_int_t)in->len));
	}
	if (!err && fcntl(fd, F_ADD_SEALS, SEALS))
		err = -errno;
	if (!err && json_array_size(files) != conf->n_inputs)
		err = -EILSEQ;
	if (err) {
		json_decref(files);
		return err;
	}
	r->files = files;
	r->fd = take_fd(&fd);
	return 0;
}

/* --- in the daemon -------------------------------------------------------------- */

static bool is_sealed(int fd)
{
	const int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

static bool read_text(int fd, size_t len, struct buf *text)
{
	char piece[16384];

	while (text->len < len) {
		ssize_t n = pread(fd, piece, sizeof(piece), text->len);

		if (n <= 0)
			return false;
		buf_add(text, piece, n);
		if (text->failed)
			return false;
	}
	return text->len == len;
}

/* The list's total in @bytes; false if it is no such list. */
static bool add_lengths(const json_t *files, size_t *bytes)
{
	const size_t n = json_array_size(files);

	*bytes = 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *file = json_array_get(files, i);
		const json_int_t len = json_integer_value(json_array_get(file, 1));

		if (!json_string_value(json_array_get(file, 0)) || len < 0 || len > CONF_MAX_BYTES)
			return false;
		*bytes += len;
	}
	return n && n <= CONF_MAX_FILES && *bytes <= CONF_MAX_BYTES;
}

static void point(struct handover *h, const json_t *files)
{
	const char *text = buf_str(&h->text);

	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		struct conf_input *in = &h->inputs[h->n_inputs++];

		in->name = json_string_value(json_array_get(file, 0));
		in->len = json_integer_value(json_array_get(file, 1));
		in->text = text;
		text += in->len;
	}
}

enum ctl_exit handover_take(struct ctl_call *call, struct handover *out)
{
	struct handover h = { 0 };
	size_t bytes;

	if (!call->files)
		return CTL_OK;
	if (call->fd < 0 || !is_sealed(call->fd) || !add_lengths(call->files, &bytes) ||
	    !read_text(call->fd, bytes, &h.text)) {
		buf_free(&h.text);
		buf_puts(&call->error, "the files of the request are not in a sealed memory file");
		return CTL_USAGE;
	}
	h.inputs = calloc(json_array_size(call->files), sizeof(*h.inputs));
	if (!h.inputs) {
		buf_free(&h.text);
		buf_puts(&call->error, "out of memory");
		return CTL_FAILED;
	}
	point(&h, call->files);
	*out = h;
	return CTL_OK;
}

void handover_free(struct handover *h)
{
	buf_free(&h->text);
	free(h->inputs);
	*h = (struct handover){ 0 };
}
