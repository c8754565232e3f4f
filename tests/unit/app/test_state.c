/* SPDX-License-Identifier: BSD-2-Clause */
/* The state file: what is saved comes back; what is damaged is put aside. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/cleanup.h"
#include "base/clock.h"

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

static void json_freep(json_t **j)
{
	json_decref(*j);
}

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
	a.admin.drained_since_wall_s = 1700000000;
	cr_assert_eq(state_add_edit(&a, &(struct conf_edit){ "web", "c", "{ name: c }", false }),
		     0);
	cr_assert_eq(state_add_edit(&a, &(struct conf_edit){ "web", "a", NULL, false }), 0);
	before = plan_of(&f, &a);
	cr_assert_eq(state_save(&a, f.dir, f.conf, NULL, NULL), 0);

	cr_assert_eq(state_load(&b, f.dir), 0);
	cr_assert_not(b.is_fresh);
	cr_assert_arr_eq(a.hash_key, b.hash_key, sizeof(a.hash_key));
	cr_assert_eq(admin_find(&b.admin, "web", "b")->state, ADMIN_DRAIN);
	cr_assert_eq(state_retired(&b, "web")->packets, 7);
	cr_assert_eq(b.admin.drained_since_wall_s, 1700000000);
	cr_assert_eq(b.n_edits, 2);
	cr_assert_str_eq(b.edits[0].backend, "c");
	cr_assert_str_eq(b.edits[0].text, "{ name: c }");
	cr_assert_str_eq(b.edits[1].backend, "a");
	cr_assert_null(b.edits[1].text);
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

static void write_file(const struct fixture *f, const char *text_of_it)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/state.json", f->dir);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text_of_it, file);
	fclose(file);
}

Test(state, a_drain_and_its_end_come_back)
{
	const uint64_t now_ms = clock_now_ms(), now_s = clock_wall_s();
	struct fixture f;
	struct state a, b;
	struct admin_entry *e;
	const struct admin_entry *got;

	open_fixture(&f);
	cr_assert_eq(state_load(&a, f.dir), 0);
	e = admin_get(&a.admin, "web", "a");
	e->state = ADMIN_DRAIN;
	e->since_wall_s = now_s - 50;
	e->deadline_ms = now_ms + 100000;
	e = admin_get(&a.admin, "web", "b");
	e->state = ADMIN_MAINT;
	e->deadline_ms = 0;
	cr_assert_eq(state_save(&a, f.dir, f.conf, NULL, NULL), 0);
	cr_assert_eq(state_load(&b, f.dir), 0);
	got = admin_find(&b.admin, "web", "a");
	cr_assert_eq(got->since_wall_s, now_s - 50);
	cr_assert(got->deadline_ms + 3000 > now_ms + 100000, "%lu", got->deadline_ms - now_ms);
	cr_assert(got->deadline_ms < now_ms + 103000, "%lu", got->deadline_ms - now_ms);
	got = admin_find(&b.admin, "web", "b");
	cr_assert_eq(got->state, ADMIN_MAINT);
	cr_assert_eq(got->deadline_ms, 0);
	state_free(&a);
	state_free(&b);
	close_fixture(&f);
}

/* What passed while nobody ran has passed, and is not "no end". */
Test(state, an_end_in_the_past_is_one)
{
	const uint64_t now_s = clock_wall_s();

	cr_assert_gt(state_from_wall(now_s - 1), 0);
	cr_assert_leq(state_from_wall(now_s - 1), clock_now_ms());
	cr_assert_eq(state_from_wall(1), 1, "before the machine was started");
	cr_assert_geq(state_from_wall(now_s + 10), clock_now_ms() + 8000);
}

static void see_verdict(void *arg, const struct state_verdict *v)
{
	struct state_verdict *seen = arg;

	*seen = *v;
	seen->service = seen->backend = NULL;
}

/* As releases before drains had an end have written it. */
Test(state, an_older_file_is_read)
{
	static const char old[] =
		"{\"version\": 1, \"hash_key\": \"000102030405060708090a0b0c0d0e0f\", \"ids\": %s,"
		"\"admin\": [{\"service\": \"web\", \"backend\": \"a\", \"state\": \"drain\","
		"\"weight\": -1, \"weight_percent\": 50}], \"retired\": [], \"health\": ["
		"{\"service\": \"web\", \"backend\": \"a\", \"state\": \"down\", \"since\": "
		"1700000000}]}";
	_cleanup_(buf_free) struct buf ids = { 0 }, whole = { 0 };
	struct ids *none = ids_create();
	struct state_verdict seen = { 0 };
	const struct admin_entry *got;
	struct fixture f;
	struct state s;

	open_fixture(&f);
	cr_assert_eq(ids_save(none, &ids), 0);
	ids_free(none);
	buf_printf(&whole, old, buf_str(&ids));
	write_file(&f, buf_str(&whole));
	cr_assert_eq(state_load(&s, f.dir), 0);
	cr_assert_not(s.is_fresh, "put aside");
	got = admin_find(&s.admin, "web", "a");
	cr_assert_eq(got->state, ADMIN_DRAIN);
	cr_assert_eq(got->weight_percent, 50);
	cr_assert_eq(got->since_wall_s, 0);
	cr_assert_eq(got->deadline_ms, 0);
	cr_assert_eq(state_each_verdict(f.dir, see_verdict, &seen), 0);
	cr_assert_eq(seen.state, HEALTH_DOWN);
	cr_assert_eq(seen.since_wall_s, 1700000000);
	cr_assert_eq(seen.warming_wall_s, 0);
	state_free(&s);
	close_fixture(&f);
}

/* @boot_id: of the machine when it was written */
static enum health_state state_after(const struct fixture *f, const char *boot_id)
{
	_cleanup_(buf_free) struct buf whole = { 0 };
	struct state_verdict seen = { 0 };

	buf_printf(&whole,
		   "{\"version\": 1, \"boot_id\": \"%s\", \"health\": [{\"service\": \"web\","
		   "\"backend\": \"a\", \"state\": \"up\", \"since\": 1700000000,"
		   "\"warming\": 1700000001}]}",
		   boot_id);
	write_file(f, buf_str(&whole));
	cr_assert_eq(state_each_verdict(f->dir, see_verdict, &seen), 0);
	cr_expect_eq(seen.since_wall_s, 1700000000);
	cr_expect_eq(seen.warming_wall_s, 1700000001);
	return seen.state;
}

Test(state, a_verdict_does_not_outlast_a_boot)
{
	char boot_id[STATE_BOOT_ID];
	_cleanup_(json_freep) json_t *root = NULL;
	struct fixture f;
	struct state s;
	char path[96];

	state_boot_id(boot_id);
	cr_assert_eq(strlen(boot_id), 36, "%s", boot_id);
	open_fixture(&f);
	cr_expect_eq(state_after(&f, boot_id), HEALTH_UP);
	cr_expect_eq(state_after(&f, "00000000-0000-0000-0000-000000000000"), HEALTH_UNKNOWN);
	cr_expect_eq(state_after(&f, ""), HEALTH_UP, "nobody knows");
	remove_in(f.dir, "state.json");
	cr_assert_eq(state_load(&s, f.dir), 0);
	cr_assert_eq(state_save(&s, f.dir, f.conf, NULL, NULL), 0);
	snprintf(path, sizeof(path), "%s/state.json", f.dir);
	root = json_load_file(path, 0, NULL);
	cr_expect_str_eq(json_string_value(json_object_get(root, "boot_id")), boot_id);
	state_free(&s);
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
	cr_assert_eq(state_save(&s, f.dir, f.conf, NULL, NULL), 0);
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
