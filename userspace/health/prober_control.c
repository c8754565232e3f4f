/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/socket.h>

#include "health/prober_control.h"
#include "health/prober_rights.h"

int prober_control_receive(int fd, struct prober_request *requests, int *fds, size_t room)
{
	struct mmsghdr msgs[PROBER_BATCH] = { 0 };
	union prober_rights rights[PROBER_BATCH];
	struct iovec iov[PROBER_BATCH];
	int n;

	for (size_t i = 0; i < PROBER_BATCH; i++) {
		iov[i] = (struct iovec){ &requests[i], sizeof(requests[i]) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		prober_rights_expect(&msgs[i].msg_hdr, &rights[i]);
	}
	n = recvmmsg(fd, msgs, room < PROBER_BATCH ? room : PROBER_BATCH,
		     MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		size_t len = msgs[i].msg_hdr.msg_flags & MSG_TRUNC ? 0 : msgs[i].msg_len;

		if (!msgs[i].msg_len)
			return i ?: -EPIPE;
		fds[i] = prober_rights_take(&msgs[i].msg_hdr);
		if (!prober_request_is_valid(&requests[i], len))
			requests[i].serial = 0;
	}
	return n;
}

int prober_control_send(int fd, struct prober_answer *answers, size_t n)
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
