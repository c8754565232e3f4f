/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes over UDP and echo, from the config to the verdict, by a real prober. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/check.h"
#include "health/prober_echo.h"
#include "world.h"

static struct world w;

static void setup(void)
{
	world_init(&w);
}

static void teardown(void)
{
	world_free(&w);
}

TestSuite(probes_packet, .init = setup, .fini = teardown, .timeout = 120);

static void expect(size_t backend, enum health_code code, const char *detail)
{
	const struct health_status *s = world_status(&w, backend);

	cr_expect_eq(s->code, code, "%s: %s", health_code_name(s->code), s->detail);
	cr_expect_str_eq(s->detail, detail);
}

/* --- udp ---------------------------------------------------------------------- */

static size_t answer_pong(const uint8_t *question, size_t n, uint8_t *out)
{
	if (n != 4 || memcmp(question, "p\0ng", 4))
		return 0;
	memcpy(out, "pong\n", 5);
	return 5;
}

static struct conf_check *add_udp(const char *address)
{
	world_add(&w, address, CONF_CHECK_UDP)->answer = answer_pong;
	return &w.backends[w.service.n_backends - 1].check;
}

Test(probes_packet, udp_passes_by_what_comes_back)
{
	struct conf_check *c;

	for (int i = 0; i < 3; i++) {
		c = add_udp(i == 1 ? "::1" : "127.0.0.1");
		c->send = (const uint8_t *)"p\0ng";
		c->n_send = 4;
		c->payload = (const uint8_t *)(i == 2 ? "ping" : "pong");
		c->n_payload = 4;
	}
	w.backends[0].check.n_payload = 0;
	world_start(&w, prober_main);
	for (int i = 0; i < 3; i++)
		world_wait_probes(&w, i, 2);
	expect(0, HEALTH_OK_CODE, "answer of 5 bytes");
	expect(1, HEALTH_OK_CODE, "answer of 5 bytes");
	expect(2, HEALTH_L7RSP_CODE, "another answer, of 5 bytes");
}

Test(probes_packet, udp_fails_by_refusal)
{
	add_udp("127.0.0.1");
	add_udp("::1");
	server_close(&w.servers[0]);
	server_close(&w.servers[1]);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	world_wait_state(&w, 1, HEALTH_DOWN);
	expect(0, HEALTH_L4CON_CODE, "connection refused");
	expect(1, HEALTH_L4CON_CODE, "connection refused");
}

/* Nothing is sent, and nothing comes back: an empty datagram is one all the same. */
Test(probes_packet, udp_takes_silence_unless_something_is_expected)
{
	for (int i = 0; i < 2; i++)
		add_udp("127.0.0.1")->timeout_ms = 150;
	w.backends[1].check.payload = (const uint8_t *)"x";
	w.backends[1].check.n_payload = 1;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_DOWN);
	expect(0, HEALTH_OK_CODE, "no answer, and no refusal");
	expect(1, HEALTH_L7TOUT_CODE, "no answer within 150 ms");
	cr_expect_geq(w.servers[0].n_questions, 1);
}

/* --- dns ---------------------------------------------------------------------- */

/* The question comes back with an answer's bits. */
static size_t answer_dns(const uint8_t *question, size_t n, uint8_t *out)
{
	memcpy(out, question, n);
	out[2] |= 0x80;
	return n;
}

static size_t answer_refused(const uint8_t *question, size_t n, uint8_t *out)
{
	n = answer_dns(question, n, out);
	out[3] = 5;
	return n;
}

static size_t answer_another(const uint8_t *question, size_t n, uint8_t *out)
{
	n = answer_dns(question, n, out);
	out[13] ^= 1;
	return n;
}

static size_t answer_nobody(const uint8_t *question, size_t n, uint8_t *out)
{
	n = answer_dns(question, n, out);
	out[0] ^= 1;
	return n;
}

/* Two sockets of the loopback that are connected to each other. */
static void connect_pair(int pair[2])
{
	struct sockaddr_in at[2];
	socklen_t len = sizeof(at[0]);

	for (int i = 0; i < 2; i++) {
		at[i] = (struct sockaddr_in){ .sin_family = AF_INET,
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		pair[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		cr_assert_eq(bind(pair[i], (struct sockaddr *)&at[i], len), 0);
		cr_assert_eq(getsockname(pair[i], (struct sockaddr *)&at[i], &len), 0);
	}
	for (int i = 0; i < 2; i++)
		cr_assert_eq(connect(pair[i], (struct sockaddr *)&at[!i], len), 0);
}

/* Whoever sends faster than is read must not keep the prober from all others. */
Test(probes_packet, dns_does_not_read_a_flood_to_its_end)
{
	struct probe p = { .request.dns = { .name = ".", .qtype = 2, .rcodes = 1 } };
	const uint8_t noise[12] = { 0 };
	struct check_result r = { 0 };
	int pair[2];

	connect_pair(pair);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(send(pair[1], noise, sizeof(noise), 0), (ssize_t)sizeof(noise));
	p.fd = pair[0];
	cr_assert(check_dns.step(&p, &r));
	cr_expect_eq(r.code, HEALTH_L7RSP_CODE);
	cr_expect_str_eq(r.detail, "answers, but none to the question");
	close(pair[0]);
	close(pair[1]);
}

Test(probes_packet, dns_passes_by_the_code)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_DNS)->answer = answer_dns;
	world_add(&w, "::1", CONF_CHECK_DNS)->answer = answer_refused;
	world_add(&w, "127.0.0.1", CONF_CHECK_DNS)->answer = answer_another;
	world_add(&w, "127.0.0.1", CONF_CHECK_DNS)->answer = answer_nobody;
	w.backends[3].check.timeout_ms = 150;
	world_start(&w, prober_main);
	for (int i = 0; i < 4; i++)
		world_wait_probes(&w, i, 2);
	expect(0, HEALTH_OK_CODE, "dns NOERROR, answers: 0");
	expect(1, HEALTH_L7STS_CODE, "dns REFUSED, answers: 0");
	expect(2, HEALTH_L7RSP_CODE, "no answer to the question");
	expect(3, HEALTH_L7TOUT_CODE, "no complete answer within 150 ms");

	w.backends[1].check.rcodes = 1 << 5;
	world_configure(&w);
	world_wait_state(&w, 1, HEALTH_UP);
	server_close(&w.servers[0]);
	world_wait_state(&w, 0, HEALTH_DOWN);
	expect(0, HEALTH_L4CON_CODE, "connection refused");
}

