/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conf/conf_text.h"

/* Characters of a line that a message shows, and of a word that it quotes. */
#define EXCERPT_CHARS 120
#define WORD_CHARS 48

/* Length by the first byte; 0: cannot start a character. */
static size_t char_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

size_t conf_text_char(const char *p, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = char_length(*p);
	uint32_t c;

	if (!len || len > n)
		return 0;
	c = len == 1 ? (unsigned char)*p : (unsigned char)*p & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*cp = c;
	return len;
}

/* Moves a cursor or breaks a line, so it cannot be shown as it is. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
	       c == 0xfffe || c == 0xffff;
}

static const char *char_flaw(const char *p, size_t n, size_t *len)
{
	uint32_t c;

	*len = conf_text_char(p, n, &c);
	if (!*len)
		return "this is not valid UTF-8";
	if (c == '\t' || c == '\n' || (c == '\r' && n > 1 && p[1] == '\n'))
		return NULL;
	if (c == '\r')
		return "a carriage return needs a newline behind it";
	return is_control(c) ? "a control character is not allowed here" : NULL;
}

const char *conf_text_flaw(const char *text, size_t len, struct conf_pos *pos)
{
	const char *end = text + len, *flaw;
	size_t n;

	*pos = (struct conf_pos){ 1, 1, 1, 0 };
	for (const char *p = text; p < end; p += n) {
		flaw = char_flaw(p, end - p, &n);
		if (flaw)
			return flaw;
		pos->column++;
		if (*p == '\n')
			*pos = (struct conf_pos){ pos->line + 1, 1, 1, 0 };
	}
	return NULL;
}

const char *conf_text_line(const char *text, size_t len, int line)
{
	const char *end = text + len, *newline;

	while (line-- > 1) {
		newline = memchr(text, '\n', end - text);
		if (!newline)
			return end;
		text = newline + 1;
	}
	return text;
}

/* Step over one character of a line; what is not a character is a byte. */
static const char *step(const char *p, const char *end)
{
	uint32_t c;
	size_t len = conf_text_char(p, end - p, &c);

	return p + (len ? len : 1);
}

static const char *step_many(const char *p, const char *end, int chars)
{
	while (chars-- > 0 && p < end)
		p = step(p, end);
	return p;
}

static void print_char(struct buf *out, const char *p, size_t n)
{
	uint32_t c;
	size_t len = conf_text_char(p, n, &c);

	if (*p == '\t' || (len && !is_control(c)))
		buf_add(out, p, len);
	else
		buf_puts(out, "?");
}

/* Under each character of [p, end) a blank that is as wide. */
static void print_blanks(struct buf *out, const char *p, const char *end)
{
	for (; p < end; p = step(p, end))
		buf_puts(out, *p == '\t' ? "\t" : " ");
}

static void print_caret(struct buf *out, const char *from, const char *to, int length)
{
	buf_puts(out, "^");
	for (from = step_many(from, to, 1); --length > 0 && from < to; from = step(from, to))
		buf_puts(out, "~");
	buf_puts(out, "\n");
}

void conf_text_excerpt(struct buf *out, const char *line, const char *end, struct conf_pos pos)
{
	const char *newline = memchr(line, '\n', end - line), *from = line, *to;

	end = newline ? newline : end;
	end -= end > line && end[-1] == '\r';
	if (line == end)
		return;
	to = step_many(line, end, EXCERPT_CHARS);
	if (to < end && pos.column > EXCERPT_CHARS / 2) {
		from = step_many(line, end, pos.column - EXCERPT_CHARS / 2);
		to = step_many(from, end, EXCERPT_CHARS);
	}
	if (from > line)
		buf_puts(out, "...");
	for (const char *p = from; p < to; p = step(p, to))
		print_char(out, p, to - p);
	buf_puts(out, to < end ? "...\n" : "\n");

	if (from > line)
		buf_puts(out, "   ");
	line = step_many(line, to, pos.column - 1);
	print_blanks(out, from, line);
	print_caret(out, line, to, pos.length);
}

void conf_text_print(struct buf *out, const char *word)
{
	const char *end = word + strlen(word), *cut = step_many(word, end, WORD_CHARS);
	uint32_t c;

	for (const char *p = word; p < cut; p = step(p, cut)) {
		if (!conf_text_char(p, cut - p, &c))
			buf_puts(out, "?");
		else if (is_control(c))
			buf_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
		else
			buf_add(out, p, step(p, cut) - p);
	}
	if (cut < end)
		buf_puts(out, "...");
}
