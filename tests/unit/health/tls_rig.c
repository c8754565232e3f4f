/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/addr.h"
#include "tls_rig.h"

#define PEM_ROOM 8192

static struct pki make_ca(const char *name)
{
	return pki_make(&(struct pki_wish){
		.common_name = name, .is_ca = true, .from_s = -PKI_DAY, .to_s = 999 * PKI_DAY });
}

void tls_rig_open(struct tls_rig *g)
{
	*g = (struct tls_rig){ .root = make_ca("root"), .stranger = make_ca("stranger") };
	cr_assert_eq(tls_client_init(&g->client), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, g->ends),
		     0);
}

void tls_rig_close(struct tls_rig *g)
{
	tls_close(g->tls);
	SSL_free(g->server);
	tls_client_free(&g->client);
	pki_free(&g->root);
	pki_free(&g->stranger);
	for (int i = 0; i < 2; i++) {
		if (g->ends[i] >= 0)
			close(g->ends[i]);
	}
}

struct pki tls_rig_make(const char *names, long from_s, long to_s, const struct pki *issuer)
{
	return pki_make(&(struct pki_wish){ .issuer = issuer,
					    .common_name = "server",
					    .names = names,
					    .from_s = from_s,
					    .to_s = to_s });
}

int tls_rig_trust(struct tls_rig *g, const struct pki *p, uint32_t place)
{
	char pem[PEM_ROOM] = "";
	size_t len = pki_print(p, pem, sizeof(pem));

	return tls_client_trust(&g->client, place, pem, len);
}

void tls_rig_serve(struct tls_rig *g, const struct pki *p, const struct pki *chain)
{
	SSL_CTX *ctx = pki_server(p, chain);

	g->server = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_accept_state(g->server);
	SSL_set_fd(g->server, g->ends[1]);
}

void tls_rig_begin(struct tls_rig *g, const char *name, const char *address, uint32_t place)
{
	struct shunt_addr addr;

	cr_assert_eq(addr_parse(address, &addr), 0);
	cr_assert_eq(tls_open(&g->client, g->ends[0], place, &g->tls), 0);
	cr_assert_eq(tls_expect(g->tls, name, &addr), 0);
}

int tls_rig_shake(struct tls_rig *g)
{
	int err;

	for (int i = 0; i < 20; i++) {
		err = tls_handshake(g->tls);
		if (err != -EAGAIN)
			return err;
		SSL_do_handshake(g->server);
	}
	return -EAGAIN;
}

const char *tls_rig_judge(struct tls_rig *g, struct pki cert, const char *name, const char *address)
{
	cr_assert_eq(tls_rig_trust(g, &g->root, 1), 0);
	tls_rig_serve(g, &cert, NULL);
	tls_rig_begin(g, name, address, 1);
	cr_assert_eq(tls_rig_shake(g), 0, "%s", tls_error(g->tls));
	if (tls_judge(g->tls, clock_wall_s(), g->why))
		g->why[0] = '\0';
	pki_free(&cert);
	return g->why;
}
