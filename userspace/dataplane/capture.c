/* SPDX-License-Identifier: BSD-2-Clause */
#include "dataplane/capture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dataplane/internal.h"

/* --- maps ----------------------------------------------------------------------- */

static int make_filter(const struct shunt_capture *filter)
{
	const __u32 zero = 0;
	_cleanup_close_ int fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, load_capture_map_names[LOAD_CAPTURE_FILTER],
			       sizeof(zero), sizeof(*filter), 1, NULL);

	if (fd < 0 || bpf_map_update_elem(fd, &zero, filter, BPF_ANY))
		return -errno;
	return take_fd(&fd);
}

static int make_ring(void)
{
	const int fd =
		bpf_map_create(BPF_MAP_TYPE_RINGBUF, load_capture_map_names[LOAD_CAPTURE_RING], 0,
			       0, SHUNT_CAPTURE_RING, NULL);

	return fd < 0 ? -errno : fd;
}

void capture_close(struct dataplane *dp)
{
	for (int m = 0; m < LOAD_CAPTURE_MAPS; m++) {
		if (dp->capture[m] >= 0)
			close(dp->capture[m]);
		dp->capture[m] = -1;
	}
}

int dataplane_capture_begin(struct dataplane *dp, const struct shunt_capture *filter)
{
	int err;

	if (dp->capture[LOAD_CAPTURE_RING] >= 0)
		return -EBUSY;
	dp->capture[LOAD_CAPTURE_FILTER] = make_filter(filter);
	dp->capture[LOAD_CAPTURE_RING] = make_ring();
	err = dp->capture[LOAD_CAPTURE_FILTER] < 0 ? dp->capture[LOAD_CAPTURE_FILTER] : 0;
	if (!err && dp->capture[LOAD_CAPTURE_RING] < 0)
		err = dp->capture[LOAD_CAPTURE_RING];
	err = err ?: pin_capture(dp->pin_dir, dp->capture);
	if (!err)
		return 0;
	dataplane_capture_end(dp);
	return log_err(err, "make room for packets to look at");
}

void dataplane_capture_end(struct dataplane *dp)
{
	pin_remove_capture(dp->pin_dir);
	capture_close(dp);
}

int dataplane_capture_fd(const struct dataplane *dp)
{
	return dp->capture[LOAD_CAPTURE_RING];
}

int capture_use(const struct dataplane *dp, struct load *l)
{
	return dp->capture[LOAD_CAPTURE_RING] >= 0 ? load_use_capture(l, dp->capture) : 0;
}

int capture_join(struct dataplane *dp)
{
	int err;

	/* What a daemon that died in the middle has left. */
	if (!dp->rodata.capture) {
		pin_remove_capture(dp->pin_dir);
		return 0;
	}
	err = pin_open_capture(dp->pin_dir, dp->capture);
	return err ? log_err(err, "find what packets are kept in") : 0;
}

/* --- out ------------------------------------------------------------------------- */

/**
 * struct copier
 * @until_ms: when it is over
 * @err: why it is over; nobody reads any more: -EPIPE
 */
struct copier {
	int out_fd;
	uint64_t until_ms;
	int err;
};

static int time_left(const struct copier *c)
{
	const uint64_t now_ms = clock_now_ms();

	return now_ms < c->until_ms ? c->until_ms - now_ms : 0;
}

/* Of a socket that does not block, for others have it, too. */
static int send_all(const struct copier *c, const uint8_t *data, size_t bytes)
{
	struct pollfd pfd = { .fd = c->out_fd, .events = POLLOUT };

	while (bytes) {
		const ssize_t n = send(c->out_fd, data, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN && poll(&pfd, 1, time_left(c)) > 0)
			continue;
		if (n < 0 && errno != EINTR)
			return -errno;
		data += n > 0 ? n : 0;
		bytes -= n > 0 ? n : 0;
	}
	return 0;
}

static int on_packet(void *arg, void *data, size_t bytes)
{
	const struct shunt_captured *packet = data;
	struct copier *c = arg;

	if (bytes < SHUNT_CAPTURED_HEAD || bytes < SHUNT_CAPTURED_HEAD + packet->bytes)
		return 0;
	c->err = send_all(c, data, SHUNT_CAPTURED_HEAD + packet->bytes);
	return c->err;
}

int capture_copy(int ring_fd, int out_fd, uint32_t seconds)
{
	struct copier c = { .out_fd = out_fd, .until_ms = clock_now_ms() + seconds * 1000ULL };
	struct ring_buffer *ring = ring_buffer__new(ring_fd, on_packet, &c, NULL);
	int left, n = 0;

	if (!ring)
		return -errno;
	while (!c.err && (n >= 0 || n == -EINTR) && (left = time_left(&c)))
		n = ring_buffer__poll(ring, left);
	ring_buffer__free(ring);
	return c.err ?: n < 0 ? n : 0;
}
