/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From former maps to these, so that no flow notices: what was in transition still
 * is, and what was pinned stays where it is. The former maps carry traffic until the
 * new program is attached; what they learn meanwhile is carried when that is done.
 * Between those two the new program may be asked for a flow that is still to come, and in
 * slots in transition would send it to the wrong backend, which resets it. To look into
 * both sets of maps would cost every later packet something. So of services whose flows the
 * former program may have learned of, it drops for that time what begins no flow and is of
 * none that it knows (SHUNT_SERVICE_HOLDS): milliseconds, and as long as further interfaces
 * take. A daemon that is killed amid that leaves it so for the next one, which begins anew.
 *
 * Nothing is carried before there is a plan, because by that alone a former backend
 * is found again (dataplane/former.h). If the hash key is another, every flow has
 * another slot and another line, and only counters are carried.
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "tables/listing.h"

void carry_from_pins(struct dataplane *dp)
{
	int other;

	if (!former_open(dp->pin_dir, &dp->former)) {
		dp->has_former = true;
		return;
	}
	other = pin_find_other(dp->pin_dir);
	if (other)
		log_warn("%s holds maps of another release, version %d: their slots and flows "
			 "cannot be taken over, and established connections may break; remove "
			 "%s/v%d when no program uses it",
			 dp->pin_dir, other, dp->pin_dir, other);
}

void dataplane_carry(const struct dataplane *from, struct dataplane *to)
{
	int err;

	former_close(take_ptr(&to->former));
	err = former_of(from, &to->former);
	if (err)
		log_err(err, "carry slots and flows to the new maps");
}

static bool is_same_key(const struct dataplane *dp)
{
	return !memcmp(former_hash_key(dp->former), dp->rodata.hash_key,
		       sizeof(dp->rodata.hash_key));
}

static void warn_of_joined_slots(const struct former *f, const struct plan *plan)
{
	size_t n = 0;

	array_for_each (t, plan->tables, plan->n_tables)
		n += former_table_slots(f, t) > t->slots;
	if (n)
		log_warn("%zu tables get fewer slots: flows whose slots are joined with others "
			 "break",
			 n);
}

void carry_begin(struct dataplane *dp, const struct plan *plan, uint64_t now_ms)
{
	struct former *f = dp->former;
	int err;

	if (!f || dp->carrying)
		return;
	err = former_translate(f, plan);
	if (err) {
		log_err(err, "carry slots and flows to the new maps");
		former_close(take_ptr(&dp->former));
		return;
	}
	dp->carrying = true;
	if (!is_same_key(dp)) {
		log_warn("another hash key: flows get other slots, established ones may break");
		former_lose_flows(f);
		return;
	}
	warn_of_joined_slots(f, plan);
	err = former_carry_flows(f, dp, now_ms);
	if (err)
		log_err(err, "carry flows to the new maps");
}

static void log_found(const struct former *f)
{
	const struct former_found found = former_found(f);

	log_info("from maps of version %d: %u of %u virtual services go on, and %u of the %u "
		 "backends of the config were known to them",
		 former_version(f), found.services, found.all_services, found.backends,
		 found.all_backends);
}

/* Their ports lie in spaces that the backends of the plan have been given. */
void carry_conns(struct dataplane *dp)
{
	int err;

	if (!dp->carrying || dp->carried_conns)
		return;
	dp->carried_conns = true;
	err = former_carry_conns(dp->former, dp);
	if (err)
		log_err(err, "carry connections to the new maps");
}

void carry_again(struct dataplane *dp, uint64_t now_ms)
{
	int err;

	if (!dp->carrying)
		return;
	err = former_carry_flows(dp->former, dp, now_ms) ?: former_carry_conns(dp->former, dp);
	if (err)
		log_err(err, "carry flows and connections to the new maps");
}

bool carry_holds(const struct dataplane *dp, const struct shunt_service_key *key)
{
	return dp->carrying && former_learns(dp->former, key);
}

void carry_release(struct dataplane *dp)
{
	listing_clear_flags(dp->services, dp->n_service_lines - 1, SHUNT_SERVICE_HOLDS);
}

void carry_end(struct dataplane *dp, uint64_t now_ms)
{
	struct former *f = dp->former;
	int err;

	if (dp->carrying) {
		err = former_carry_flows(f, dp, now_ms);
		carry_release(dp);
		err = err ?: former_carry_conns(f, dp) ?: former_carry_counters(f, dp);
		if (err)
			log_err(err, "carry the last flows, connections and counters to the new "
				     "maps");
		log_found(f);
	}
	former_close(take_ptr(&dp->former));
	dp->carrying = dp->carried_conns = false;
}
