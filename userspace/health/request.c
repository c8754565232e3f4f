/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "health/request.h"
#include "net/addr.h"

static int copy_text(char *out, size_t size, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= size)
		return -EINVAL;
	memcpy(out, text ?: "", len);
	return 0;
}

static int copy_bytes(uint8_t *out, size_t size, const uint8_t *bytes, size_t n)
{
	if (n > size)
		return -EINVAL;
	if (n)
		memcpy(out, bytes, n);
	return 0;
}

static int fill_http(struct prober_http *r, const struct conf_check *c)
{
	r->n_status = c->n_status;
	memcpy(r->status, c->status, sizeof(r->status));
	return copy_text(r->host, sizeof(r->host), c->host)
		       ?: copy_text(r->path, sizeof(r->path), c->path);
}

/*
 * The name without a port, which host may have, and without the final dot. An
 * address is no name to be asked for (RFC 6066, section 3).
 */
static int fill_sni(char *out, size_t size, const char *name)
{
	size_t len = strcspn(name, ":");
	struct shunt_addr unused;

	if (name[0] == '[' || !addr_parse(name, &unused))
		return 0;
	len -= len && name[len - 1] == '.';
	if (len >= size)
		return -EINVAL;
	memcpy(out, name, len);
	if (!addr_parse(out, &unused))
		memset(out, 0, size);
	return 0;
}

static int fill_tls(struct prober_tls *r, const struct conf_check *c, const struct trust_set *trust)
{
	r->trust = trust_place(trust, c);
	r->expires_days = c->expires_days;
	return fill_sni(r->sni, sizeof(r->sni), c->sni ?: c->host ?: "");
}

static int fill_dns(struct prober_dns *r, const struct conf_check *c)
{
	r->qtype = c->qtype;
	r->rcodes = c->rcodes;
	return copy_text(r->name, sizeof(r->name), c->name);
}

static int fill_udp(struct prober_udp *r, const struct conf_check *c)
{
	r->n_send = c->n_send;
	r->n_payload = c->n_payload;
	return copy_bytes(r->send, sizeof(r->send), c->send, c->n_send)
		       ?: copy_bytes(r->payload, sizeof(r->payload), c->payload, c->n_payload);
}

static int fill_mysql(struct prober_mysql *r, const struct conf_check *c)
{
	r->role = c->role;
	return copy_text(r->user, sizeof(r->user), c->user);
}

/* A word and its NUL. Return: where the next one goes, or NULL if there is no room. */
static char *add_word(struct prober_exec *r, char *at, const char *word)
{
	size_t room = r->words + sizeof(r->words) - at, len = strlen(word) + 1;

	if (len > room)
		return NULL;
	memcpy(at, word, len);
	r->n_words++;
	return at + len;
}

static int fill_exec(struct prober_exec *r, const struct conf_check *c)
{
	char *at = add_word(r, r->words, c->command);

	for (size_t i = 0; i < c->n_args && at; i++)
		at = add_word(r, at, c->args[i]);
	return at ? 0 : -EINVAL;
}

static int fill_kind(struct prober_request *r, const struct conf_check *c,
		     const struct trust_set *trust)
{
	switch (c->type) {
	case CONF_CHECK_HTTP:
		return fill_http(&r->http, c);
	case CONF_CHECK_HTTPS:
		return fill_tls(&r->tls, c, trust) ?: fill_http(&r->http, c);
	case CONF_CHECK_TLS:
		return fill_tls(&r->tls, c, trust);
	case CONF_CHECK_DNS:
		return fill_dns(&r->dns, c);
	case CONF_CHECK_UDP:
		return fill_udp(&r->udp, c);
	case CONF_CHECK_MYSQL:
		return fill_mysql(&r->mysql, c);
	case CONF_CHECK_EXEC:
		return fill_exec(&r->exec, c);
	default:
		return 0;
	}
}

int request_fill(struct prober_request *r, const char *service, const struct conf_backend *b,
		 const struct trust_set *trust)
{
	const struct conf_check *c = &b->check;

	memset(r, 0, sizeof(*r));
	r->addr = b->has_address ? b->address : b->address6;
	r->type = c->type;
	if (c->type == CONF_CHECK_NONE)
		return 0;
	r->timeout_ms = c->timeout_ms;
	r->port = c->type == CONF_CHECK_ICMP ? 0 : c->port;
	if (fill_kind(r, c, trust))
		return -EINVAL;
	if (c->type == CONF_CHECK_EXEC &&
	    (copy_text(r->exec.service, sizeof(r->exec.service), service) ||
	     copy_text(r->exec.backend, sizeof(r->exec.backend), b->name)))
		return -EINVAL;
	/* Any serial would do: the target has none while nothing is under way. */
	r->serial = 1;
	if (!prober_request_is_valid(r, sizeof(*r)))
		return -EINVAL;
	r->serial = 0;
	return 0;
}

int request_fill_via(struct prober_request *r, struct shunt_probe *via,
		     const struct conf_service *s, const struct conf_backend *b)
{
	const struct shunt_addr *vip = conf_via_vip(s, b);

	memset(via, 0, sizeof(*via));
	if (b->check.via != CONF_VIA_VIP || b->check.type == CONF_CHECK_NONE)
		return 0;
	if (!vip || conf_forward_is_nat(s->forward))
		return -EINVAL;
	r->via = PROBER_VIA_GIVEN;
	r->addr = addr_is_v4(vip) ? b->address : b->address6;
	via->vip = *vip;
	via->addr = r->addr;
	via->forward = s->forward;
	via->port = htons(s->gue_port);
	return 0;
}

/* The first line, without its end. */
int request_read_password(struct prober_request *r, const struct conf_check *c)
{
	_cleanup_close_ int fd = -1;
	char text[CONF_MAX_PASSWORD + 2];
	struct stat st;
	ssize_t n;

	if (c->type != CONF_CHECK_MYSQL || !c->password_file)
		return 0;
	fd = open(c->password_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	/* Anything else would be waited for. */
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	n = copy_text(r->mysql.password, sizeof(r->mysql.password), text);
	explicit_bzero(text, sizeof(text));
	return n;
}
