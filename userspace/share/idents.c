/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/idents.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "plan/features.h"

/* --- what makes it what it is ------------------------------------------------------------ */

/* Texts with their NULs, so that no two rows of them are alike. */
static void add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
}

static void add_leg(struct buf *b, const struct plan_leg *leg)
{
	const uint8_t forward = leg->forward;

	buf_add(b, &forward, sizeof(forward));
	buf_add(b, &leg->addr, sizeof(leg->addr));
	buf_add(b, &leg->port, sizeof(leg->port));
}

static int finish(struct buf *b, const uint8_t secret[SEAL_KEY], uint64_t *out)
{
	return b->failed ? -ENOMEM : seal_fingerprint(secret, b->data, b->len, out);
}

static int name_backend(const struct conf_service *s, const struct plan_backend *b,
			const uint8_t secret[SEAL_KEY], uint64_t *out)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	add_text(&text, "backend");
	add_text(&text, s->name);
	add_text(&text, s->backends[b->conf_backend].name);
	for (int f = 0; f < SHUNT_FAMILIES; f++)
		add_leg(&text, &b->leg[f]);
	return finish(&text, secret, out);
}

static int name_interface(const char *name, const uint8_t secret[SEAL_KEY], uint64_t *out)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	add_text(&text, "interface");
	add_text(&text, name);
	return finish(&text, secret, out);
}

static int name_key(const __u64 key[2], const uint8_t secret[SEAL_KEY], uint64_t *out)
{
	_cleanup_(buf_free) struct buf text = { 0 };

	add_text(&text, "flows");
	buf_add(&text, key, 2 * sizeof(*key));
	return finish(&text, secret, out);
}

/* --- all of them -------------------------------------------------------------------------- */

static int make_backend(const struct plan *plan, const struct conf *conf,
			const struct plan_backend *b, const uint8_t secret[SEAL_KEY],
			struct ident_backend *out)
{
	const struct conf_service *s = &conf->services[b->conf_service];
	const uint32_t flags = features_flags(s, IPPROTO_TCP);

	*out = (struct ident_backend){
		.id = b->id,
		.table = plan_table_of(plan, b->conf_service),
		.is_nat = conf_forward_is_nat(s->forward),
		.alive = b->alive,
		.tracked = flags & (SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_NAT),
		.affine = flags & SHUNT_SERVICE_AFFINITY,
	};
	out->base = out->table ? out->table->base : 0;
	out->counted = b->counted && !out->is_nat;
	return name_backend(s, b, secret, &out->name);
}

static int compare(const void *a, const void *b)
{
	const struct ident_backend *x = a, *y = b;

	return x->name < y->name ? -1 : x->name > y->name;
}

static int make_backends(const struct plan *plan, const struct conf *conf,
			 const uint8_t secret[SEAL_KEY], struct idents *out)
{
	const size_t n = plan->n_backends;
	int err = 0;

	out->by_name = calloc(n + 1, sizeof(*out->by_name));
	out->n_ids = n ? plan->backends[n - 1].id + 1 : 1;
	out->by_id = calloc(out->n_ids, sizeof(*out->by_id));
	if (!out->by_name || !out->by_id)
		return -ENOMEM;
	for (; out->n < n && !err; out->n++)
		err = make_backend(plan, conf, &plan->backends[out->n], secret,
				   &out->by_name[out->n]);
	if (err)
		return err;
	qsort(out->by_name, n, sizeof(*out->by_name), compare);
	for (size_t i = 0; i < n; i++)
		out->by_id[out->by_name[i].id] = i + 1;
	return 0;
}

static void read_mac(int fd, const char *name, uint8_t out[6])
{
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	if (!ioctl(fd, SIOCGIFHWADDR, &ifr))
		memcpy(out, ifr.ifr_hwaddr.sa_data, 6);
}

static int make_interfaces(const struct conf *conf, const uint8_t secret[SEAL_KEY],
			   struct idents *out)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 ? -errno : 0;

	out->interfaces = calloc(conf->n_interfaces + 1, sizeof(*out->interfaces));
	if (!out->interfaces)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_interfaces && !err; i++) {
		struct ident_interface *at = &out->interfaces[out->n_interfaces++];

		at->ifindex = if_nametoindex(conf->interfaces[i].name);
		read_mac(fd, conf->interfaces[i].name, at->mac);
		err = name_interface(conf->interfaces[i].name, secret, &at->name);
	}
	return err;
}

int idents_make(const struct plan *plan, const struct conf *conf, const uint8_t secret[SEAL_KEY],
		struct idents *out)
{
	struct idents new = { 0 };
	int err = make_backends(plan, conf, secret, &new) ?: make_interfaces(conf, secret, &new)
		  ?: name_key(plan->rodata.hash_key, secret, &new.flow_key);

	if (err) {
		idents_free(&new);
		return err;
	}
	*out = new;
	return 0;
}

void idents_free(struct idents *idents)
{
	free(idents->by_name);
	free(idents->by_id);
	free(idents->interfaces);
	*idents = (struct idents){ 0 };
}

/* --- found ------------------------------------------------------------------------------------ */

const struct ident_backend *idents_by_id(const struct idents *idents, uint32_t id)
{
	const uint32_t i = id < idents->n_ids ? idents->by_id[id] : 0;

	return i ? &idents->by_name[i - 1] : NULL;
}

const struct ident_backend *idents_find(const struct idents *idents, uint64_t name)
{
	const struct ident_backend key = { .name = name };

	return idents->n ? bsearch(&key, idents->by_name, idents->n, sizeof(key), compare) : NULL;
}

const struct ident_interface *idents_interface_by_index(const struct idents *idents, int ifindex)
{
	array_for_each (i, idents->interfaces, idents->n_interfaces)
		if (i->ifindex == ifindex)
			return i;
	return idents->n_interfaces ? idents->interfaces : NULL;
}

const struct ident_interface *idents_find_interface(const struct idents *idents, uint64_t name)
{
	array_for_each (i, idents->interfaces, idents->n_interfaces)
		if (i->name == name)
			return i;
	return idents->n_interfaces ? idents->interfaces : NULL;
}
