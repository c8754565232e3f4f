/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "health/dns_message.h"

#define HEADER_BYTES 12
#define NAME_MAX_BYTES 255
#define LABEL_MAX_BYTES 63
#define CLASS_IN 1

/* In the third and fourth byte of the header. */
#define QR 0x80 /* an answer */
#define OPCODE 0x78
#define RD 0x01 /* ask others, if you do not know: who never asks ignores it */
#define RCODE 0x0f

static void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static uint16_t get_u16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* As labels with their lengths. Return: bytes, 0 if it is no name. */
static size_t write_name(const char *name, uint8_t *out)
{
	size_t n = 0, label;

	if (!strcmp(name, "."))
		name++;
	else if (!*name)
		return 0;
	while (*name) {
		label = strcspn(name, ".");
		if (!label || label > LABEL_MAX_BYTES || n + label + 2 > NAME_MAX_BYTES)
			return 0;
		out[n++] = label;
		memcpy(out + n, name, label);
		n += label;
		name += label + (name[label] == '.');
	}
	out[n++] = 0;
	return n;
}

size_t dns_question_write(const struct dns_question *q, uint8_t out[DNS_QUESTION_MAX_BYTES])
{
	size_t name = write_name(q->name, out + HEADER_BYTES);

	if (!name)
		return 0;
	memset(out, 0, HEADER_BYTES);
	put_u16(out, q->id);
	out[2] = RD;
	put_u16(out + 4, 1);
	put_u16(out + HEADER_BYTES + name, q->qtype);
	put_u16(out + HEADER_BYTES + name + 2, CLASS_IN);
	return HEADER_BYTES + name + 4;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Lengths of labels are below any letter, so they may be lowered, too. */
static bool repeats_question(const struct dns_question *q, const uint8_t *data, size_t len)
{
	uint8_t asked[DNS_QUESTION_MAX_BYTES];
	size_t n = dns_question_write(q, asked), i = HEADER_BYTES;

	if (!n || len < n)
		return false;
	while (i < n - 4 && lower(data[i]) == lower(asked[i]))
		i++;
	return i == n - 4 && !memcmp(data + i, asked + i, 4);
}

int dns_answer_read(const struct dns_question *q, const uint8_t *data, size_t len,
		    struct dns_answer *out)
{
	uint16_t n_questions;

	if (len < HEADER_BYTES || get_u16(data) != q->id || !(data[2] & QR))
		return -ENOMSG;
	n_questions = get_u16(data + 4);
	if (data[2] & OPCODE || n_questions > 1)
		return -EBADMSG;
	if (n_questions ? !repeats_question(q, data, len) : !(data[3] & RCODE))
		return -EBADMSG;
	out->rcode = data[3] & RCODE;
	out->n_answers = get_u16(data + 6);
	return 0;
}
