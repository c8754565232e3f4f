/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * https and tls through the prober in its jail, against a server in a process of
 * its own: the certificates that are trusted reach the prober, and reach it again.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "pki.h"
#include "world.h"

#define PEM_ROOM 8192

static struct world w;
static struct pki root, stranger, cert;
static char ca_file[64];
static pid_t server_pid;

static void write_ca(const struct pki *p)
{
	char pem[PEM_ROOM] = "";
	size_t len = pki_print(p, pem, sizeof(pem));
	FILE *f = fopen(ca_file, "we");

	cr_assert_not_null(f);
	cr_assert_eq(fwrite(pem, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
}

static struct pki make_ca(const char *name)
{
	return pki_make(&(struct pki_wish){
		.common_name = name, .is_ca = true, .from_s = -PKI_DAY, .to_s = 99 * PKI_DAY });
}

static void setup(void)
{
	int fd;

	world_init(&w);
	root = make_ca("root");
	stranger = make_ca("stranger");
	cert = pki_make(&(struct pki_wish){ .issuer = &root,
					    .common_name = "server",
					    .names = "DNS:www.example.com,IP:127.0.0.1",
					    .from_s = -PKI_DAY,
					    .to_s = 9 * PKI_DAY + 3600 });
	strcpy(ca_file, "/tmp/shunt-test-ca-XXXXXX");
	fd = mkostemp(ca_file, O_CLOEXEC);
	cr_assert_geq(fd, 0);
	close(fd);
	write_ca(&root);
}

static void teardown(void)
{
	world_free(&w);
	if (server_pid > 0) {
		kill(server_pid, SIGKILL);
		waitpid(server_pid, NULL, 0);
	}
	unlink(ca_file);
	pki_free(&root);
	pki_free(&stranger);
	pki_free(&cert);
}

TestSuite(probes_tls, .init = setup, .fini = teardown, .timeout = 120);

/* --- the server ------------------------------------------------------------------ */

static void serve_one(SSL_CTX *ctx, int fd, const char *reply)
{
	char request[1024];
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0 && reply)
		SSL_write(ssl, reply, strlen(reply));
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

/* In a child, until it is killed: one connection after the other. */
static void serve(struct server *s, const char *reply)
{
	int listener = s->listener, fd;
	SSL_CTX *ctx;

	server_pid = fork();
	cr_assert_geq(server_pid, 0);
	if (server_pid) {
		close(listener);
		s->listener = -1;
		return;
	}
	signal(SIGPIPE, SIG_IGN);
	ctx = pki_server(&cert, NULL);
	fcntl(listener, F_SETFL, 0);
	while ((fd = accept(listener, NULL, NULL)) >= 0 || errno == ECONNABORTED)
		serve_one(ctx, fd, reply);
	_exit(1);
}

static struct conf_check *add(enum conf_check_type type, const char *reply)
{
	struct server *s = world_add(&w, "127.0.0.1", type);
	struct conf_check *c = &w.backends[w.service.n_backends - 1].check;

	c->verify = true;
	c->ca_file = ca_file;
	c->expires_days = 5;
	serve(s, reply);
	return c;
}

static void expect_down(enum health_code code, const char *detail)
{
	world_wait_state(&w, 0, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 0)->code, code, "%s",
		     health_code_name(world_status(&w, 0)->code));
	cr_expect_str_eq(world_status(&w, 0)->detail, detail);
}

/* --- what is told ------------------------------------------------------------------ */

Test(probes_tls, https_passes)
{
	add(CONF_CHECK_HTTPS, "HTTP/1.1 204 No Content\r\n\r\n")->sni = "www.example.com";
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	cr_expect_str_eq(world_status(&w, 0)->detail, "http 204");
	cr_expect_gt(world_status(&w, 0)->cert_ends_s, clock_wall_s() + 9 * PKI_DAY);
	cr_expect_lt(world_status(&w, 0)->cert_ends_s, clock_wall_s() + 10 * PKI_DAY);
}

Test(probes_tls, https_fails_by_status)
{
	add(CONF_CHECK_HTTPS, "HTTP/1.1 503 Sorry\r\n\r\n");
	world_start(&w, prober_main);
	expect_down(HEALTH_L7STS_CODE, "http 503");
}

Test(probes_tls, https_wants_http)
{
	add(CONF_CHECK_HTTPS, "220 ready\r\n");
	world_start(&w, prober_main);
	expect_down(HEALTH_L7RSP_CODE, "not an HTTP/1 status line");
}

Test(probes_tls, https_wants_an_answer)
{
	add(CONF_CHECK_HTTPS, NULL);
	world_start(&w, prober_main);
	expect_down(HEALTH_L7RSP_CODE, "closed after 0 bytes");
}

Test(probes_tls, tls_passes_for_the_address)
{
	add(CONF_CHECK_TLS, NULL);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	cr_expect_str_eq(world_status(&w, 0)->detail, "TLSv1.3");
}

Test(probes_tls, tls_warns_of_the_end)
{
	add(CONF_CHECK_TLS, NULL)->expires_days = 30;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	cr_expect_str_eq(world_status(&w, 0)->detail, "TLSv1.3, the certificate ends in 9 days");
}

/* The name of host, without the port that may stand there. */
Test(probes_tls, host_is_the_name_that_is_wanted)
{
	add(CONF_CHECK_HTTPS, "HTTP/1.1 204 No Content\r\n\r\n")->host = "mail.example.com:8443";
	world_start(&w, prober_main);
	expect_down(HEALTH_L6CERT_CODE,
		    "certificate is for www.example.com, not for mail.example.com");
}

Test(probes_tls, unverified_passes_whatever_it_is)
{
	struct conf_check *c = add(CONF_CHECK_TLS, NULL);

	c->verify = false;
	c->ca_file = "/nowhere";
	c->sni = "mail.example.com";
	c->expires_days = 30;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	cr_expect_str_eq(world_status(&w, 0)->detail, "TLSv1.3");
	cr_expect_eq(world_status(&w, 0)->cert_ends_s, 0);
}

Test(probes_tls, plain_http_is_no_tls)
{
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_TLS);

	/* The blank line that the server waits for before it speaks never comes. */
	s->reply = NULL;
	w.backends[0].check.timeout_ms = 300;
	world_start(&w, prober_main);
	expect_down(HEALTH_L6TOUT_CODE, "no TLS session within 300 ms");
}

