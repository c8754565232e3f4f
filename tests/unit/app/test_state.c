/* SPDX-License-Identifier: BSD-2-Clause */
/* The state file: what is saved comes back; what is damaged is put aside. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/cleanup.h"

static const char text[] = "version: 1\n"
			   "interfaces: { eth0: {} }\n"
			   "services:\n"
			   "  web:\n"
			   "    vip: 192.0.2.80\n"
			   "    ports: 80/tcp\n"
			   "    check: { type: none }\n"
			   "    backends:\n"
			   "      - { name: a, address: 192.0.2.1 }\n"
			   "      - { name: b, address: 192.0.2.2 }\n";

struct fixture {
	char dir[64];
	struct conf *conf;
	struct health *health;
};

static void open_fixture(struct fixture *f)
{
	_cleanup_(buf_free) struct buf errors = { 0 };

	snprintf(f->dir, sizeof(f->dir), "/tmp/shunt-state-XXXXXX");
	cr_assert_not_null(mkdtemp(f->dir));
	cr_assert_eq(conf_parse("test", text, sizeof(text) - 1, &errors, &f->conf), 0, "%s",
		     buf_str(&errors));
	f->health = NULL;
}

static void remove_in(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static void close_fixture(struct fixture *f)
{
	remove_in(f->dir, "state.json");
	remove_in(f->dir, "state.json.bad");
	remove_in(f->dir, "lock");
	rmdir(f->dir);
	conf_free(f->conf);
}

static struct plan *plan_of(const struct fixture *f, struct state *s)
{
	struct plan *plan;

	cr_assert_eq(plan_build(f->conf, &s->admin, s->ids, NULL, NULL, &plan), 0);
	return plan;
}

Test(state, first_start_makes_a_key)
{
	struct fixture f;
	struct state a, b;

	open_fixture(&f);
	cr_assert_eq(state_load(&a, f.dir), 0);
	cr_assert_eq(state_load(&b, f.dir), 0);
	cr_assert(a.is_fresh);
	cr_assert_neq(memcmp(a.hash_key, b.hash_key, sizeof(a.hash_key)), 0);
	state_free(&a);
	state_free(&b);
	close_fixture(&f);
}

Test(state, what_is_saved_comes_back)
{
	struct fixture f;
	struct state a, b;
	struct admin_entry *e;
	struct plan *before, *after;

	open_fixture(&f);
	cr_assert_eq(state_load(&a, f.dir), 0);
	e = admin_get(&a.admin, "web", "b");
	e->state = ADMIN_DRAIN;
	state_retired(&a, "web")->packets = 7;
	before = plan_of(&f, &a);
	cr_assert_eq(state_save(&a, f.dir, f.conf, NULL), 0);

	cr_assert_eq(state_load(&b, f.dir), 0);
	cr_assert_not(b.is_fresh);
	cr_assert_arr_eq(a.hash_key, b.hash_key, sizeof(a.hash_key));
	cr_assert_eq(admin_find(&b.admin, "web", "b")->state, ADMIN_DRAIN);
	cr_assert_eq(state_retired(&b, "web")->packets, 7);
	after = plan_of(&f, &b);
	cr_assert_eq(before->n_backends, after->n_backends);
	for (size_t i = 0; i < before->n_backends; i++)
		cr_assert_eq(before->backends[i].id, after->backends[i].id);
	plan_free(before);
	plan_free(after);
	state_free(&a);
	state_free(&b);
	close_fixture(&f);
}

/* However a file is cut, the daemon starts, and the evidence is kept. */
Test(state, a_damaged_file_is_put_aside)
{
	struct fixture f;
	struct state s;
	char path[96], bad[128], whole[65536];
	size_t len;
	FILE *file;

	log_level_set(LOG_LEVEL_ERROR);
	open_fixture(&f);
	snprintf(path, sizeof(path), "%s/state.json", f.dir);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	cr_assert_eq(state_load(&s, f.dir), 0);
	plan_free(plan_of(&f, &s));
	cr_assert_eq(state_save(&s, f.dir, f.conf, NULL), 0);
	state_free(&s);
	file = fopen(path, "r");
	len = fread(whole, 1, sizeof(whole), file);
	fclose(file);
	for (size_t cut = 0; cut < len; cut += 13) {
		file = fopen(path, "w");
		fwrite(whole, 1, cut, file);
		fclose(file);
		cr_assert_eq(state_load(&s, f.dir), 0);
		cr_assert(s.is_fresh, "cut at %zu", cut);
		cr_assert_eq(access(bad, F_OK), 0);
		state_free(&s);
	}
	close_fixture(&f);
}

Test(state, second_daemon_finds_the_lock)
{
	struct fixture f;
	int first = -1, second = -1;

	open_fixture(&f);
	cr_assert_eq(state_lock(f.dir, &first), 0);
	cr_assert_eq(state_lock(f.dir, &second), -EADDRINUSE);
	close(first);
	cr_assert_eq(state_lock(f.dir, &second), 0);
	close(second);
	close_fixture(&f);
}

Test(state, a_fleet_key_of_the_config_wins)
{
	struct fixture f;
	struct state s;
	__u64 made[2], given[2];

	open_fixture(&f);
	cr_assert_eq(state_load(&s, f.dir), 0);
	state_hash_key(&s, f.conf, made);
	f.conf->hash_key = "000102030405060708090a0b0c0d0e0f";
	state_hash_key(&s, f.conf, given);
	cr_assert_arr_eq(made, s.hash_key, sizeof(made));
	cr_assert_eq(((const unsigned char *)given)[15], 0x0f);
	state_free(&s);
	close_fixture(&f);
}
