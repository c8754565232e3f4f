/* SPDX-License-Identifier: BSD-2-Clause */
/* The classic file format of libpcap, in the byte order of the machine. */
#include "pcap.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/cleanup.h"

#define ETHERNET 1

struct pcap_file {
	__u32 magic;
	__u16 major, minor;
	__u32 zone, accuracy;
	__u32 longest;
	__u32 link;
};

struct pcap_frame {
	__u32 seconds, microseconds;
	__u32 stored, bytes;
};

static void write_all(int fd, const struct iovec *iov, int n)
{
	ssize_t bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += iov[i].iov_len;
	cr_assert_eq(writev(fd, iov, n), bytes, "write SHUNT_TEST_PCAP");
}

static void begin(int fd)
{
	struct pcap_file head = {
		.magic = 0xa1b2c3d4, .major = 2, .minor = 4, .longest = FRAME_ROOM, .link = ETHERNET
	};

	write_all(fd, &(struct iovec){ &head, sizeof(head) }, 1);
}

void pcap_append(const struct frame *f)
{
	struct pcap_frame head = { .stored = f->len, .bytes = f->len };
	const struct iovec iov[] = { { &head, sizeof(head) }, { (void *)f->data, f->len } };
	const char *path = getenv("SHUNT_TEST_PCAP");
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	cr_assert(fd >= 0 && !flock(fd, LOCK_EX) && !fstat(fd, &st), "open %s", path);
	if (!st.st_size)
		begin(fd);
	write_all(fd, iov, 2);
}