/* --- whom one trusts ----------------------------------------------------------------- */

Test(probes_tls, another_prober_is_told_again)
{
	uint64_t n;
	int old;

	add(CONF_CHECK_TLS, NULL);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	old = health_prober_pid(w.health);
	kill(old, SIGKILL);
	world_wait_other_prober(&w, old);
	n = world_status(&w, 0)->results[1];
	world_wait_probes(&w, 0, n + 3);
	cr_expect_eq(world_status(&w, 0)->results[0], 0, "%s", world_status(&w, 0)->detail);
}

Test(probes_tls, a_changed_file_holds_from_the_next_config_on)
{
	uint64_t n;

	add(CONF_CHECK_TLS, NULL);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	write_ca(&stranger);
	n = world_status(&w, 0)->results[1];
	world_wait_probes(&w, 0, n + 3);
	cr_expect_eq(world_status(&w, 0)->results[0], 0);
	world_configure(&w);
	expect_down(HEALTH_L6CERT_CODE, "certificate of nobody who is trusted");
	write_ca(&root);
	world_configure(&w);
	world_wait_state(&w, 0, HEALTH_UP);
}

Test(probes_tls, a_bad_file_is_refused_and_the_old_one_stays)
{
	uint64_t n;

	add(CONF_CHECK_TLS, NULL);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	w.backends[0].check.ca_file = "/nowhere";
	cr_expect_eq(health_configure(w.health, &w.conf, clock_now_ms()), -ENOENT);
	w.backends[0].check.ca_file = "/dev/zero";
	cr_expect_eq(health_configure(w.health, &w.conf, clock_now_ms()), -EINVAL);
	w.backends[0].check.ca_file = "/etc/hostname";
	cr_expect_eq(health_configure(w.health, &w.conf, clock_now_ms()), -EINVAL);
	n = world_status(&w, 0)->results[1];
	world_wait_probes(&w, 0, n + 3);
	cr_expect_eq(world_status(&w, 0)->results[0], 0);
}

/* Two files, two places; one that is not named any more is forgotten. */
Test(probes_tls, each_check_has_its_own)
{
	static char other[sizeof(ca_file)];
	struct conf_check *first, *second;

	first = add(CONF_CHECK_TLS, NULL);
	second = &w.backends[1].check;
	w.service.n_backends = 2;
	w.backends[1] = w.backends[0];
	w.backends[1].name = "b1";
	strcpy(other, ca_file);
	strcpy(ca_file, "/tmp/shunt-test-ca-XXXXXX");
	close(mkostemp(ca_file, O_CLOEXEC));
	write_ca(&stranger);
	first->ca_file = other;
	second->ca_file = ca_file;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_DOWN);
	second->ca_file = other;
	world_configure(&w);
	world_wait_state(&w, 1, HEALTH_UP);
	unlink(other);
}