/* --- icmp --------------------------------------------------------------------- */

static void need_raw_sockets(void)
{
	if (geteuid() != 0)
		cr_skip("raw sockets take CAP_NET_RAW: run as root");
}

Test(probes_packet, icmp_passes_by_an_echo)
{
	need_raw_sockets();
	world_add(&w, "127.0.0.1", CONF_CHECK_ICMP);
	world_add(&w, "::1", CONF_CHECK_ICMP);
	world_start(&w, prober_main);
	world_wait_probes(&w, 0, 3);
	world_wait_probes(&w, 1, 3);
	expect(0, HEALTH_OK_CODE, "echo reply");
	expect(1, HEALTH_OK_CODE, "echo reply");
	cr_expect_eq(world_status(&w, 0)->results[0], 0);
}

/* A network of our own, whose loopback is up and answers no pings. */
static void enter_silent_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, sysctl;

	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	sysctl = open("/proc/sys/net/ipv4/icmp_echo_ignore_all", O_WRONLY | O_CLOEXEC);
	cr_assert_eq(write(sysctl, "1", 1), 1);
	close(sysctl);
	close(fd);
}

Test(probes_packet, icmp_fails_without_one)
{
	need_raw_sockets();
	enter_silent_network();
	for (int i = 0; i < 2; i++)
		world_add(&w, "127.0.0.1", CONF_CHECK_ICMP);
	w.backends[0].check.timeout_ms = 150;
	memcpy(&w.backends[1].address.b[12], (uint8_t[]){ 192, 0, 2, 1 }, 4);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	world_wait_state(&w, 1, HEALTH_DOWN);
	expect(0, HEALTH_L3TOUT_CODE, "no echo reply within 150 ms");
	expect(1, HEALTH_L4CON_CODE, "network unreachable");
}

/* The loopback answers at once, whatever a prober that may not ask would say. */
static int unprivileged_prober(int socket_fd)
{
	return setresuid(65534, 65534, 65534) ?: prober_main(socket_fd);
}

Test(probes_packet, icmp_is_void_without_sockets)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_ICMP);
	world_start(&w, unprivileged_prober);
	world_wait_probes(&w, 0, 2);
	expect(0, HEALTH_SOCKERR_CODE, "no ICMP socket: it takes CAP_NET_RAW at the start");
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UNKNOWN);
}

/* A reply as it is received: an IPv4 header, and what was sent with another type. */
Test(probes_packet, echo_reads_only_its_own)
{
	const struct prober_echo e = { .fd = { -1, -1 }, .id = 0x1234, .key = 0x1122334455667788 };
	uint8_t packet[20 + 28] = { [0] = 0x45, [24] = 0x34, [25] = 0x12, [28] = 7 };
	struct prober_reply reply;
	const uint64_t serial = 99;

	memcpy(packet + 32, &e.key, 8);
	memcpy(packet + 40, &serial, 8);
	cr_assert(prober_echo_read(&e, ECHO_V4, packet, sizeof(packet), &reply));
	cr_expect_eq(reply.serial, 99);
	cr_expect_eq(reply.place, 7);
	for (size_t len = 0; len < sizeof(packet); len++)
		cr_expect_not(prober_echo_read(&e, ECHO_V4, packet, len, &reply), "%zu", len);
	for (size_t i = 20; i < 40; i++) {
		if (i == 22 || i == 23 || (i >= 26 && i < 32))
			continue; /* checksum, sequence and place are no marks of ours */
		packet[i] ^= 1;
		cr_expect_not(prober_echo_read(&e, ECHO_V4, packet, sizeof(packet), &reply),
			      "byte %zu", i);
		packet[i] ^= 1;
	}
	packet[20] = 129;
	cr_expect(prober_echo_read(&e, ECHO_V6, packet + 20, sizeof(packet) - 20, &reply));
	packet[0] = 0x4f; /* 60 bytes of header: more than there are */
	packet[20] = 0;
	cr_expect_not(prober_echo_read(&e, ECHO_V4, packet, sizeof(packet), &reply));
}
