/* SPDX-License-Identifier: BSD-2-Clause */
/* A session against a server of OpenSSL's: what comes instead of one, and what it carries. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_rig.h"

static struct tls_rig g;

static void setup(void)
{
	tls_rig_open(&g);
}

static void teardown(void)
{
	tls_rig_close(&g);
}

TestSuite(tls, .init = setup, .fini = teardown, .timeout = 60);

/* --- what comes instead of a handshake ---------------------------------------------------- */

static void say(const char *text)
{
	cr_assert_eq(send(g.ends[1], text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

Test(tls, knows_plain_http)
{
	tls_rig_begin(&g, "a", "192.0.2.1", TLS_TRUST_NONE);
	cr_assert_eq(tls_handshake(g.tls), -EAGAIN);
	say("HTTP/1.1 400 Bad Request\r\n\r\n");
	cr_expect_eq(tls_handshake(g.tls), -EPROTO);
	cr_expect_str_eq(tls_error(g.tls), "the answer is not TLS");
}

Test(tls, knows_a_greeting_that_is_not_tls)
{
	tls_rig_begin(&g, "a", "192.0.2.1", TLS_TRUST_NONE);
	say("220 mail.example.com ESMTP ready\r\n");
	cr_expect_eq(tls_handshake(g.tls), -EPROTO);
	cr_expect_str_eq(tls_error(g.tls), "the answer is not TLS");
}

Test(tls, knows_the_end_of_the_stream)
{
	tls_rig_begin(&g, "a", "192.0.2.1", TLS_TRUST_NONE);
	cr_assert_eq(tls_handshake(g.tls), -EAGAIN);
	shutdown(g.ends[1], SHUT_WR);
	cr_expect_eq(tls_handshake(g.tls), -EPROTO);
	cr_expect_str_eq(tls_error(g.tls), "closed by the server");
}

Test(tls, hands_on_errors_of_the_socket)
{
	tls_rig_begin(&g, "a", "192.0.2.1", TLS_TRUST_NONE);
	close(g.ends[1]);
	g.ends[1] = -1;
	cr_expect_eq(tls_handshake(g.tls), -EPIPE);
	cr_expect_not(tls_is_up(g.tls));
}

Test(tls, says_what_the_server_complains_of)
{
	struct pki cert = tls_rig_make("DNS:a", -PKI_DAY, PKI_DAY, &g.root);

	tls_rig_serve(&g, &cert, NULL);
	/* Not one cipher in common. */
	SSL_set_max_proto_version(g.server, TLS1_2_VERSION);
	SSL_set_cipher_list(g.server, "ECDHE-RSA-AES128-GCM-SHA256");
	tls_rig_begin(&g, "a", "192.0.2.1", TLS_TRUST_NONE);
	cr_expect_eq(tls_rig_shake(&g), -EPROTO);
	cr_expect_str_eq(tls_error(g.tls), "the server's alert: handshake failure");
	pki_free(&cert);
}

Test(tls, has_no_session_without_known_trust)
{
	cr_expect_eq(tls_open(&g.client, g.ends[0], 7, &g.tls), -ENOENT);
	cr_expect_eq(tls_open(&g.client, g.ends[0], TLS_TRUST_PLACES, &g.tls), -ENOENT);
	cr_expect_null(g.tls);
}

/* --- the stream --------------------------------------------------------------------------- */

static void open_stream(void)
{
	cr_assert_str_eq(tls_rig_judge(&g, tls_rig_make("DNS:a", -PKI_DAY, PKI_DAY, &g.root), "a",
				       "192.0.2.1"),
			 "");
	SSL_do_handshake(g.server);
}

Test(tls, carries_both_ways)
{
	char got[64] = "";

	open_stream();
	cr_assert_eq(tls_recv(g.tls, got, sizeof(got)), -EAGAIN);
	cr_assert_eq(tls_send(g.tls, "ping", 4), 4);
	cr_assert_eq(SSL_read(g.server, got, sizeof(got)), 4);
	cr_expect_str_eq(got, "ping");
	cr_assert_eq(SSL_write(g.server, "pong", 4), 4);
	cr_assert_eq(tls_recv(g.tls, got, sizeof(got)), 4);
	cr_expect_str_eq(got, "pong");
	cr_assert_eq(tls_recv(g.tls, got, sizeof(got)), -EAGAIN);
}

Test(tls, ends_with_the_servers_good_bye)
{
	char got[8];

	open_stream();
	SSL_shutdown(g.server);
	cr_expect_eq(tls_recv(g.tls, got, sizeof(got)), 0);
}

/* Many servers just close. */
Test(tls, ends_without_a_good_bye)
{
	char got[8];

	open_stream();
	shutdown(g.ends[1], SHUT_WR);
	cr_expect_eq(tls_recv(g.tls, got, sizeof(got)), 0);
}

Test(tls, takes_no_damaged_record)
{
	char got[8];

	open_stream();
	say("\x17\x03\x03\x01\x40this is not encrypted");
	cr_expect_eq(tls_recv(g.tls, got, sizeof(got)), -EAGAIN);
	for (int i = 0; i < 20; i++)
		say("this is not encrypted either");
	cr_expect_eq(tls_recv(g.tls, got, sizeof(got)), -EPROTO);
	cr_expect_neq(tls_error(g.tls)[0], '\0');
}

Test(tls, says_good_bye)
{
	char got[8];

	open_stream();
	tls_close(g.tls);
	g.tls = NULL;
	cr_expect_eq(SSL_read(g.server, got, sizeof(got)), 0);
	cr_expect_eq(SSL_get_shutdown(g.server), SSL_RECEIVED_SHUTDOWN);
}

/* Every byte a turn of its own. */
Test(tls, survives_a_server_that_dribbles)
{
	struct pki cert = tls_rig_make("DNS:a", -PKI_DAY, PKI_DAY, &g.root);
	int far[2], err = -EAGAIN, got;
	char byte;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, far), 0);
	tls_rig_serve(&g, &cert, NULL);
	SSL_set_fd(g.server, far[1]);
	tls_rig_begin(&g, "a", "192.0.2.1", TLS_TRUST_NONE);
	for (int i = 0; i < 20000 && err == -EAGAIN; i++) {
		err = tls_handshake(g.tls);
		for (int way = 0; way < 2; way++) {
			got = recv(way ? g.ends[1] : far[0], &byte, 1, 0);
			if (got == 1)
				cr_assert_eq(send(way ? far[0] : g.ends[1], &byte, 1, MSG_NOSIGNAL),
					     1);
		}
		SSL_do_handshake(g.server);
	}
	cr_expect_eq(err, 0);
	close(far[0]);
	close(far[1]);
	pki_free(&cert);
}

/* They cost the server next to nothing, and carry nothing. */
Test(tls, ends_a_stream_of_nothing_but_new_keys)
{
	char got[8];
	ssize_t n = -EAGAIN;

	open_stream();
	for (int i = 0; i < 20000 && n == -EAGAIN; i++) {
		cr_assert(SSL_key_update(g.server, SSL_KEY_UPDATE_NOT_REQUESTED));
		SSL_do_handshake(g.server);
		n = tls_recv(g.tls, got, sizeof(got));
	}
	cr_expect_eq(n, -EMSGSIZE, "%zd", n);
}
