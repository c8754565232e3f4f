/* SPDX-License-Identifier: BSD-2-Clause */
/* One DNS question, byte by byte, and the answers to it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "health/dns_message.h"

/* clang-format off */
static const uint8_t question[] = {
	0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0,
	2, 'n', 's', 7, 'E', 'x', 'a', 'm', 'p', 'l', 'e', 0,
	0, 28, 0, 1,
};
/* clang-format on */
static const struct dns_question q = { .name = "ns.Example", .qtype = 28, .id = 0xabcd };

static size_t answer(uint8_t *out, uint8_t rcode)
{
	memcpy(out, question, sizeof(question));
	out[2] = 0x81;
	out[3] = 0x80 | rcode;
	out[7] = 2;
	return sizeof(question);
}

static int read_whole(const uint8_t *data, struct dns_answer *a)
{
	return dns_answer_read(&q, data, sizeof(question), a);
}

Test(dns_message, asks)
{
	uint8_t out[DNS_QUESTION_MAX_BYTES];

	cr_assert_eq(dns_question_write(&q, out), sizeof(question));
	cr_expect_eq(memcmp(out, question, sizeof(question)), 0);
}

Test(dns_message, a_final_dot_is_the_root)
{
	uint8_t a[DNS_QUESTION_MAX_BYTES], b[DNS_QUESTION_MAX_BYTES];

	cr_assert_eq(dns_question_write(&(struct dns_question){ .name = "a.b" }, a), 12 + 5 + 4);
	cr_assert_eq(dns_question_write(&(struct dns_question){ .name = "a.b." }, b), 12 + 5 + 4);
	cr_expect_eq(memcmp(a, b, 12 + 5 + 4), 0);
	cr_assert_eq(dns_question_write(&(struct dns_question){ .name = "." }, a), 12 + 1 + 4);
	cr_expect_eq(a[12], 0);
}

Test(dns_message, names_have_limits)
{
	static const char *const bad[] = { "", "..", ".a", "a..b", "a.." };
	struct dns_question long_one = { .name = NULL };
	char name[300], label[65];
	uint8_t out[DNS_QUESTION_MAX_BYTES];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(dns_question_write(&(struct dns_question){ .name = bad[i] }, out), 0,
			     "\"%s\"", bad[i]);
	memset(label, 'l', 64);
	label[64] = '\0';
	long_one.name = label;
	cr_expect_eq(dns_question_write(&long_one, out), 0);
	cr_expect_gt(dns_question_write(&(struct dns_question){ .name = label + 1 }, out), 0);
	for (int i = 0; i < 300; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[254] = '\0'; /* 127 labels: 255 bytes on the wire */
	long_one.name = name;
	cr_expect_eq(dns_question_write(&long_one, out), DNS_QUESTION_MAX_BYTES);
	memcpy(name + 252, "aa", 3);
	cr_expect_eq(dns_question_write(&long_one, out), 0);
}

Test(dns_message, reads_an_answer)
{
	uint8_t data[512];
	struct dns_answer a;

	answer(data, 0);
	cr_assert_eq(read_whole(data, &a), 0);
	cr_expect_eq(a.rcode, 0);
	cr_expect_eq(a.n_answers, 2);
	answer(data, 5);
	cr_assert_eq(read_whole(data, &a), 0);
	cr_expect_eq(a.rcode, 5);
	data[14] ^= 0x20; /* another case */
	cr_expect_eq(read_whole(data, &a), 0);
	cr_expect_eq(dns_answer_read(&q, data, sizeof(data), &a), 0, "records follow");
}

Test(dns_message, waits_for_its_own)
{
	uint8_t data[512];
	struct dns_answer a;

	for (size_t len = 0; len < 12; len++)
		cr_expect_eq(dns_answer_read(&q, question, len, &a), -ENOMSG);
	cr_expect_eq(dns_answer_read(&q, question, sizeof(question), &a), -ENOMSG, "a question");
	answer(data, 0);
	data[1] ^= 1;
	cr_expect_eq(read_whole(data, &a), -ENOMSG);
}

Test(dns_message, refuses_what_answers_another_question)
{
	uint8_t data[512];
	struct dns_answer a;

	for (size_t i = 12; i < sizeof(question); i++) {
		answer(data, 0);
		data[i] ^= 1;
		cr_expect_eq(read_whole(data, &a), -EBADMSG, "byte %zu", i);
	}
	for (size_t len = 12; len < sizeof(question); len++) {
		answer(data, 0);
		cr_expect_eq(dns_answer_read(&q, data, len, &a), -EBADMSG, "%zu bytes", len);
	}
	answer(data, 0);
	data[5] = 2;
	cr_expect_eq(read_whole(data, &a), -EBADMSG, "two questions");
	answer(data, 0);
	data[2] |= 0x20;
	cr_expect_eq(read_whole(data, &a), -EBADMSG, "a notification");
}

Test(dns_message, an_error_may_lack_the_question)
{
	uint8_t data[512];
	struct dns_answer a;

	answer(data, 1);
	data[5] = 0;
	cr_expect_eq(dns_answer_read(&q, data, 12, &a), 0);
	cr_expect_eq(a.rcode, 1);
	data[3] = 0x80;
	cr_expect_eq(dns_answer_read(&q, data, 12, &a), -EBADMSG);
}
