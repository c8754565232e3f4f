/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt capture: what is asked for, what is written, and how packets are told. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/frame_text.h"
#include "ctl/pcap.h"
#include "net/addr.h"
#include "rig.h"
#include "shunt/reason.h"

static struct rig r;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(capture, .init = setup, .fini = teardown);

Test(capture, becomes_a_filter)
{
	const struct shunt_capture *f = &r.daemon.captured;
	struct shunt_addr host;

	addr_parse("2001:db8::7", &host);
	/* The fake gives nothing away: somebody else has it. */
	cr_assert_eq(rig_run(&r, "capture", "host", "2001:db8::7", "port", "443", "service", "web",
			     "reason", "no_backend", NULL),
		     CTL_FAILED);
	cr_expect(strstr(buf_str(&r.err), "one can at a time"), "%s", buf_str(&r.err));
	cr_expect(f->has_host);
	cr_expect(addr_is_equal(&f->host, &host));
	cr_expect_eq(f->port, htons(443));
	cr_expect_eq(f->n_ends, 4, "two addresses with two ports, not %u", f->n_ends);
	cr_expect_eq(f->ends[3].port, htons(443));
	cr_expect_eq(f->ends[3].proto, 6);
	cr_expect_eq(f->reasons, 1ULL << SHUNT_NO_BACKEND);
}

Test(capture, without_words_is_everything)
{
	cr_assert_eq(rig_run(&r, "capture", NULL), CTL_FAILED);
	cr_expect_eq(r.daemon.captured.reasons, UINT64_MAX);
	cr_expect_eq(r.daemon.captured.n_ends, 0);
	cr_expect(!r.daemon.captured.has_host);
	cr_expect_eq(r.daemon.captured.port, 0);
}

Test(capture, knows_reasons_by_what_they_do)
{
	cr_assert_eq(rig_run(&r, "capture", "reason", "drop", NULL), CTL_FAILED);
	cr_expect(r.daemon.captured.reasons >> SHUNT_NO_BACKEND & 1);
	cr_expect(r.daemon.captured.reasons >> SHUNT_NO_LEG & 1);
	cr_expect(!(r.daemon.captured.reasons >> SHUNT_FORWARDED & 1));
	cr_expect(!(r.daemon.captured.reasons >> SHUNT_NOT_SERVICE & 1));
}

Test(capture, refuses_what_it_does_not_know)
{
	static const struct {
		const char *word, *value;
		enum ctl_exit code;
		const char *says;
	} rows[] = {
		{ "host", "nobody", CTL_USAGE, "no address" },
		{ "port", "0", CTL_USAGE, "no port" },
		{ "port", "80x", CTL_USAGE, "no port" },
		{ "colour", "red", CTL_USAGE, "none of host, port, service, reason" },
		{ "service", "wep", CTL_NOT_FOUND, "did you mean \"web\"" },
		{ "reason", "no_bakend", CTL_NOT_FOUND, "did you mean \"no_backend\"" },
		{ "host", NULL, CTL_USAGE, "needs a value" },
		{ "--count=0", NULL, CTL_USAGE, "no number from 1 on" },
		{ "--count=1x", NULL, CTL_USAGE, "no number from 1 on" },
		{ "--write=/nowhere/at/all", NULL, CTL_FAILED, "/nowhere/at/all" },
	};

	array_for_each (row, rows, array_len(rows)) {
		cr_expect_eq(rig_run(&r, "capture", row->word, row->value, NULL), row->code, "%s",
			     row->word);
		cr_expect(strstr(buf_str(&r.err), row->says), "%s: %s", row->word, buf_str(&r.err));
	}
}

/* --- files ------------------------------------------------------------------------ */

