/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates good and bad, and what is said of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tls_rig.h"

#define ROOM 65536

static struct tls_rig g;

static void setup(void)
{
	tls_rig_open(&g);
}

static void teardown(void)
{
	tls_rig_close(&g);
}

TestSuite(tls_judge, .init = setup, .fini = teardown, .timeout = 60);

static const char *day_text(long from_now_s)
{
	static char text[16];
	time_t at = time(NULL) + from_now_s;
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%d", gmtime_r(&at, &tm));
	return text;
}

/* --- certificates ---------------------------------------------------------------------- */

Test(tls_judge, takes_the_right_name)
{
	cr_expect_str_eq(
		tls_rig_judge(&g, tls_rig_make("DNS:www.example.com", -PKI_DAY, PKI_DAY, &g.root),
			      "www.example.com", "192.0.2.1"),
		"");
	cr_expect(tls_is_up(g.tls));
	cr_expect_str_eq(SSL_get_servername(g.server, TLSEXT_NAMETYPE_host_name),
			 "www.example.com");
}

Test(tls_judge, takes_a_wildcard)
{
	cr_expect_str_eq(
		tls_rig_judge(&g, tls_rig_make("DNS:*.example.com", -PKI_DAY, PKI_DAY, &g.root),
			      "www.example.com", "192.0.2.1"),
		"");
}

Test(tls_judge, refuses_another_name_and_says_which)
{
	cr_expect_str_eq(tls_rig_judge(&g,
				       tls_rig_make("DNS:other.example.com,DNS:x", -PKI_DAY,
						    PKI_DAY, &g.root),
				       "www.example.com", "192.0.2.1"),
			 "certificate is for other.example.com, not for www.example.com");
}

Test(tls_judge, takes_the_address_where_there_is_no_name)
{
	cr_expect_str_eq(tls_rig_judge(&g, tls_rig_make("IP:192.0.2.1", -PKI_DAY, PKI_DAY, &g.root),
				       "", "192.0.2.1"),
			 "");
	cr_expect_null(SSL_get_servername(g.server, TLSEXT_NAMETYPE_host_name));
}

Test(tls_judge, refuses_another_address)
{
	cr_expect_str_eq(
		tls_rig_judge(&g, tls_rig_make("DNS:a,IP:2001:db8::1", -PKI_DAY, PKI_DAY, &g.root),
			      NULL, "2001:db8::2"),
		"certificate is for a, not for this address");
}

Test(tls_judge, refuses_what_is_expired)
{
	char want[64];

	snprintf(want, sizeof(want), "certificate expired on %s", day_text(-3 * PKI_DAY));
	cr_expect_str_eq(tls_rig_judge(&g,
				       tls_rig_make("DNS:a", -9 * PKI_DAY, -3 * PKI_DAY, &g.root),
				       "a", "192.0.2.1"),
			 want);
}

Test(tls_judge, refuses_what_is_not_valid_yet)
{
	cr_expect_str_eq(tls_rig_judge(&g, tls_rig_make("DNS:a", PKI_DAY, 2 * PKI_DAY, &g.root),
				       "a", "192.0.2.1"),
			 "certificate is not yet valid");
}

Test(tls_judge, refuses_its_own_signature)
{
	cr_expect_str_eq(
		tls_rig_judge(&g, tls_rig_make("DNS:a", -PKI_DAY, PKI_DAY, NULL), "a", "192.0.2.1"),
		"self-signed certificate");
}

Test(tls_judge, refuses_the_signature_of_a_stranger)
{
	cr_expect_str_eq(tls_rig_judge(&g, tls_rig_make("DNS:a", -PKI_DAY, PKI_DAY, &g.stranger),
				       "a", "192.0.2.1"),
			 "certificate of nobody who is trusted");
}

Test(tls_judge, prints_no_byte_of_a_name_that_is_not_text)
{
	cr_expect_str_eq(tls_rig_judge(&g,
				       tls_rig_make("DNS:a\033[2J b", -PKI_DAY, PKI_DAY, &g.root),
				       "a", "192.0.2.1"),
			 "certificate is for a?[2J?b, not for a");
}

/* One that is trusted by itself needs nobody who vouches for it. */
Test(tls_judge, takes_the_servers_own_certificate_as_trusted)
{
	struct pki own = tls_rig_make("DNS:a", -PKI_DAY, PKI_DAY, NULL);

	cr_assert_eq(tls_rig_trust(&g, &own, 2), 0);
	tls_rig_serve(&g, &own, NULL);
	tls_rig_begin(&g, "a", "192.0.2.1", 2);
	cr_assert_eq(tls_rig_shake(&g), 0);
	cr_expect(tls_judge(g.tls, clock_wall_s(), g.why), "%s", g.why);
	pki_free(&own);
}

