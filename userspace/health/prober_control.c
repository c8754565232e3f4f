/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "health/prober_control.h"
#include "health/prober_rights.h"

static void understand(struct prober_message *m, struct mmsghdr *msg)
{
	size_t len = msg->msg_hdr.msg_flags & MSG_TRUNC ? 0 : msg->msg_len;

	m->said = PROBER_SAID_NONSENSE;
	m->fd = prober_rights_take(&msg->msg_hdr);
	if (prober_request_is_valid(&m->request, len))
		m->said = PROBER_SAID_REQUEST;
	else if (m->fd >= 0 && prober_trust_is_valid(&m->trust, len))
		m->said = PROBER_SAID_TRUST;
}

int prober_control_receive(int fd, struct prober_message *messages, size_t room)
{
	struct mmsghdr msgs[PROBER_BATCH] = { 0 };
	union prober_rights rights[PROBER_BATCH];
	struct iovec iov[PROBER_BATCH];
	int n;

	for (size_t i = 0; i < PROBER_BATCH; i++) {
		iov[i] = (struct iovec){ &messages[i].request, sizeof(messages[i].request) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		prober_rights_expect(&msgs[i].msg_hdr, &rights[i]);
	}
	n = recvmmsg(fd, msgs, room < PROBER_BATCH ? room : PROBER_BATCH,
		     MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		if (!msgs[i].msg_len)
			return i ?: -EPIPE;
		understand(&messages[i], &msgs[i]);
	}
	return n;
}

/* Return: how many were sent, 0 if the parent takes none now, or a negative errno. */
static int send_batch(int fd, struct prober_answer *answers, size_t n)
{
	struct mmsghdr msgs[PROBER_BATCH] = { 0 };
	struct iovec iov[PROBER_BATCH];
	int sent;

	if (n > PROBER_BATCH)
		n = PROBER_BATCH;
	for (size_t i = 0; i < n; i++) {
		iov[i] = (struct iovec){ &answers[i], sizeof(answers[i]) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return sent;
}

static int flush(struct prober_outbox *box, int fd)
{
	size_t done = 0;
	int sent = 0;

	while (done < box->n && (sent = send_batch(fd, box->answers + done, box->n - done)) > 0)
		done += sent;
	if (done) {
		box->n -= done;
		memmove(box->answers, box->answers + done, box->n * sizeof(*box->answers));
	}
	return sent < 0 ? sent : 0;
}

int prober_outbox_add(struct prober_outbox *box, const struct prober_answer *answer)
{
	struct prober_answer *a = array_add(&box->answers, &box->n);

	if (!a)
		return -ENOMEM;
	*a = *answer;
	return 0;
}

uint64_t prober_outbox_due_ms(const struct prober_outbox *box)
{
	return box->n && !box->blocked ? box->from_ms : CHECK_NEVER;
}

int prober_outbox_send(struct prober_outbox *box, int fd, uint64_t now_ms)
{
	int err;

	if (!box->n || (now_ms < box->from_ms && !box->blocked))
		return 0;
	err = flush(box, fd);
	box->from_ms = now_ms + PROBER_ANSWER_GAP_MS;
	box->blocked = box->n;
	return err;
}