/* draft-ietf-opsawg-pcap, 4 and 5; with nanoseconds. */
Test(pcap, is_as_tcpdump_reads_it)
{
	const struct shunt_captured packet = { .frame_bytes = 1600, .bytes = 3, .data = "abc" };
	uint32_t words[10];
	FILE *f = tmpfile();
	char tail[4] = "";

	cr_assert(f);
	cr_assert_eq(pcap_begin(f), 0);
	cr_assert_eq(pcap_add(f, &packet, 1700000000123456789ULL), 0);
	rewind(f);
	cr_assert_eq(fread(words, sizeof(words), 1, f), 1);
	cr_assert_eq(fread(tail, 3, 1, f), 1);
	cr_expect_eq(words[0], 0xa1b23c4d);
	cr_expect_eq(words[1], 2 | 4 << 16);
	cr_expect_eq(words[5], 1, "Ethernet");
	cr_expect_eq(words[6], 1700000000);
	cr_expect_eq(words[7], 123456789);
	cr_expect_eq(words[8], 3);
	cr_expect_eq(words[9], 1600);
	cr_expect_str_eq(tail, "abc");
	cr_expect_eq(fgetc(f), EOF);
	fclose(f);
}

/* --- text --------------------------------------------------------------------------- */

#define MACS "\2\0\0\0\0\1\2\0\0\0\0\2"
#define IP4(len, frag, proto) "\x45\0\0" len "\0\0\0" frag "\x40" proto "\0\0"
#define ENDS4 "\xc6\x33\x64\7\xcb\0\x71\x0a"
#define ENDS6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a"
#define PORTS "\x9c\x40\1\xbb"

static void expect_text(const char *bytes, size_t n, uint16_t gue_port, const char *want)
{
	struct buf text = { 0 };

	frame_text_add((const uint8_t *)bytes, n, gue_port, &text);
	cr_expect_str_eq(buf_str(&text), want);
	buf_free(&text);
}

#define EXPECT(bytes, gue_port, want) expect_text(bytes, sizeof(bytes) - 1, gue_port, want)

Test(frame_text, tells_what_is_in_a_frame)
{
	EXPECT(MACS "\x08\0" IP4("\x28", "\0", "\6") ENDS4 PORTS
	       "\0\0\0\0\0\0\0\0\x50\x12\0\0\0\0\0\0",
	       0, "198.51.100.7:40000 > 203.0.113.10:443 tcp syn ack");
	EXPECT(MACS "\x81\0\0\x64\x86\xdd\x60\0\0\0\0\x08\x11\x40" ENDS6 PORTS "\0\x08\0\0", 0,
	       "vlan 100: [2001:db8::7]:40000 > [2001:db8::a]:443 udp");
	EXPECT(MACS "\x08\0" IP4("\x1c", "\0", "\1") ENDS4 "\x08\0\0\0\0\0\0\0", 0,
	       "198.51.100.7 > 203.0.113.10 icmp type 8 code 0");
	EXPECT(MACS "\x08\0" IP4("\x1c", "\7", "\x11") ENDS4 PORTS, 0,
	       "198.51.100.7 > 203.0.113.10 later fragment");
	EXPECT(MACS "\x08\x06\0\1", 0, "ethertype 0x0806");
}

Test(frame_text, follows_tunnels)
{
	static const char gue[] = MACS "\x08\0" IP4("\x38", "\0", "\x11") ENDS4
		"\xc0\1\x17\xc0\0\x24\0\0" IP4("\x1c", "\0", "\x11") ENDS4 PORTS "\0\x08\0\0";

	expect_text(gue, sizeof(gue) - 1, 6080,
		    "198.51.100.7:49153 > 203.0.113.10:6080 gue: "
		    "198.51.100.7:40000 > 203.0.113.10:443 udp");
	expect_text(gue, sizeof(gue) - 1, 0, "198.51.100.7:49153 > 203.0.113.10:6080 udp");
}

/* Under the sanitizers nothing may be read behind the end. */
Test(frame_text, survives_every_end)
{
	static const char whole[] = MACS "\x81\0\0\x64\x08\0" IP4("\x50", "\0", "\x29") ENDS4
		"\x60\0\0\0\0\x14\6\x40" ENDS6 PORTS "\0\0\0\0\0\0\0\0\x50\2\0\0\0\0\0\0";

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *cut = malloc(n ?: 1);
		struct buf text = { 0 };

		cr_assert(cut);
		memcpy(cut, whole, n);
		frame_text_add((const uint8_t *)cut, n, 6080, &text);
		cr_expect_gt(text.len, 0, "%zu bytes", n);
		buf_free(&text);
		free(cut);
	}
}