Test(tls_judge, replaced_trust_holds_for_new_sessions)
{
	struct pki cert = tls_rig_make("DNS:a", -PKI_DAY, PKI_DAY, &g.root);

	cr_assert_eq(tls_rig_trust(&g, &g.root, 1), 0);
	tls_rig_serve(&g, &cert, NULL);
	tls_rig_begin(&g, "a", "192.0.2.1", 1);
	cr_assert_eq(tls_rig_trust(&g, &g.stranger, 1), 0);
	cr_assert_eq(tls_rig_shake(&g), 0);
	cr_expect(tls_judge(g.tls, clock_wall_s(), g.why), "%s", g.why);
	tls_close(g.tls);
	SSL_free(g.server);
	/* What the last session said and left unread is no part of this one. */
	close(g.ends[0]);
	close(g.ends[1]);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, g.ends), 0);
	tls_rig_serve(&g, &cert, NULL);
	tls_rig_begin(&g, "a", "192.0.2.1", 1);
	cr_assert_eq(tls_rig_shake(&g), 0);
	cr_expect_not(tls_judge(g.tls, clock_wall_s(), g.why));
	pki_free(&cert);
}

/* --- when it ends ------------------------------------------------------------------------ */

Test(tls_judge, knows_when_the_servers_certificate_ends)
{
	bool is_server;
	uint64_t end_s;

	tls_rig_judge(&g, tls_rig_make("DNS:a", -PKI_DAY, 9 * PKI_DAY, &g.root), "a", "192.0.2.1");
	end_s = tls_ends_s(g.tls, &is_server);
	cr_expect(is_server);
	cr_expect(end_s <= clock_wall_s() + 9 * PKI_DAY &&
		  end_s + 60 > clock_wall_s() + 9 * PKI_DAY);
}

Test(tls_judge, knows_when_one_that_vouches_for_it_ends)
{
	struct pki middle = pki_make(&(struct pki_wish){ .issuer = &g.root,
							 .common_name = "middle",
							 .is_ca = true,
							 .from_s = -PKI_DAY,
							 .to_s = 5 * PKI_DAY });
	struct pki cert = tls_rig_make("DNS:a", -PKI_DAY, 9 * PKI_DAY, &middle);
	uint64_t end_s;
	bool is_server;

	cr_assert_eq(tls_rig_trust(&g, &g.root, 1), 0);
	tls_rig_serve(&g, &cert, &middle);
	tls_rig_begin(&g, "a", "192.0.2.1", 1);
	cr_assert_eq(tls_rig_shake(&g), 0);
	cr_expect(tls_judge(g.tls, clock_wall_s(), g.why), "%s", g.why);
	end_s = tls_ends_s(g.tls, &is_server);
	cr_expect_not(is_server);
	cr_expect(end_s <= clock_wall_s() + 5 * PKI_DAY &&
		  end_s + 60 > clock_wall_s() + 5 * PKI_DAY);
	pki_free(&middle);
	pki_free(&cert);
}

/* --- certificates as text ------------------------------------------------------------------- */

Test(tls_judge, counts_certificates)
{
	static char pem[ROOM];
	size_t len;

	pki_print(&g.root, pem, sizeof(pem));
	strcat(pem, "# a comment\n\n");
	len = pki_print(&g.stranger, pem, sizeof(pem));
	cr_expect_eq(tls_count_certificates(pem, len), 2);
	cr_expect_eq(tls_client_trust(&g.client, 3, pem, len), 0);
}

Test(tls_judge, wants_at_least_one_certificate)
{
	cr_expect_eq(tls_count_certificates("", 0), -EBADMSG);
	cr_expect_eq(tls_count_certificates("hello\n", 6), -EBADMSG);
	cr_expect_eq(tls_client_trust(&g.client, 3, "hello\n", 6), -EBADMSG);
	cr_expect_null(g.client.ctx[3]);
}

Test(tls_judge, takes_no_damaged_certificate)
{
	static char pem[ROOM];
	size_t len;

	pki_print(&g.root, pem, sizeof(pem));
	len = pki_print(&g.stranger, pem, sizeof(pem));
	cr_expect_eq(tls_count_certificates(pem, len - 40), -EBADMSG);
	cr_assert_eq(tls_rig_trust(&g, &g.root, 3), 0);
	cr_expect_eq(tls_client_trust(&g.client, 3, pem, len - 40), -EBADMSG);
	cr_expect_not_null(g.client.ctx[3]);
}
